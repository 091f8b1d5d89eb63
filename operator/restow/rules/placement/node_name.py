"""NodeName: a pod that names its node sits there or nowhere.

Upstream: `plugins/nodename/node_name.go`, "node(s) didn't match the requested node name".
"""

from functools import partial
from typing import Final

from restow.cluster.objects import Node, Phase, Pod
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope

MISMATCH: Final = "node(s) didn't match the requested node name"


def prepare(pod: Pod, _board: Board) -> Prepared | None:
    """Return what the name says; kube-scheduler asks no other node at all."""
    name = named(pod)
    return None if name is None else Prepared(refuse=partial(refuse, pod), only=frozenset({name}))


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return why `pod` may not sit on `node`, or None if it names no other."""
    name = named(pod)
    if name is None or name == node.name:
        return None
    return Refusal(Reason.NODE_NAME_MISMATCH, f"the pod names another node, {name}", (MISMATCH,))


def named(pod: Pod) -> NodeName | None:
    """Return the node that `pod` insists on, or None.

    Once a pod runs, `spec.nodeName` only tells where it was put, and its replacement does not
    inherit it; so the name holds for a pod that has not started.
    """
    return pod.node if pod.phase is Phase.PENDING else None


RULE: Final = Rule(plugin="NodeName", scope=Scope.LOCAL, prepare=prepare)
