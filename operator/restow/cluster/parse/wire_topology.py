"""Slim wire forms of NodeResourceTopology, topology.node.k8s.io/v1alpha2; see `wire`."""

from datetime import datetime

from restow.cluster.parse.wire import Meta, Quantity, Wire


class ManagedFields(Wire, frozen=True):
    """metav1.ManagedFieldsEntry."""

    time: datetime | None = None


class TopologyMeta(Meta, frozen=True):
    """metav1.ObjectMeta, with when the object changed."""

    managed_fields: list[ManagedFields] | None = None


class ResourceInfo(Wire, frozen=True):
    """ResourceInfo."""

    name: str
    capacity: Quantity = None
    allocatable: Quantity = None
    available: Quantity = None


class Zone(Wire, frozen=True):
    """Zone."""

    name: str
    type: str | None = None
    resources: list[ResourceInfo] | None = None


class Attribute(Wire, frozen=True):
    """AttributeInfo."""

    name: str
    value: str | None = None


class NodeResourceTopology(Wire, frozen=True):
    """NodeResourceTopology; it has neither spec nor status."""

    metadata: TopologyMeta
    topology_policies: list[str] | None = None
    zones: list[Zone] | None = None
    attributes: list[Attribute] | None = None
