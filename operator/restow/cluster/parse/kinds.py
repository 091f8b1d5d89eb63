"""Every kind that restow reads."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from restow.cluster.parse import (
    devices,
    machines,
    node_claims,
    others,
    pods,
    storage,
    topology,
    wire_devices,
    wire_machines,
    wire_node_claims,
    wire_pod,
    wire_storage,
    wire_topology,
)
from restow.cluster.parse import wire as wires
from restow.cluster.parse.kind import Kind
from restow.cluster.parts import Object


def _workload(name: str, api_version: str, plural: str) -> Kind:
    return Kind(
        name=name,
        api_version=api_version,
        plural=plural,
        wire=wires.Workload,
        convert=partial(others.workload, kind=name),
    )


def _cluster(
    name: str,
    api_version: str,
    plural: str,
    wire: type[wires.Wire],
    convert: Callable[[Any], Object | None],
) -> Kind:
    return Kind(
        name=name,
        api_version=api_version,
        plural=plural,
        wire=wire,
        convert=convert,
        namespaced=False,
    )


def _optional(  # noqa: PLR0913 - what a kind has
    group_version: str,
    name: str,
    plural: str,
    wire: type[wires.Wire],
    convert: Callable[[Any], Object | None],
    *,
    namespaced: bool = True,
    custom: bool = False,
) -> Kind:
    return Kind(
        name=name,
        api_version=group_version,
        plural=plural,
        wire=wire,
        convert=convert,
        namespaced=namespaced,
        optional=True,
        custom=custom,
    )


_device = partial(_optional, "resource.k8s.io/v1", namespaced=False)
_custom = partial(_optional, custom=True)
_machine = partial(_custom, "kubevirt.io/v1")
_STORAGE: Final = "storage.k8s.io/v1"

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(name="Pod", api_version="v1", plural="pods", wire=wire_pod.Pod, convert=pods.pod),
        Kind(
            name="Node",
            api_version="v1",
            plural="nodes",
            wire=wires.Node,
            convert=others.node,
            namespaced=False,
        ),
        Kind(
            name="PodDisruptionBudget",
            api_version="policy/v1",
            plural="poddisruptionbudgets",
            wire=wires.Budget,
            convert=others.budget,
        ),
        Kind(
            name="PriorityClass",
            api_version="scheduling.k8s.io/v1",
            plural="priorityclasses",
            wire=wires.PriorityClass,
            convert=others.priority_class,
            namespaced=False,
        ),
        Kind(
            name="Namespace",
            api_version="v1",
            plural="namespaces",
            wire=wires.Namespace,
            convert=others.namespace,
            namespaced=False,
        ),
        _cluster(
            "PersistentVolume", "v1", "persistentvolumes", wire_storage.Volume, storage.volume
        ),
        Kind(
            name="PersistentVolumeClaim",
            api_version="v1",
            plural="persistentvolumeclaims",
            wire=wire_storage.Claim,
            convert=storage.claim,
        ),
        _cluster(
            "StorageClass", _STORAGE, "storageclasses", wire_storage.Class, storage.storage_class
        ),
        _cluster("CSINode", _STORAGE, "csinodes", wire_storage.CsiNode, storage.csi_node),
        _cluster("CSIDriver", _STORAGE, "csidrivers", wire_storage.CsiDriver, storage.csi_driver),
        Kind(
            name="CSIStorageCapacity",
            api_version=_STORAGE,
            plural="csistoragecapacities",
            wire=wire_storage.CsiStorageCapacity,
            convert=storage.csi_storage_capacity,
        ),
        _cluster(
            "VolumeAttachment",
            _STORAGE,
            "volumeattachments",
            wire_storage.Attachment,
            storage.volume_attachment,
        ),
        _device("ResourceSlice", "resourceslices", wire_devices.Slice, devices.resource_slice),
        _device(
            "ResourceClaim",
            "resourceclaims",
            wire_devices.Claim,
            devices.resource_claim,
            namespaced=True,
        ),
        _device("DeviceClass", "deviceclasses", wire_devices.Class, devices.device_class),
        _device(
            "DeviceTaintRule",
            "devicetaintrules",
            wire_devices.TaintRule,
            devices.device_taint_rule,
        ),
        _machine(
            "VirtualMachineInstance",
            "virtualmachineinstances",
            wire_machines.Machine,
            machines.machine,
        ),
        _machine(
            "VirtualMachineInstanceMigration",
            "virtualmachineinstancemigrations",
            wire_machines.Migration,
            machines.migration,
        ),
        _machine("KubeVirt", "kubevirts", wire_machines.KubeVirt, machines.kubevirt),
        _custom(
            "migrations.kubevirt.io/v1alpha1",
            "MigrationPolicy",
            "migrationpolicies",
            wire_machines.MigrationPolicy,
            machines.migration_policy,
            namespaced=False,
        ),
        _custom(
            "topology.node.k8s.io/v1alpha2",
            "NodeResourceTopology",
            "noderesourcetopologies",
            wire_topology.NodeResourceTopology,
            topology.topology,
            namespaced=False,
        ),
        _custom(
            "karpenter.sh/v1",
            "NodeClaim",
            "nodeclaims",
            wire_node_claims.NodeClaim,
            node_claims.node_claim,
            namespaced=False,
        ),
        _workload("ReplicaSet", "apps/v1", "replicasets"),
        _workload("Deployment", "apps/v1", "deployments"),
        _workload("StatefulSet", "apps/v1", "statefulsets"),
        _workload("DaemonSet", "apps/v1", "daemonsets"),
        _workload("Job", "batch/v1", "jobs"),
    )
}
"""Every kind that restow reads, by name."""


def kind_named(name: str, api_version: str) -> Kind | None:
    """Return the kind, None when restow does not read it; the group counts, not the version."""
    kind = KINDS.get(name)
    if kind is None:
        return None
    group, _, _ = kind.api_version.rpartition("/")
    return kind if api_version.rpartition("/")[0] == group else None
