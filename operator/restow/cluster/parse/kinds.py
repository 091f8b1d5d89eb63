"""How each kind is read: from a JSON object's bytes, from a document, from a list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

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
from restow.cluster.parse.problems import FieldError, from_msgspec
from restow.cluster.parts import Object
from restow.core.ids import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind that restow reads.

    Parameters
    ----------
    name, api_version, plural
        As in the API: `Pod`, `v1`, `pods`.
    wire
        Its slim form, a msgspec Struct.
    convert
        From the slim form to restow's object, None when the object does not count any more.
    namespaced
        Whether objects live in namespaces.
    optional
        Whether a cluster may do without it, by a feature that is off or a version that is older:
        it is then said in `Snapshot.absent`, and the rules that need it stand aside.
    custom
        Whether it comes with a CRD of others, which may fail by itself, by a missing right or a
        conversion webhook: it is then said in `Snapshot.unknown`, and the rules that need it
        refuse. A built-in kind fails only where nothing can be read.
    """

    name: str
    api_version: str
    plural: str
    wire: type[wires.Wire]
    convert: Callable[[Any], Object | None]
    namespaced: bool = True
    optional: bool = False
    custom: bool = False

    @property
    def path(self) -> str:
        """Path of the collection over all namespaces."""
        root = "apis" if "/" in self.api_version else "api"
        return f"/{root}/{self.api_version}/{self.plural}"

    def from_bytes(self, body: bytes | msgspec.Raw) -> Object | None:
        """Return the object, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            wire = msgspec.json.decode(body, type=self.wire)
        except msgspec.ValidationError:
            return self.from_document(msgspec.json.decode(body))
        return self.from_wire(wire)

    def from_document(self, document: object) -> Object | None:
        """Return the object of a decoded JSON or YAML document, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            wire = msgspec.convert(document, self.wire)
        except msgspec.ValidationError as error:
            raise from_msgspec(str(error), document).on(self.called(document)) from None
        return self.from_wire(wire)

    def from_wire(self, wire: wires.Wire) -> Object | None:
        """Return the object of its slim form, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            return self.convert(wire)
        except FieldError as error:
            meta: wires.Meta = wire.metadata  # type: ignore[attr-defined]  # every kind has it
            raise error.on(self._title(meta.namespace, meta.name)) from None

    def called(self, document: object) -> str:
        """Return what a person would call the object, as far as it says."""
        meta = document.get("metadata") if isinstance(document, Mapping) else None
        if not isinstance(meta, Mapping):
            return self.name
        return self._title(meta.get("namespace"), meta.get("name"))

    def key(self, wire: wires.Wire) -> ObjectKey:
        """Return the key of a slim form, whether it counts or not."""
        meta: wires.Meta = wire.metadata  # type: ignore[attr-defined]  # every kind has it
        return ObjectKey((meta.namespace or "default") if self.namespaced else "", meta.name)

    def _title(self, namespace: object, name: object) -> str:
        if not isinstance(name, str) or not name:
            return f"{self.name} without a name"
        return (
            f"{self.name} {namespace or 'default'}/{name}"
            if self.namespaced
            else (f"{self.name} {name}")
        )


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
