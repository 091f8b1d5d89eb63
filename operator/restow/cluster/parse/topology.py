"""NUMA zones of nodes.

Which attribute counts, and that it comes before the older field, is as scheduler-plugins has it
(kubernetes-sigs/scheduler-plugins, `pkg/noderesourcetopology/nodeconfig/topologymanager.go`).
"""

from datetime import UTC, datetime
from typing import Final

from restow.cluster.parse import wire_topology as wires
from restow.cluster.parse.metadata import key_of
from restow.cluster.parse.requests import in_units, read
from restow.cluster.parse.wire import Quantities
from restow.cluster.topology import RESTRICTED, SINGLE, AlignmentScope, NodeTopology, Zone
from restow.core.frozen import Amounts
from restow.core.ids import NodeName

_POLICY: Final = "topologyManagerPolicy"
_SCOPE: Final = "topologyManagerScope"
_POLICIES: Final = frozenset({"none", "best-effort", RESTRICTED, SINGLE})
_SCOPES: Final = frozenset(AlignmentScope)
_OLDER: Final = {
    "SingleNUMANodePodLevel": (SINGLE, AlignmentScope.POD),
    "SingleNUMANodeContainerLevel": (SINGLE, AlignmentScope.CONTAINER),
    "RestrictedPodLevel": (RESTRICTED, AlignmentScope.POD),
    "RestrictedContainerLevel": (RESTRICTED, AlignmentScope.CONTAINER),
    "BestEffortPodLevel": ("best-effort", AlignmentScope.POD),
    "BestEffortContainerLevel": ("best-effort", AlignmentScope.CONTAINER),
}
"""Values of `topologyPolicies`, of which the first counts."""

_ZONE: Final = "Node"
"""Type of the zones that are NUMA nodes."""


def topology(wire: wires.NodeResourceTopology) -> NodeTopology:
    """Return the zones of a node; attributes with a value that nobody knows are passed over.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    older = next(iter(wire.topology_policies or ()), "")
    policy, scope = _OLDER.get(older, ("none", AlignmentScope.CONTAINER))
    for each in wire.attributes or ():
        if each.name == _POLICY and each.value in _POLICIES:
            policy = each.value
        if each.name == _SCOPE and each.value in _SCOPES:
            scope = AlignmentScope(each.value)
    return NodeTopology(
        name=NodeName(key_of(wire.metadata, namespaced=False).name),
        policy=policy,
        scope=scope,
        zones=tuple(_zone(each) for each in wire.zones or () if each.type == _ZONE),
        updated_at=_updated_at(wire.metadata),
    )


def _zone(wire: wires.Zone) -> Zone:
    field = f"zones[{wire.name}].resources"
    resources = wire.resources or ()
    listed: Quantities = {each.name: each.capacity for each in resources}
    available: Quantities = {each.name: each.available for each in resources}
    return Zone(
        name=wire.name,
        listed=Amounts(in_units(read(listed, f"{field}.capacity"))),
        available=Amounts(in_units(read(available, f"{field}.available"))),
    )


def _updated_at(meta: wires.TopologyMeta) -> datetime | None:
    """Return when somebody last wrote the object, UTC; None where a dump leaves that out."""
    times = [each.time for each in meta.managed_fields or () if each.time is not None]
    last = max(times, default=None)
    return last if last is None or last.tzinfo is not None else last.replace(tzinfo=UTC)
