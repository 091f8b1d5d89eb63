"""Whom kube-scheduler preempts for a pod, without its choice among nodes.

Upstream: `pkg/scheduler/framework/preemption/preemption.go`. Budgets are not asked: upstream passes
over them where nothing else helps.
"""

from restow.cluster.objects import Pod
from restow.core.ids import NodeName
from restow.planning.room import takes, without
from restow.rules.board import Board


def opens(board: Board, pod: Pod, node: NodeName) -> bool:
    """Whether the node takes the pod once all lower priorities there are gone."""
    below = _below(board, pod, node)
    if all(other.deleting for other in below):
        return False
    with without(board, below) as left:
        return takes(left, pod, node)


def victims(board: Board, pod: Pod, node: NodeName) -> list[Pod]:
    """Return those that have to go, the most important ones spared first."""
    below = _below(board, pod, node)
    spared: list[Pod] = []
    for other in sorted(below, key=lambda each: (-each.priority, each.key)):
        gone = [each for each in below if each not in spared and each is not other]
        with without(board, gone) as left:
            if takes(left, pod, node):
                spared.append(other)
    return [each for each in below if each not in spared and not each.deleting]


def _below(board: Board, pod: Pod, node: NodeName) -> list[Pod]:
    return [other for other in board.pods(node) if other.priority < pod.priority]
