"""PodTopologySpread: the pods a constraint selects stay evenly spread over topologies.

Upstream: `plugins/podtopologyspread/filtering.go` and `common.go`. Judged per constraint, in
order: `pods in the node's topology + the pod, if it counts - the least over the eligible
topologies <= maxSkew`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from restow.cluster.objects import Node, NodeSelectorTerm, Pod, Toleration
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Selection, SpreadConstraint
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName
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
    spreads = [_spread(pod, constraint, board) for constraint in pod.spread]

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


class Sight(NamedTuple):
    """What decides which nodes count for a constraint: equal ones see the same nodes.

    Parameters
    ----------
    key
        The topology key.
    keys
        Those of all constraints of the pod, sorted: a node without one of them does not count.
    node_selector, node_affinity
        Empty and None unless nodeAffinityPolicy honours them.
    tolerations
        None unless nodeTaintsPolicy honours taints.
    """

    key: str
    keys: tuple[str, ...]
    node_selector: Labels
    node_affinity: tuple[NodeSelectorTerm, ...] | None
    tolerations: frozenset[Toleration] | None


def sight_of(pod: Pod, constraint: SpreadConstraint) -> Sight:
    """Return what decides which nodes count for a constraint of `pod`."""
    affinity = constraint.honor_affinity
    return Sight(
        key=constraint.topology_key,
        keys=tuple(sorted({each.topology_key for each in pod.spread})),
        node_selector=pod.node_selector if affinity else NO_LABELS,
        node_affinity=pod.node_affinity if affinity else None,
        tolerations=frozenset(pod.tolerations) if constraint.honor_taints else None,
    )


def eligible(pod: Pod, constraint: SpreadConstraint, snapshot: Snapshot) -> Mapping[NodeName, str]:
    """Return the nodes whose pods count, and in which topology each is."""
    return snapshot.derived(_Eligible, "nodes").of(pod, constraint)


def _values(pod: Pod, constraint: SpreadConstraint, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the topologies that have nodes whose pods count."""
    return snapshot.derived(_Eligible, "nodes").values(pod, constraint)


class _Eligible:
    """The nodes that count, once per sight."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._nodes = snapshot.nodes
        self._found: dict[Sight, Mapping[NodeName, str]] = {}
        self._values: dict[Sight, tuple[str, ...]] = {}

    def of(self, pod: Pod, constraint: SpreadConstraint) -> Mapping[NodeName, str]:
        sight = sight_of(pod, constraint)
        if sight not in self._found:
            self._found[sight] = {
                name: node.labels[sight.key]
                for name, node in self._nodes.items()
                if all(key in node.labels for key in sight.keys) and _counts(pod, constraint, node)
            }
        return self._found[sight]

    def values(self, pod: Pod, constraint: SpreadConstraint) -> tuple[str, ...]:
        sight = sight_of(pod, constraint)
        if sight not in self._values:
            self._values[sight] = tuple(dict.fromkeys(self.of(pod, constraint).values()))
        return self._values[sight]


def _counts(pod: Pod, constraint: SpreadConstraint, node: Node) -> bool:
    """Tell whether nodeAffinityPolicy and nodeTaintsPolicy let the node's pods count."""
    if constraint.honor_affinity and not admits(pod, node):
        return False
    return not (constraint.honor_taints and untolerated(pod, node) is not None)


def _spread(pod: Pod, constraint: SpreadConstraint, board: Board) -> _Spread:
    topology_of = eligible(pod, constraint, board.snapshot)
    per_topology = dict.fromkeys(_values(pod, constraint, board.snapshot), 0)
    for name, count in counted(pod, constraint, board).items():
        if name in topology_of:
            per_topology[topology_of[name]] += count
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
