"""The rules that depend on a pod and a node alone, for thousands of pods by thousands of nodes.

A set of nodes is an integer, one bit per node, and every part of a rule (one label requirement,
one set of tolerations) is asked once per distinct value of what it looks at. The answers are those
of asking `rules.registry.RULES` pair by pair.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, compress
from operator import or_
from typing import Final, NamedTuple, TypeVar

from restow.cluster.objects import Node, NodeSelectorTerm, Pod, Taint, Toleration
from restow.cluster.terms import Operator
from restow.core.frozen import Amounts, Labels
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Refusal
from restow.rules.board import Board
from restow.rules.node_selection import takes
from restow.rules.placement import (
    node_affinity,
    node_declared_features,
    node_name,
    node_unschedulable,
    taints,
)
from restow.rules.registry import RULES
from restow.rules.rule import Scope
from restow.rules.tolerations import tolerates, untolerated

_BY_METADATA: Final = (
    node_name.RULE,
    node_unschedulable.RULE,
    taints.RULE,
    node_affinity.RULE,
    node_declared_features.RULE,
)
_BY_BOARD: Final = tuple(
    rule for rule in RULES if rule.scope is Scope.LOCAL and rule not in _BY_METADATA
)

NodeSet = int
"""Bit i is node i."""

_K = TypeVar("_K", bound=Hashable)

_COMPARING: Final = frozenset({Operator.GT, Operator.LT})
_BITS: Final = bytes.maketrans(b"01", b"\0\1")


class PlacementKey(NamedTuple):
    """What of a pod the rules on a node's metadata look at; equal keys have equal answers."""

    node_selector: Labels
    node_affinity: tuple[NodeSelectorTerm, ...] | None
    tolerations: frozenset[Toleration]
    named: NodeName | None
    scheduler: str
    needed_features: frozenset[str]


def placement_key(pod: Pod) -> PlacementKey:
    """Return what of `pod` decides which nodes' metadata admit it; hashable."""
    return PlacementKey(
        pod.node_selector,
        pod.node_affinity,
        frozenset(pod.tolerations),
        node_name.named(pod),
        pod.scheduler_name,
        pod.needed_features,
    )


def feasible(
    pods: Iterable[Pod], nodes: Sequence[Node], board: Board, *, fitting: bool = False
) -> dict[ObjectKey, tuple[NodeName, ...]]:
    """Return per pod those of `nodes` that no local rule refuses, in the order of `nodes`.

    Pods that ask alike share one tuple. With `fitting` their requests must fit into what is free
    on the board as well.
    """
    roster = _Roster(nodes, board)
    answers: dict[NodeSet, tuple[NodeName, ...]] = {}
    result: dict[ObjectKey, tuple[NodeName, ...]] = {}
    for pod in pods:
        admitting = roster.admitting(pod)
        if fitting:
            admitting &= roster.holding(pod.requests)
        if admitting not in answers:
            answers[admitting] = roster.names(admitting)
        result[pod.key] = answers[admitting]
    return result


class _Roster:
    """Nodes, and what is known already of which of them pass a part of a rule."""

    def __init__(self, nodes: Sequence[Node], board: Board) -> None:
        self._nodes = tuple(nodes)
        self._names = tuple(node.name for node in nodes)
        self._board = board
        self._all: NodeSet = (1 << len(nodes)) - 1
        self._labels: dict[str, dict[str | None, NodeSet]] = {}
        self._room: dict[str, tuple[list[int], list[NodeSet]]] = {}
        self._admitting: dict[PlacementKey, NodeSet] = {}
        self._tolerable: dict[frozenset[Toleration], NodeSet] = {}
        self._taking: dict[NodeSelectorTerm, NodeSet] = {}

    @cached_property
    def _by_name(self) -> Mapping[str | None, NodeSet]:
        return {name: 1 << index for index, name in enumerate(self._names)}

    @cached_property
    def _taints(self) -> Mapping[tuple[Taint, ...], NodeSet]:
        return self._by(lambda node: node.taints)

    @cached_property
    def _features(self) -> Mapping[frozenset[str], NodeSet]:
        return self._by(lambda node: node.declared_features)

    @cached_property
    def _cordoned(self) -> NodeSet:
        return self._by(lambda node: node.unschedulable).get(True, 0)

    def admitting(self, pod: Pod) -> NodeSet:
        """Return the nodes that no local rule refuses."""
        key = placement_key(pod)
        if key not in self._admitting:
            self._admitting[key] = self._by_metadata(pod, key)
        return self._by_objects(pod, self._admitting[key])

    def holding(self, requests: Amounts) -> NodeSet:
        """Return the nodes with room for the requests."""
        found = self._all
        for name, amount in requests.items():
            amounts, at_least = self._room_of(name)
            found &= at_least[bisect_left(amounts, amount)]
        return found

    def names(self, nodes: NodeSet) -> tuple[NodeName, ...]:
        """Return the names of the nodes in the set."""
        digits = format(nodes, f"0{len(self._names)}b").encode().translate(_BITS)
        return tuple(compress(self._names, reversed(digits)))

    def _by_metadata(self, pod: Pod, key: PlacementKey) -> NodeSet:
        if key.tolerations not in self._tolerable:
            self._tolerable[key.tolerations] = self._by_taints(pod)
        found = self._tolerable[key.tolerations]
        for name, value in pod.node_selector.items():
            found &= self._labelled(name).get(value, 0)
        if pod.node_affinity is not None:
            found &= self._any_of(self._by_term(term) for term in pod.node_affinity)
        added = self._board.snapshot.added_affinity.get(key.scheduler)
        if added is not None:
            found &= self._any_of(self._by_term(term) for term in added)
        if key.named is not None:
            found &= self._by_name.get(key.named, 0)
        if key.needed_features:
            found &= self._any_of(
                nodes
                for declared, nodes in self._features.items()
                if key.needed_features <= declared
            )
        return found

    def _by_taints(self, pod: Pod) -> NodeSet:
        """Return the nodes without a cordon or a taint in the pod's way."""
        found = self._any_of(
            nodes
            for nodes in self._taints.values()
            if untolerated(pod, self._one_of(nodes)) is None
        )
        tolerates_cordon = tolerates(pod.tolerations, node_unschedulable.CORDON)
        return found if tolerates_cordon else found & ~self._cordoned

    def _by_objects(self, pod: Pod, found: NodeSet) -> NodeSet:
        """Return those of the nodes that the rules on volumes and other objects admit."""
        for rule in _BY_BOARD:
            answer = rule.prepare(pod, self._board)
            if isinstance(answer, Refusal):
                return 0
            if answer is not None:
                for index, node in enumerate(self._nodes):
                    is_asked = found >> index & 1
                    is_out = answer.only is not None and node.name not in answer.only
                    if is_asked and (is_out or answer.refuse(node) is not None):
                        found ^= 1 << index
        return found

    def _by_term(self, term: NodeSelectorTerm) -> NodeSet:
        """Return the nodes that meet every requirement of a term; one without any takes none."""
        found = self._all if term.expressions or term.fields else 0
        for expression in term.expressions:
            found &= self._alone(NodeSelectorTerm(expressions=(expression,)))
        for each in term.fields:
            found &= self._alone(NodeSelectorTerm(fields=(each,)))
        return found

    def _alone(self, term: NodeSelectorTerm) -> NodeSet:
        """Return the nodes that take a term with a single requirement."""
        if term not in self._taking:
            self._taking[term] = self._any_of(
                nodes for nodes in self._alike(term) if takes((term,), self._one_of(nodes))
            )
        return self._taking[term]

    def _alike(self, term: NodeSelectorTerm) -> Iterator[NodeSet]:
        """Yield sets of nodes that a term with a single requirement cannot tell apart.

        Integers are compared value by value. The other operators know the values they name, the
        missing label, and all the rest.
        """
        (requirement,) = (*term.expressions, *term.fields)
        by_value = self._labelled(requirement.key) if term.expressions else self._by_name
        if requirement.operator in _COMPARING:
            yield from by_value.values()
            return
        rest = self._all
        for value in (None, *requirement.values):
            nodes = by_value.get(value, 0) & rest
            rest &= ~nodes
            if nodes:
                yield nodes
        if rest:
            yield rest

    def _labelled(self, key: str) -> Mapping[str | None, NodeSet]:
        """Return the nodes per value of a label; under None, those without it."""
        if key not in self._labels:
            self._labels[key] = self._by(lambda node: node.labels.get(key))
        return self._labels[key]

    def _room_of(self, name: str) -> tuple[list[int], list[NodeSet]]:
        """Return the free amounts, ascending, and per amount the nodes with that much or more."""
        if name not in self._room:
            free = [self._board.free(node.name).of(name) for node in self._nodes]
            order = sorted(range(len(free)), key=free.__getitem__)
            at_least = list(accumulate((1 << index for index in reversed(order)), or_, initial=0))
            self._room[name] = [free[index] for index in order], at_least[::-1]
        return self._room[name]

    def _by(self, key: Callable[[Node], _K]) -> dict[_K, NodeSet]:
        groups: dict[_K, NodeSet] = {}
        for index, node in enumerate(self._nodes):
            value = key(node)
            groups[value] = groups.get(value, 0) | 1 << index
        return groups

    def _one_of(self, nodes: NodeSet) -> Node:
        return self._nodes[(nodes & -nodes).bit_length() - 1]

    @staticmethod
    def _any_of(sets: Iterable[NodeSet]) -> NodeSet:
        found = 0
        for each in sets:
            found |= each
        return found
