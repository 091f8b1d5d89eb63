"""Which pods are certain to find one NUMA zone of a node: what kubelet asks, and nobody before it.

With the policy `single-numa-node` kubelet's topology manager ends a pod that no single zone can
hold (TopologyAffinityError), after kube-scheduler has bound it. What a zone has left is in the
node's NodeResourceTopology, and the test of one pod against it is that of scheduler-plugins
(kubernetes-sigs/scheduler-plugins, `pkg/noderesourcetopology/filter.go:
singleNUMAContainerLevelHandler, singleNUMAPodLevelHandler, resourcesAvailableInAnyNUMANodes`).

With `restricted` it ends a pod that does not get the hint it prefers (kubelet 1.37
`pkg/kubelet/cm/topologymanager/policy_restricted.go: canAdmitPodResult`, `policy.go:
mergePermutation`): all it asks for out of the same zones, of as few as an empty node would need
(`minAffinitySize` of `cpumanager/policy_static.go: generateCPUTopologyHints`,
`memorymanager/policy_static.go: calculateHints`, `devicemanager/topology_hints.go`). Where one zone
could ever do, that is the same test. A pod that needs several is refused here: whether kubelet has
zones that it can give out together is in no object. Once it runs (`spans`), its zones cannot be
given out alone any more, whatever they have left, and which they are is in no object either.

Which zone kubelet takes, and in which order pods come to it, is not known before. So pods on their
way to a node are certain to find a zone only if they do in every order, whichever zones they get.
What a pod leaves behind counts when the object says so: until then, nobody knows its zone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from restow.cluster.topology import Alignment, AlignmentScope, NodeTopology
from restow.core.frozen import Amounts, total

STATES: Final = 2000
"""States of the zones that are looked at; beyond, it is not certain that all find one."""
MOST: Final = 100
"""Pods that are looked at together unless one zone holds them all: no node starts more at once."""

_Rows = tuple[Amounts, ...]
"""(zones,) what each has left; sorted, since only how many have how much matters."""

_NATIVE: Final = ("cpu", "memory", "hugepages-")
"""Prefixes of what kubelet itself gives out: it has no place outside of the zones."""
_MEMORY: Final = ("memory", "hugepages-")


def zoned(alignment: Alignment, topology: NodeTopology) -> Alignment | None:
    """Return what of the pod has to come out of a zone there; None where nothing does.

    Devices that no zone lists know no zone. CPU and memory are asked for even where none lists
    them.
    """
    listed = {name for zone in topology.zones for name in (*zone.listed, *zone.available)}

    def part(amounts: Amounts) -> Amounts:
        return Amounts(
            {
                name: amount
                for name, amount in amounts.items()
                if name in listed or name.startswith(_NATIVE)
            }
        )

    whole = part(alignment.whole)
    if not whole:
        return None
    return Alignment(
        first=tuple(filter(None, map(part, alignment.first))),
        beside=tuple(filter(None, map(part, alignment.beside))),
        whole=whole,
    )


def fits(alignment: Alignment, topology: NodeTopology) -> bool:
    """Return whether the pod finds a zone, coming by itself."""
    return certain((alignment,), topology)


def certain(coming: Iterable[Alignment], topology: NodeTopology) -> bool:
    """Return whether all of `coming` find a zone, in whatever order, whichever zones they get.

    What `zoned` has left of them; False also where there are too many ways to look at.
    """
    coming = tuple(coming)
    rows = _sorted(zone.available for zone in topology.zones)
    everything = total(each for one in coming for each, _ in _steps(one, topology.scope))
    if any(not everything.lacking(row) for row in rows):
        return True
    if len(coming) > MOST:
        return False
    ways = Counter(_steps(each, topology.scope) for each in coming)
    known: dict[tuple[_Rows, frozenset[tuple[_Steps, int]]], bool] = {}

    def holds(rows: _Rows, left: "Counter[_Steps]") -> bool:
        state = (rows, frozenset(left.items()))
        if state not in known:
            if len(known) >= STATES:
                return False
            known[state] = all(_all_hold(each, rows, left) for each in list(left))
        return known[state]

    def _all_hold(each: _Steps, rows: _Rows, left: "Counter[_Steps]") -> bool:
        after = _after(each, rows)
        rest = left - Counter((each,))
        return after is not None and all(holds(then, rest) for then in after)

    return holds(rows, ways)


_Steps = tuple[tuple[Amounts, bool], ...]
"""What is asked of one zone after another, and whether it is kept."""


def _steps(alignment: Alignment, scope: AlignmentScope) -> _Steps:
    """Return how kubelet takes the pod up.

    An init container that ends gives what it had to those that follow: it must find a zone, and
    keeps none.
    """
    if scope is AlignmentScope.POD:
        return ((alignment.whole, True),)
    first = tuple((each, False) for each in alignment.first)
    return (*first, *((each, True) for each in alignment.beside))


def _after(steps: _Steps, rows: _Rows) -> frozenset[_Rows] | None:
    """Return what zones may have left once the pod is there; None if it may not get all it asks."""
    states = frozenset({rows})
    for asked, kept in steps:
        following: set[_Rows] = set()
        for state in states:
            taken = frozenset(_taken(asked, state))
            if not taken:
                return None
            following |= taken if kept else {state}
        states = frozenset(following)
    return states


def _taken(asked: Amounts, rows: _Rows) -> Iterator[_Rows]:
    for index, row in enumerate(rows):
        if not asked.lacking(row):
            yield _sorted((*rows[:index], row - asked, *rows[index + 1 :]))


def _sorted(rows: Iterable[Amounts]) -> _Rows:
    return tuple(sorted(rows, key=lambda row: tuple(row.items())))


def spans(alignment: Alignment, topology: NodeTopology) -> bool:
    """Return whether memory of the pod comes out of several zones: none of them has that much."""
    return any(
        0 < max((zone.listed.of(name) for zone in topology.zones), default=0) < amount
        for piece in (*asked_at_once(alignment, topology.scope), *alignment.first)
        for name, amount in piece.items()
        if name.startswith(_MEMORY)
    )


def largest(name: str, topology: NodeTopology) -> int:
    """Return how much of a resource the zone with most of it has left."""
    return max((zone.available.of(name) for zone in topology.zones), default=0)


def asked_at_once(alignment: Alignment, scope: AlignmentScope) -> Sequence[Amounts]:
    """Return what one zone has to hold, piece by piece."""
    return (alignment.whole,) if scope is AlignmentScope.POD else alignment.beside
