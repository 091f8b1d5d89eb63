"""Whether a pod fits on a node at this moment, as kube-scheduler and kubelet would see it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from restow.cluster.objects import Pod
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules import leaving
from restow.rules.board import Board
from restow.rules.registry import ADMITTING
from restow.rules.rule import Rule
from restow.rules.survey import Nominated, Survey


@contextmanager
def without(board: Board, pods: Iterable[Pod]) -> Iterator[Board]:
    """Take the pods that sit on the board off it for a while."""
    gone = [(pod, node) for pod in pods if (node := board.node_of(pod.uid)) is not None]
    for pod, _ in gone:
        board.take(pod.uid)
    try:
        yield board
    finally:
        for pod, node in gone:
            board.put(pod, node)


def why_no_room(
    board: Board,
    pod: Pod,
    node: NodeName,
    nominated: Nominated | None = None,
    *,
    rules: Sequence[Rule] = ADMITTING,
) -> Refusal | None:
    """Return why `pod` does not fit beside the bound and the nominated pods, or None.

    `nominated` are those of the snapshot if it is None.
    """
    held = board.snapshot.nominated if nominated is None else nominated
    with without(board, [pod]):
        return Survey.of(pod, board, rules=rules, nominated=held).refusal(node)


def has_room(board: Board, pod: Pod, node: NodeName, nominated: Nominated | None = None) -> bool:
    """Whether `pod` may be bound to `node` now: every rule says yes, and the node stays."""
    there = board.nodes.get(node)
    if there is None or leaving.of(there) is not None:
        return False
    return why_no_room(board, pod, node, nominated) is None
