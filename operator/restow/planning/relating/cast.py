"""Who takes part in relations: pods whose place a plan may choose, and pods that are given."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from restow.cluster.objects import Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection
from restow.core.ids import NodeName, Uid
from restow.packing.relations import Domains

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seat:
    """A given pod on its node.

    Parameters
    ----------
    lasting
        False for a pod that is about to leave or that is yet to arrive: it still keeps others
        out, and nobody may rely on it.
    """

    pod: Pod
    node: NodeName
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Meant:
    """The pods that some selections mean."""

    free: tuple[Pod, ...]
    given: tuple[Seat, ...]

    @property
    def uids(self) -> frozenset[Uid]:
        """The pods whose place a plan may choose."""
        return frozenset(pod.uid for pod in self.free)

    @property
    def lasting(self) -> tuple[Seat, ...]:
        """The given pods that others may rely on."""
        return tuple(seat for seat in self.given if seat.lasting)


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The nodes of the whole cluster in domains.

    Parameters
    ----------
    values
        Index per value of the label; the order is that of the values.
    of_node
        Index per node that is in a domain.
    domains
        (nodes of the problem,) the same as the packing problem wants it.
    """

    values: Mapping[str, int]
    of_node: Mapping[NodeName, int]
    domains: Domains

    def nodes_in(self, domains: Collection[int]) -> frozenset[NodeName]:
        """Return the nodes in any of the `domains`."""
        inside = self._inside
        return frozenset(name for domain in domains for name in inside.get(domain, ()))

    @cached_property
    def _inside(self) -> Mapping[int, Sequence[NodeName]]:
        found: dict[int, list[NodeName]] = {}
        for name, domain in self.of_node.items():
            found.setdefault(domain, []).append(name)
        return found

    @property
    def of_single_nodes(self) -> bool:
        """Whether no domain has more than one node."""
        return len(set(self.of_node.values())) == len(self.of_node)

    def around(self, seats: Iterable[Seat]) -> frozenset[NodeName]:
        """Return the nodes that share a domain with one of the `seats`."""
        held = {self.of_node[seat.node] for seat in seats if seat.node in self.of_node}
        return self.nodes_in(held)

    def counts(self, seats: Iterable[Seat]) -> list[int]:
        """Return how many of the `seats` are in each domain."""
        found = [0] * len(self.values)
        for seat in seats:
            domain = self.of_node.get(seat.node)
            if domain is not None:
                found[domain] += 1
        return found


@dataclass(frozen=True, kw_only=True)
class Cast:
    """The pods of one decision.

    Parameters
    ----------
    nodes
        Nodes of the problem, in its order.
    free
        Pods whose place the plan may choose: the pending and the movable ones.
    arriving
        Pods without a node that are about to take a place: it is theirs.

    All other pods of the snapshot that have a node are given where they are.
    """

    snapshot: Snapshot
    nodes: tuple[NodeName, ...]
    free: tuple[Pod, ...]
    arriving: tuple[Seat, ...] = ()
    _meant: dict[tuple[Selection, ...], Meant] = field(default_factory=dict)
    _topologies: dict[str, Topology] = field(default_factory=dict)

    def topology(self, key: str) -> Topology:
        """Return the domains of the label `key`."""
        if key not in self._topologies:
            labels = {name: node.labels for name, node in self.snapshot.nodes.items()}
            self._topologies[key] = self.domains_of(
                {name: each[key] for name, each in labels.items() if key in each}
            )
        return self._topologies[key]

    def domains_of(self, value_of: Mapping[NodeName, str]) -> Topology:
        """Return domains of equal values; nodes without a value are in none."""
        values = {value: index for index, value in enumerate(sorted(set(value_of.values())))}
        of_node = {name: values[value] for name, value in value_of.items()}
        return Topology(
            values=values,
            of_node=of_node,
            domains=tuple(of_node.get(name, -1) for name in self.nodes),
        )

    def meant(self, selections: tuple[Selection, ...]) -> Meant:
        """Return the pods that match all of the `selections`."""
        if selections not in self._meant:
            self._meant[selections] = self._find(selections)
        return self._meant[selections]

    @property
    def selections(self) -> Collection[tuple[Selection, ...]]:
        """The selections that were asked about."""
        return self._meant.keys()

    def with_affinity(self) -> Mapping[tuple[PodTerm, ...], Meant]:
        """Return the pods with required affinity, by all their terms together."""
        return by_trait((pod.affinity or None, pod, seat) for pod, seat in self.asking())

    def with_anti_affinity(self) -> Mapping[PodTerm, Meant]:
        """Return the pods with required anti-affinity, by term."""
        return by_trait(
            (term, pod, seat) for pod, seat in self.asking() for term in pod.anti_affinity
        )

    def asking(self) -> Iterable[tuple[Pod, Seat | None]]:
        """Return the pods that ask something of others, with their seat if it is given."""
        return self._asking

    @cached_property
    def _asking(self) -> tuple[tuple[Pod, Seat | None], ...]:
        return tuple(self._ask())

    def _ask(self) -> Iterator[tuple[Pod, Seat | None]]:
        for pod in self.free:
            yield pod, None
        for pod in self.snapshot.census.asking:
            seat = self._seat(pod)
            if seat is not None:
                yield pod, seat
        for seat in self.arriving:
            yield seat.pod, seat

    @cached_property
    def _free_uids(self) -> frozenset[Uid]:
        return frozenset(pod.uid for pod in self.free)

    def _seat(self, pod: Pod) -> Seat | None:
        """Return where the pod is given; None if it is free, or has no place."""
        if pod.node is None or pod.uid in self._free_uids:
            return None
        return Seat(pod, pod.node, lasting=not pod.deleting)

    def _find(self, selections: tuple[Selection, ...]) -> Meant:
        free: list[Pod] = []
        given: list[Seat] = []
        if any(each.selector is None for each in selections):
            return Meant((), ())
        first = selections[0].selector if selections else None
        for namespace in self._namespaces(selections):
            for alike in self.snapshot.census.likely(namespace, first):
                if self._selected(alike[0], selections):
                    free.extend(pod for pod in alike if pod.uid in self._free_uids)
                    given.extend(seat for pod in alike if (seat := self._seat(pod)) is not None)
        given.extend(seat for seat in self.arriving if self._selected(seat.pod, selections))
        return Meant(tuple(free), tuple(given))

    def _selected(self, pod: Pod, selections: tuple[Selection, ...]) -> bool:
        return all(selects(each, pod, self.snapshot.namespaces) for each in selections)

    def _namespaces(self, selections: tuple[Selection, ...]) -> Iterable[str]:
        """Return the namespaces that may hold what the selections mean."""
        named = [each.namespaces for each in selections if each.namespace_selector is None]
        return sorted(frozenset(self.snapshot.census.namespaces).intersection(*named))


def by_trait(found: Iterable[tuple[T | None, Pod, Seat | None]]) -> dict[T, Meant]:
    """Group pods by what they have in common; None is nothing."""
    free: dict[T, list[Pod]] = {}
    given: dict[T, list[Seat]] = {}
    for trait, pod, seat in found:
        if trait is None:
            continue
        free.setdefault(trait, [])
        if seat is None:
            free[trait].append(pod)
        else:
            given.setdefault(trait, []).append(seat)
    return {trait: Meant(tuple(pods), tuple(given.get(trait, ()))) for trait, pods in free.items()}
