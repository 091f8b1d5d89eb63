"""Hard topology spread: how uneven the pods of a selector may be over domains.

Upstream: `plugins/podtopologyspread/filtering.go: calPreFilterState` and `Filter`. Which nodes
count depends on the pod: those with the keys of all its constraints that its node affinity and, if
asked for, its tolerations let in.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from restow.cluster.objects import Node, NodeSelectorTerm, Pod, Toleration
from restow.cluster.terms import Selection, SpreadConstraint
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName
from restow.packing.relations import Spread
from restow.planning.relating.cast import Cast, Meant, Topology
from restow.planning.relating.sketch import Relating
from restow.rules.placement import topology_spread


class Carried(NamedTuple):
    """A constraint with what of its pod it depends on; equal ones are one relation."""

    constraint: SpreadConstraint
    namespace: str
    keys: tuple[str, ...]
    node_selector: Labels
    node_affinity: tuple[NodeSelectorTerm, ...] | None
    tolerations: frozenset[Toleration]
    counts_itself: bool


def relate(cast: Cast, found: Relating) -> None:
    """Add a spread per constraint, or bar the domains that are too full already."""
    free: dict[Carried, list[Pod]] = {}
    given: dict[Carried, Pod] = {}
    for pod, seat in cast.everyone():
        for carried in _constraints(pod):
            if seat is None:
                free.setdefault(carried, []).append(pod)
            elif seat.lasting:
                given.setdefault(carried, pod)
    for carried in {**free, **given}:
        carriers = tuple(free.get(carried, ()))
        counted = _counted(cast, carried)
        if carriers or counted.free:
            example = carriers[0] if carriers else given[carried]
            topology, eligible = _domains(cast, carried, example)
            _Spreading(carried, carriers, counted, topology, eligible).relate(
                cast, found, anchored=carried in given
            )


def _constraints(pod: Pod) -> Iterator[Carried]:
    keys = tuple(sorted({each.topology_key for each in pod.spread}))
    for each in pod.spread:
        affinity, tolerations = each.honor_affinity, each.honor_taints
        yield Carried(
            constraint=each,
            namespace=pod.key.namespace,
            keys=keys,
            node_selector=pod.node_selector if affinity else NO_LABELS,
            node_affinity=pod.node_affinity if affinity else None,
            tolerations=frozenset(pod.tolerations) if tolerations else frozenset(),
            counts_itself=topology_spread.counts_itself(pod, each),
        )


def _counted(cast: Cast, carried: Carried) -> Meant:
    """Return the pods that count; an empty selector counts nobody in place."""
    selector = carried.constraint.selector
    if selector is None or not selector.requirements:
        return Meant((), ())
    namespaces = frozenset({carried.namespace})
    return cast.meant((Selection(selector=selector, namespaces=namespaces),))


def _domains(cast: Cast, carried: Carried, pod: Pod) -> tuple[Topology, frozenset[NodeName]]:
    """Return the domains that count, as every node of the problem is in them, and who counts."""
    nodes = cast.snapshot.nodes
    key = carried.constraint.topology_key
    eligible = frozenset(name for name, node in nodes.items() if _counts(carried, pod, node))
    values = {nodes[name].labels[key] for name in eligible}
    inside = {
        name: node.labels[key]
        for name, node in nodes.items()
        if key in node.labels and node.labels[key] in values
    }
    return cast.domains_of(inside), eligible


def _counts(carried: Carried, pod: Pod, node: Node) -> bool:
    labelled = all(key in node.labels for key in carried.keys)
    return labelled and topology_spread.is_eligible(pod, carried.constraint, node)


class _Spreading(NamedTuple):
    """One constraint with everybody it is about."""

    carried: Carried
    carriers: tuple[Pod, ...]
    counted: Meant
    topology: Topology
    eligible: frozenset[NodeName]

    def relate(self, cast: Cast, found: Relating, *, anchored: bool) -> None:
        """Add what the constraint comes to; `anchored`: a given pod carries it too."""
        constraint = self.carried.constraint
        uids = frozenset(pod.uid for pod in self.carriers)
        fixed = self.topology.counts(
            seat for seat in self.counted.lasting if seat.node in self.eligible
        )
        found.bar(uids, frozenset(cast.nodes) - frozenset(self.topology.of_node))
        if not self.counted.free:
            found.bar(uids, self._too_full(fixed))
        elif self.carriers or anchored:
            build = partial(
                Spread,
                domains=self.topology.domains,
                counts_on=tuple(name in self.eligible for name in cast.nodes),
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
        return self.topology.nodes_in(full)
