"""Builders of NUMA zones, and of pods that need one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from restow.cluster.snapshot import Snapshot
from restow.cluster.topology import SINGLE, Alignment, AlignmentScope, NodeTopology, Zone
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from tests.support.objects import amounts


def a_topology(
    node: str,
    *available: int | Amounts,
    capacity_m: int = 4000,
    policy: str = SINGLE,
    scope: AlignmentScope = AlignmentScope.CONTAINER,
    updated_at: datetime | None = None,
) -> NodeTopology:
    """The zones of a node with so much left, in millicores or in amounts."""
    left = [amounts(cpu_m=each) if isinstance(each, int) else each for each in available]
    return NodeTopology(
        name=NodeName(node),
        policy=policy,
        scope=scope,
        zones=tuple(
            Zone(name=f"node-{n}", listed=amounts(cpu_m=capacity_m) + each, available=each)
            for n, each in enumerate(left)
        ),
        updated_at=updated_at,
    )


def aligned(*containers: int | Amounts, first: Iterable[int] = ()) -> Alignment:
    """What containers of so many millicores, or amounts, need out of one zone each."""
    beside = [amounts(cpu_m=each) if isinstance(each, int) else each for each in containers]
    whole = Amounts()
    for each in beside:
        whole += each
    return Alignment(
        first=tuple(amounts(cpu_m=each) for each in first), beside=tuple(beside), whole=whole
    )


def with_topologies(snapshot: Snapshot, *topologies: NodeTopology) -> Snapshot:
    """The snapshot with the NUMA zones of some nodes."""
    return replace(
        snapshot, topologies={each.name: each for each in sorted(topologies, key=lambda t: t.name)}
    )
