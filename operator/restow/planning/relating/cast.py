"""Who takes part in relations: pods whose place a plan may choose, and pods that are given."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, Uid
from restow.packing.relations import Domains
from restow.planning.relating.bonds import Bond, Bonds, Selections

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
    """Pods that carry a rule, or that it means: those whose place is chosen, and the given."""

    free: tuple[Pod, ...]
    given: tuple[Seat, ...]
    uids: frozenset[Uid]
    """Of the free ones."""

    @classmethod
    def of(cls, free: Iterable[Pod], given: Iterable[Seat]) -> "Meant":
        """Return them with the uids of the free ones."""
        pods = tuple(free)
        return cls(pods, tuple(given), frozenset(pod.uid for pod in pods))

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
    _around: dict[frozenset[int], frozenset[NodeName]] = field(default_factory=dict)

    def nodes_in(self, domains: Collection[int]) -> frozenset[NodeName]:
        """Return the nodes in any of the `domains`; the same object for the same domains."""
        asked = frozenset(domains)
        if asked not in self._around:
            inside = self._inside
            found = frozenset(name for domain in asked for name in inside.get(domain, ()))
            self._around[asked] = found
        return self._around[asked]

    @cached_property
    def _inside(self) -> Mapping[int, Sequence[NodeName]]:
        found: dict[int, list[NodeName]] = {}
        for name, domain in self.of_node.items():
            found.setdefault(domain, []).append(name)
        return found

    @cached_property
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
    bonds
        Those of the snapshot.

    All other pods of the snapshot that have a node are given where they are.
    """

    snapshot: Snapshot
    nodes: tuple[NodeName, ...]
    free: tuple[Pod, ...]
    arriving: tuple[Seat, ...] = ()
    bonds: Bonds
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

    def parties(self, bonds: Iterable[Bond[T]]) -> Iterator[tuple[T, Meant, Meant]]:
        """Yield the rules that any free pod has to do with, who carries each and whom it means."""
        for bond in bonds:
            if not bond.uids.isdisjoint(self._free):
                carriers = self._told_apart(bond.carriers)
                alike = bond.meant is bond.carriers
                yield bond.rule, carriers, carriers if alike else self._told_apart(bond.meant)

    @property
    def selections(self) -> tuple[Selections, ...]:
        """What selects the pods that the rules mean that any free pod has to do with."""
        bonds: Iterable[Bond[Any]] = (*self.bonds.apart, *self.bonds.close, *self.bonds.spread)
        return tuple(b.selections for b in bonds if not b.uids.isdisjoint(self._free))

    def seats(self, pods: Iterable[Pod]) -> Iterator[tuple[Pod, Seat | None]]:
        """Yield those of the pods that are free or have a place, with their seat if it is given."""
        for pod in pods:
            seat = self._seat(pod)
            if seat is not None or pod.uid in self._free:
                yield pod, seat

    @cached_property
    def _free(self) -> frozenset[Uid]:
        return frozenset(pod.uid for pod in self.free)

    @cached_property
    def _arriving(self) -> Mapping[Uid, Seat]:
        return {seat.pod.uid: seat for seat in self.arriving}

    def _told_apart(self, pods: Iterable[Pod]) -> Meant:
        free: list[Pod] = []
        given: list[Seat] = []
        for pod, seat in self.seats(pods):
            if seat is None:
                free.append(pod)
            else:
                given.append(seat)
        return Meant.of(free, given)

    def _seat(self, pod: Pod) -> Seat | None:
        """Return where the pod is given; None if it is free, or has no place."""
        if pod.uid in self._free:
            return None
        if pod.node is None:
            return self._arriving.get(pod.uid)
        return Seat(pod, pod.node, lasting=not pod.deleting)


def by_trait(found: Iterable[tuple[T, Pod, Seat | None]]) -> dict[T, Meant]:
    """Group pods by what they have in common."""
    free: dict[T, list[Pod]] = {}
    given: dict[T, list[Seat]] = {}
    for trait, pod, seat in found:
        free.setdefault(trait, [])
        if seat is None:
            free[trait].append(pod)
        else:
            given.setdefault(trait, []).append(seat)
    return {trait: Meant.of(pods, given.get(trait, ())) for trait, pods in free.items()}
