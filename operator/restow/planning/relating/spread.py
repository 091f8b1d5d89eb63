"""Hard topology spread: how uneven the pods of a selector may be over domains.

Upstream: `plugins/podtopologyspread/filtering.go: calPreFilterState` and `Filter`. Which nodes
count depends on the pod: those with the keys of all its constraints that its node affinity and, if
asked for, its tolerations let in.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.cluster.terms import Selection, SpreadConstraint
from restow.core.ids import NodeName
from restow.packing.relations import Spread
from restow.planning.relating.cast import Cast, Meant, Topology
from restow.planning.relating.sketch import Relating
from restow.rules.placement import topology_spread


class Carried(NamedTuple):
    """A constraint with what of its pod it depends on; equal ones are one relation."""

    constraint: SpreadConstraint
    namespace: str
    sight: topology_spread.Sight
    counts_itself: bool


class Region(NamedTuple):
    """The domains that count, as every node of the problem is in them.

    Parameters
    ----------
    eligible
        The nodes whose pods count.
    counts_on
        (nodes,) the same as the packing problem wants it.
    beyond
        Nodes of the problem that are in no domain.
    """

    topology: Topology
    eligible: frozenset[NodeName]
    counts_on: tuple[bool, ...]
    beyond: frozenset[NodeName]


def relate(cast: Cast, found: Relating) -> None:
    """Add a spread per constraint, or bar the domains that are too full already."""
    free: dict[Carried, list[Pod]] = {}
    given: dict[Carried, Pod] = {}
    for pod, seat in cast.asking():
        for carried in _constraints(pod):
            if seat is None:
                free.setdefault(carried, []).append(pod)
            elif seat.lasting:
                given.setdefault(carried, pod)
    regions: dict[topology_spread.Sight, Region] = {}
    for carried in {**free, **given}:
        carriers = tuple(free.get(carried, ()))
        counted = _counted(cast, carried)
        if carriers or counted.free:
            if carried.sight not in regions:
                example = carriers[0] if carriers else given[carried]
                regions[carried.sight] = _region(cast, carried.constraint, example)
            _Spreading(carried, carriers, counted, regions[carried.sight]).relate(
                found, anchored=carried in given
            )


def _constraints(pod: Pod) -> Iterator[Carried]:
    for each in pod.spread:
        yield Carried(
            constraint=each,
            namespace=pod.key.namespace,
            sight=topology_spread.sight_of(pod, each),
            counts_itself=topology_spread.counts_itself(pod, each),
        )


def _counted(cast: Cast, carried: Carried) -> Meant:
    """Return the pods that count; an empty selector counts nobody in place."""
    selector = carried.constraint.selector
    if selector is None or not selector.requirements:
        return Meant((), ())
    namespaces = frozenset({carried.namespace})
    return cast.meant((Selection(selector=selector, namespaces=namespaces),))


def _region(cast: Cast, constraint: SpreadConstraint, pod: Pod) -> Region:
    key = constraint.topology_key
    topology_of = topology_spread.eligible(pod, constraint, cast.snapshot)
    eligible = frozenset(topology_of)
    values = set(topology_of.values())
    inside = {
        name: node.labels[key]
        for name, node in cast.snapshot.nodes.items()
        if node.labels.get(key) in values
    }
    topology = cast.domains_of(inside)
    return Region(
        topology=topology,
        eligible=eligible,
        counts_on=tuple(name in eligible for name in cast.nodes),
        beyond=frozenset(cast.nodes) - frozenset(topology.of_node),
    )


class _Spreading(NamedTuple):
    """One constraint with everybody it is about."""

    carried: Carried
    carriers: tuple[Pod, ...]
    counted: Meant
    region: Region

    def relate(self, found: Relating, *, anchored: bool) -> None:
        """Add what the constraint comes to; `anchored`: a given pod carries it too."""
        constraint = self.carried.constraint
        uids = frozenset(pod.uid for pod in self.carriers)
        fixed = self.region.topology.counts(
            seat for seat in self.counted.lasting if seat.node in self.region.eligible
        )
        found.bar(uids, self.region.beyond)
        if not self.counted.free:
            found.bar(uids, self._too_full(fixed))
        elif self.carriers or anchored:
            build = partial(
                Spread,
                domains=self.region.topology.domains,
                counts_on=self.region.counts_on,
                fixed=tuple(fixed),
                max_skew=constraint.max_skew,
                min_domains=constraint.min_domains or 1,
                carried=anchored,
            )
            found.add(build, held=False, carriers=uids, counted=self.counted.uids)

    def _too_full(self, fixed: list[int]) -> frozenset[NodeName]:
        """Return the nodes of domains that refuse a pod which does not count itself."""
        constraint = self.carried.constraint
        few = len(fixed) < (constraint.min_domains or 1)
        least = 0 if few else min(fixed, default=0)
        full = {d for d, count in enumerate(fixed) if count - least > constraint.max_skew}
        return self.region.topology.nodes_in(full)
