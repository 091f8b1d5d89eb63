"""Hard topology spread: how uneven the pods of a selector may be over domains.

Upstream: `plugins/podtopologyspread/filtering.go: calPreFilterState` and `Filter`. Which nodes
count depends on the pod: those with the keys of all its constraints that its node affinity and, if
asked for, its tolerations let in.
"""

from functools import partial
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.cluster.terms import SpreadConstraint
from restow.core.ids import NodeName
from restow.packing.relations import Spread
from restow.planning.relating.cast import Cast, Meant, Topology
from restow.planning.relating.sketch import Relating
from restow.rules.placement import topology_spread


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
    regions: dict[topology_spread.Sight, Region] = {}
    for carried, carriers, counted in cast.parties(cast.bonds.spread):
        lasting = carriers.lasting
        if carriers.free or (lasting and counted.free):
            if carried.sight not in regions:
                example = carriers.free[0] if carriers.free else lasting[0].pod
                regions[carried.sight] = _region(cast, carried.constraint, example)
            _Spreading(carried.constraint, carriers, counted, regions[carried.sight]).relate(
                found, anchored=bool(lasting)
            )


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

    constraint: SpreadConstraint
    carriers: Meant
    counted: Meant
    region: Region

    def relate(self, found: Relating, *, anchored: bool) -> None:
        """Add what the constraint comes to; `anchored`: a given pod carries it too."""
        constraint, uids = self.constraint, self.carriers.uids
        fixed = self.region.topology.counts(
            seat for seat in self.counted.lasting if seat.node in self.region.eligible
        )
        found.bar(uids, self.region.beyond)
        if not self.counted.free:
            found.bar(uids, self._too_full(fixed))
        elif uids or anchored:
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
        constraint = self.constraint
        few = len(fixed) < (constraint.min_domains or 1)
        least = 0 if few else min(fixed, default=0)
        full = {d for d, count in enumerate(fixed) if count - least > constraint.max_skew}
        return self.region.topology.nodes_in(full)
