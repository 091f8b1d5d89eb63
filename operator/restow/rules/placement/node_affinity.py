"""NodeAffinity: the pod's nodeSelector and its required node affinity.

Upstream: `plugins/nodeaffinity/node_affinity.go`, "node(s) didn't match Pod's node
affinity/selector", and what the profile of its scheduler adds, "node(s) didn't match
scheduler-enforced node affinity". Preferred terms are scores and no rule.
"""

from typing import Final

from restow.cluster.objects import Node, NodeSelectorTerm, Pod
from restow.cluster.terms import Operator
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.node_selection import takes
from restow.rules.rule import Prepared, Rule, Scope

MISMATCH: Final = "node(s) didn't match Pod's node affinity/selector"
ENFORCED: Final = "node(s) didn't match scheduler-enforced node affinity"
CONFLICT: Final = "pod affinity terms conflict"


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what selector and affinity say; the pod's own terms may name the nodes outright."""
    added = board.snapshot.added_affinity.get(pod.scheduler_name)
    if pod.node_affinity is None and not pod.node_selector and added is None:
        return None
    only = _named(pod.node_affinity or ())
    if only is not None and not only:
        message = "every term of the pod's required node affinity names different nodes at once"
        return Refusal(Reason.NODE_AFFINITY_MISMATCH, message, (CONFLICT,))

    def judge(node: Node) -> Refusal | None:
        return (None if added is None else _enforced(pod, added, node)) or refuse(pod, node)

    return Prepared(refuse=judge, only=only)


def _enforced(pod: Pod, added: tuple[NodeSelectorTerm, ...], node: Node) -> Refusal | None:
    if takes(added, node):
        return None
    message = f"the affinity that the profile of scheduler {pod.scheduler_name} adds does not match"
    return Refusal(Reason.NODE_AFFINITY_MISMATCH, message, (ENFORCED,))


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return why `pod` may not sit on `node`, or None if its own selector and affinity take it."""
    for key, value in pod.node_selector.items():
        if node.labels.get(key) != value:
            return Refusal(
                Reason.NODE_AFFINITY_MISMATCH,
                f"label {key}={value} of the pod's nodeSelector is missing",
                (MISMATCH,),
            )
    if pod.node_affinity is None or takes(pod.node_affinity, node):
        return None
    return Refusal(
        Reason.NODE_AFFINITY_MISMATCH,
        "no term of the pod's required node affinity matches",
        (MISMATCH,),
    )


def _named(terms: tuple[NodeSelectorTerm, ...]) -> frozenset[NodeName] | None:
    """Return the nodes that the terms name by `metadata.name`, None if one leaves that open."""
    names: frozenset[NodeName] = frozenset()
    for term in terms:
        sets = [
            frozenset(NodeName(value) for value in each.values)
            for each in term.fields
            if each.key == "metadata.name" and each.operator is Operator.IN
        ]
        if not sets:
            return None
        names |= sets[0].intersection(*sets[1:])
    return names if terms else None


RULE: Final = Rule(plugin="NodeAffinity", scope=Scope.LOCAL, prepare=prepare)
