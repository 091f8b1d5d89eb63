"""PodTopologySpread: the pods a constraint selects stay evenly spread over topologies.

Upstream: `plugins/podtopologyspread/filtering.go` and `common.go`. Judged per constraint, in
order: `pods in the node's topology + the pod, if it counts - the least over the eligible
topologies <= maxSkew`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.selectors import matches
from restow.cluster.terms import Selection, SpreadConstraint
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board, Counts
from restow.rules.node_selection import admits
from restow.rules.rule import Prepared, Rule, Scope
from restow.rules.tolerations import untolerated

SKEWED: Final = "node(s) didn't match pod topology spread constraints"
NO_LABEL: Final = f"{SKEWED} (missing required label)"


@dataclass(frozen=True, slots=True)
class _Spread:
    """A constraint and its state.

    `per_topology` counts the selected pods on the eligible nodes; `least` is the least of it, 0
    while there are fewer topologies than minDomains. `own` is 1 if the pod counts itself.
    """

    constraint: SpreadConstraint
    per_topology: dict[str, int]
    least: int
    own: int


def prepare(pod: Pod, board: Board) -> Prepared | None:
    """Return what the pod's constraints say of each topology; nothing to a pod without any."""
    if not pod.spread:
        return None
    keys = [constraint.topology_key for constraint in pod.spread]
    labelled = [node for node in board.nodes.values() if all(key in node.labels for key in keys)]
    spreads = [_spread(pod, constraint, board, labelled) for constraint in pod.spread]

    def judge(node: Node) -> Refusal | None:
        return next((no for each in spreads if (no := _refuse(each, node)) is not None), None)

    return Prepared(refuse=judge)


def counted(pod: Pod, constraint: SpreadConstraint, board: Board) -> Counts:
    """Return how many pods the constraint of `pod` selects on each node.

    Pods that are being deleted do not count. An empty selector counts nobody in place
    (`countPodsMatchSelector`), though it takes in the pod itself and pods that are only nominated
    (`updateWithPod`): those on the board that are bound nowhere.
    """
    if constraint.selector is not None and not constraint.selector.requirements:
        return _unbound(pod.key.namespace, board)
    own = Selection(selector=constraint.selector, namespaces=frozenset({pod.key.namespace}))
    return board.meant((own,), leaving=False)


def _unbound(namespace: str, board: Board) -> Counts:
    counts: Counts = {}
    for name in board.nodes:
        found = [
            other
            for other in board.pods(name)
            if other.node is None and other.key.namespace == namespace
        ]
        if found:
            counts[name] = len(found)
    return counts


def counts_itself(pod: Pod, constraint: SpreadConstraint) -> bool:
    """Return whether the pod is one of those that its constraint selects."""
    return constraint.selector is not None and matches(constraint.selector, pod.labels)


def is_eligible(pod: Pod, constraint: SpreadConstraint, node: Node) -> bool:
    """Return whether the node's pods count: what nodeAffinityPolicy and nodeTaintsPolicy ask.

    That it has the labels of all constraints is asked apart.
    """
    if constraint.honor_affinity and not admits(pod, node):
        return False
    return not (constraint.honor_taints and untolerated(pod, node) is not None)


def _spread(
    pod: Pod, constraint: SpreadConstraint, board: Board, labelled: Sequence[Node]
) -> _Spread:
    on_node = counted(pod, constraint, board)
    per_topology: dict[str, int] = {}
    for node in labelled:
        if is_eligible(pod, constraint, node):
            value = node.labels[constraint.topology_key]
            per_topology[value] = per_topology.get(value, 0) + on_node.get(node.name, 0)
    enough = len(per_topology) >= (constraint.min_domains or 1)
    return _Spread(
        constraint,
        per_topology,
        min(per_topology.values()) if enough else 0,
        int(counts_itself(pod, constraint)),
    )


def _refuse(spread: _Spread, node: Node) -> Refusal | None:
    key = spread.constraint.topology_key
    value = node.labels.get(key)
    if value is None:
        return Refusal(
            Reason.SPREAD_LABEL_MISSING,
            f"label {key} of the pod's topology spread constraint is missing",
            (NO_LABEL,),
        )
    skew = spread.per_topology.get(value, 0) + spread.own - spread.least
    if skew <= spread.constraint.max_skew:
        return None
    return Refusal(
        Reason.SPREAD_SKEWED,
        f"the pod would skew its spread over {key} to {skew}, {spread.constraint.max_skew} is "
        "allowed",
        (SKEWED,),
    )


RULE: Final = Rule(plugin="PodTopologySpread", scope=Scope.RELATIONAL, prepare=prepare)
