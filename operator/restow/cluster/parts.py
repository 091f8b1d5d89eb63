"""The parts of a Snapshot: which kinds fill which field, and by what key."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from restow.cluster.devices import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceSlice
from restow.cluster.machines import KubeVirt, Machine, MachineMigration, MigrationPolicy
from restow.cluster.node_claims import NodeClaim
from restow.cluster.objects import DisruptionBudget, Namespace, Node, Pod, PriorityClass, Workload
from restow.cluster.storage import (
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    VolumeAttachment,
)
from restow.cluster.topology import NodeTopology

Object = (
    Pod
    | Node
    | DisruptionBudget
    | PriorityClass
    | Workload
    | Namespace
    | PersistentVolume
    | PersistentVolumeClaim
    | StorageClass
    | CSINode
    | CSIDriver
    | CSIStorageCapacity
    | VolumeAttachment
    | ResourceSlice
    | ResourceClaim
    | DeviceClass
    | DeviceTaintRule
    | Machine
    | MachineMigration
    | KubeVirt
    | MigrationPolicy
    | NodeTopology
    | NodeClaim
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field of a Snapshot.

    Parameters
    ----------
    field
        Its name; the value is a mapping sorted by `key`.
    type
        Class of the objects in it.
    kinds
        Kubernetes kinds that fill it.
    key
        Key of an object; sortable.
    """

    field: str
    type: type
    kinds: tuple[str, ...]
    key: Callable[[Any], Any]


_by_key, _by_name = attrgetter("key"), attrgetter("name")

PARTS: Final = (
    Part(field="pods", type=Pod, kinds=("Pod",), key=_by_key),
    Part(field="nodes", type=Node, kinds=("Node",), key=_by_name),
    Part(field="budgets", type=DisruptionBudget, kinds=("PodDisruptionBudget",), key=_by_key),
    Part(field="priority_classes", type=PriorityClass, kinds=("PriorityClass",), key=_by_name),
    Part(
        field="workloads",
        type=Workload,
        kinds=("ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job"),
        key=attrgetter("uid"),
    ),
    Part(field="namespaces", type=Namespace, kinds=("Namespace",), key=_by_name),
    Part(field="volumes", type=PersistentVolume, kinds=("PersistentVolume",), key=_by_name),
    Part(
        field="claims",
        type=PersistentVolumeClaim,
        kinds=("PersistentVolumeClaim",),
        key=_by_key,
    ),
    Part(field="storage_classes", type=StorageClass, kinds=("StorageClass",), key=_by_name),
    Part(field="csi_nodes", type=CSINode, kinds=("CSINode",), key=_by_name),
    Part(field="csi_drivers", type=CSIDriver, kinds=("CSIDriver",), key=_by_name),
    Part(
        field="storage_capacities",
        type=CSIStorageCapacity,
        kinds=("CSIStorageCapacity",),
        key=_by_key,
    ),
    Part(field="attachments", type=VolumeAttachment, kinds=("VolumeAttachment",), key=_by_name),
    Part(field="resource_slices", type=ResourceSlice, kinds=("ResourceSlice",), key=_by_name),
    Part(field="resource_claims", type=ResourceClaim, kinds=("ResourceClaim",), key=_by_key),
    Part(field="device_classes", type=DeviceClass, kinds=("DeviceClass",), key=_by_name),
    Part(
        field="device_taint_rules", type=DeviceTaintRule, kinds=("DeviceTaintRule",), key=_by_name
    ),
    Part(field="machines", type=Machine, kinds=("VirtualMachineInstance",), key=_by_key),
    Part(
        field="migrations",
        type=MachineMigration,
        kinds=("VirtualMachineInstanceMigration",),
        key=_by_key,
    ),
    Part(field="kubevirts", type=KubeVirt, kinds=("KubeVirt",), key=_by_key),
    Part(field="topologies", type=NodeTopology, kinds=("NodeResourceTopology",), key=_by_name),
    Part(field="node_claims", type=NodeClaim, kinds=("NodeClaim",), key=_by_name),
    Part(
        field="migration_policies",
        type=MigrationPolicy,
        kinds=("MigrationPolicy",),
        key=_by_name,
    ),
)
"""In the order of `Snapshot`'s fields and of its canonical JSON."""
