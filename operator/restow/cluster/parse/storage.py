"""Volumes, claims, storage classes, and CSI drivers."""

from typing import Final

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parse import requests
from restow.cluster.parse import wire_storage as wires
from restow.cluster.parse.metadata import key_of, label_selector, labels_of, owner_of, uid_of
from restow.cluster.parse.pods import node_terms
from restow.cluster.parse.volumes import disk
from restow.cluster.parse.wire import Meta, Quantities, Quantity
from restow.cluster.storage import (
    ClaimRef,
    CSIDriver,
    CSINode,
    CsiSource,
    CSIStorageCapacity,
    NodeDriver,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    VolumeAttachment,
)
from restow.cluster.terms import Operator, Requirement
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.quantity import whole

_CLASS: Final = "volume.beta.kubernetes.io/storage-class"
_BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
_SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
_MIGRATED_PLUGINS: Final = "storage.alpha.kubernetes.io/migrated-plugins"


def volume(wire: wires.Volume) -> PersistentVolume:
    """Return the volume.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec = wire.spec
    csi, claim = spec.csi, spec.claim_ref
    return PersistentVolume(
        name=key_of(wire.metadata, namespaced=False).name,
        labels=labels_of(wire.metadata),
        storage_class=_class_of(wire.metadata, spec.storage_class_name),
        capacity_bytes=_storage(spec.capacity, "spec.capacity") or 0,
        access_modes=frozenset(spec.access_modes or ()),
        volume_mode=spec.volume_mode or "Filesystem",
        attributes_class=spec.volume_attributes_class_name or "",
        node_affinity=_node_affinity(spec.node_affinity),
        claim=None
        if claim is None
        else ClaimRef(key=ObjectKey(claim.namespace, claim.name), uid=Uid(claim.uid)),
        available=wire.status.phase == "Available",
        deleting=wire.metadata.deletion_timestamp is not None,
        csi=None if csi is None else CsiSource(driver=csi.driver, handle=csi.volume_handle),
        disk=disk(spec),
    )


def claim(wire: wires.Claim) -> PersistentVolumeClaim:
    """Return the claim.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec, annotations = wire.spec, wire.metadata.annotations or {}
    owner, node = owner_of(wire.metadata), annotations.get(_SELECTED_NODE)
    requested = None if spec.resources is None else spec.resources.requests
    return PersistentVolumeClaim(
        key=key_of(wire.metadata, namespaced=True),
        uid=uid_of(wire.metadata),
        volume=spec.volume_name or "",
        bound=bool(spec.volume_name) and _BIND_COMPLETED in annotations,
        storage_class=_class_of(wire.metadata, spec.storage_class_name),
        request_bytes=_storage(requested, "spec.resources.requests"),
        access_modes=frozenset(spec.access_modes or ()),
        volume_mode=spec.volume_mode or "Filesystem",
        attributes_class=spec.volume_attributes_class_name or "",
        selector=None if spec.selector is None else label_selector(spec.selector, "spec.selector"),
        selected_node=None if node is None else NodeName(node),
        lost=wire.status.phase == "Lost",
        deleting=wire.metadata.deletion_timestamp is not None,
        controller=None if owner is None else owner.uid,
    )


def storage_class(wire: wires.Class) -> StorageClass:
    """Return the class; volumes are bound at once unless it says otherwise, as by default."""
    return StorageClass(
        name=key_of(wire.metadata, namespaced=False).name,
        provisioner=wire.provisioner,
        delayed=wire.volume_binding_mode == "WaitForFirstConsumer",
        allowed_topologies=tuple(
            tuple(
                Requirement(key=each.key, operator=Operator.IN, values=each.values or ())
                for each in term.match_label_expressions or ()
            )
            for term in wire.allowed_topologies or ()
        ),
    )


def csi_node(wire: wires.CsiNode) -> CSINode:
    """Return the drivers of a node."""
    migrated = (wire.metadata.annotations or {}).get(_MIGRATED_PLUGINS, "")
    return CSINode(
        name=NodeName(key_of(wire.metadata, namespaced=False).name),
        drivers=tuple(
            NodeDriver(
                name=each.name, limit=None if each.allocatable is None else each.allocatable.count
            )
            for each in wire.spec.drivers or ()
        ),
        migrated_plugins=frozenset(migrated.split(",") if migrated else ()),
    )


def csi_driver(wire: wires.CsiDriver) -> CSIDriver:
    """Return the driver."""
    return CSIDriver(
        name=key_of(wire.metadata, namespaced=False).name,
        storage_capacity=bool(wire.spec.storage_capacity),
        required_on_node=bool(wire.spec.prevent_pod_scheduling_if_missing),
    )


def csi_storage_capacity(wire: wires.CsiStorageCapacity) -> CSIStorageCapacity:
    """Return the capacity.

    Raises
    ------
    FieldError
        When a field cannot be used.
    """
    topology, most = wire.node_topology, wire.maximum_volume_size
    return CSIStorageCapacity(
        key=key_of(wire.metadata, namespaced=True),
        storage_class=wire.storage_class_name,
        topology=None if topology is None else label_selector(topology, "nodeTopology"),
        largest_bytes=(
            _bytes(wire.capacity, "capacity") if most is None else _bytes(most, "maximumVolumeSize")
        ),
    )


def volume_attachment(wire: wires.Attachment) -> VolumeAttachment:
    """Return the attachment."""
    return VolumeAttachment(
        name=key_of(wire.metadata, namespaced=False).name,
        attacher=wire.spec.attacher,
        node=NodeName(wire.spec.node_name),
        volume=wire.spec.source.persistent_volume_name,
    )


def _class_of(meta: Meta, field: str | None) -> str:
    return (meta.annotations or {}).get(_CLASS, field or "")


def _node_affinity(found: wires.VolumeNodeAffinity | None) -> tuple[NodeSelectorTerm, ...] | None:
    if found is None or found.required is None:
        return None
    return node_terms(found.required, "spec.nodeAffinity.required.nodeSelectorTerms")


def _storage(found: Quantities | None, field: str) -> int | None:
    return None if found is None else _bytes(found.get("storage"), field)


def _bytes(found: Quantity, field: str) -> int | None:
    return None if found is None else whole(requests.read({"storage": found}, field)["storage"])
