"""NodeUnschedulable: a cordoned node takes only pods that tolerate the cordon.

Upstream: `plugins/nodeunschedulable/node_unschedulable.go`, "node(s) were unschedulable".
"""

from functools import partial
from typing import Final

from restow.cluster.objects import Node, Pod, Taint
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope
from restow.rules.tolerations import tolerates

CORDON: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
"""The taint that stands for `spec.unschedulable`, whether the node carries it yet or not."""

UNSCHEDULABLE: Final = "node(s) were unschedulable"


def prepare(pod: Pod, _board: Board) -> Prepared | None:
    """Return what cordons say; nothing to a pod that tolerates them."""
    return None if tolerates(pod.tolerations, CORDON) else Prepared(refuse=partial(refuse, pod))


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return why `pod` may not sit on `node`, or None if it is not cordoned for it."""
    if not node.unschedulable or tolerates(pod.tolerations, CORDON):
        return None
    return Refusal(Reason.NODE_UNSCHEDULABLE, "cordoned", (UNSCHEDULABLE,))


RULE: Final = Rule(plugin="NodeUnschedulable", scope=Scope.LOCAL, prepare=prepare)
