"""The cluster at one moment, immutable: what every decision is made on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Self, TypeVar

from restow.cluster.census import Census
from restow.cluster.devices import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceSlice
from restow.cluster.following import Changed, changed_pods, followed, same_nodes
from restow.cluster.machines import KubeVirt, Machine, MachineMigration, MigrationPolicy
from restow.cluster.node_claims import NodeClaim
from restow.cluster.objects import (
    DisruptionBudget,
    Namespace,
    Node,
    NodeSelectorTerm,
    Pod,
    PriorityClass,
    Workload,
    by_key,
)
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
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName, ObjectKey, Uid

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All objects of the watched kinds at `taken_at` (UTC, time zone aware).

    Mappings are sorted by key, so that equal clusters give equal plans. `absent` has the kinds that
    the cluster does not serve in the version restow reads: the rules that need them stand aside.
    `unknown` has those that it serves and that cannot be read now, of which no object is in the
    snapshot: the rules that need them refuse.
    `added_affinity` is the required node affinity that a scheduler's profile adds to its pods, by
    the scheduler's name: configuration of kube-scheduler, no object of the cluster.
    """

    taken_at: datetime
    pods: Mapping[ObjectKey, Pod] = field(default_factory=dict)
    nodes: Mapping[NodeName, Node] = field(default_factory=dict)
    budgets: Mapping[ObjectKey, DisruptionBudget] = field(default_factory=dict)
    priority_classes: Mapping[str, PriorityClass] = field(default_factory=dict)
    workloads: Mapping[Uid, Workload] = field(default_factory=dict)
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    volumes: Mapping[str, PersistentVolume] = field(default_factory=dict)
    claims: Mapping[ObjectKey, PersistentVolumeClaim] = field(default_factory=dict)
    storage_classes: Mapping[str, StorageClass] = field(default_factory=dict)
    csi_nodes: Mapping[NodeName, CSINode] = field(default_factory=dict)
    csi_drivers: Mapping[str, CSIDriver] = field(default_factory=dict)
    storage_capacities: Mapping[ObjectKey, CSIStorageCapacity] = field(default_factory=dict)
    attachments: Mapping[str, VolumeAttachment] = field(default_factory=dict)
    resource_slices: Mapping[str, ResourceSlice] = field(default_factory=dict)
    resource_claims: Mapping[ObjectKey, ResourceClaim] = field(default_factory=dict)
    device_classes: Mapping[str, DeviceClass] = field(default_factory=dict)
    device_taint_rules: Mapping[str, DeviceTaintRule] = field(default_factory=dict)
    machines: Mapping[ObjectKey, Machine] = field(default_factory=dict)
    migrations: Mapping[ObjectKey, MachineMigration] = field(default_factory=dict)
    kubevirts: Mapping[ObjectKey, KubeVirt] = field(default_factory=dict)
    topologies: Mapping[NodeName, NodeTopology] = field(default_factory=dict)
    node_claims: Mapping[str, NodeClaim] = field(default_factory=dict)
    migration_policies: Mapping[str, MigrationPolicy] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    added_affinity: Mapping[str, tuple[NodeSelectorTerm, ...]] = field(default_factory=dict)

    @cached_property
    def pods_by_node(self) -> Mapping[NodeName, tuple[Pod, ...]]:
        """Bound pods per node, sorted by key; every known node has an entry."""
        grouped: dict[NodeName, list[Pod]] = {name: [] for name in self.nodes}
        for pod in self.pods.values():
            if pod.node is not None:
                grouped.setdefault(pod.node, []).append(pod)
        return {name: tuple(pods) for name, pods in grouped.items()}

    @cached_property
    def seats(self) -> Mapping[Uid, NodeName]:
        """The node of each bound pod."""
        return {pod.uid: pod.node for pod in self.pods.values() if pod.node is not None}

    @cached_property
    def unbound(self) -> tuple[Pod, ...]:
        """Pods without a node, sorted by key."""
        return tuple(sorted((p for p in self.pods.values() if p.node is None), key=by_key))

    @cached_property
    def nominated(self) -> Mapping[NodeName, tuple[Pod, ...]]:
        """Unbound pods that are not being deleted, per node they are nominated to."""
        grouped: dict[NodeName, list[Pod]] = {}
        for pod in self.pods.values():
            if pod.nominated_node is not None and pod.node is None and not pod.deleting:
                grouped.setdefault(pod.nominated_node, []).append(pod)
        return {name: tuple(pods) for name, pods in grouped.items()}

    @cached_property
    def pods_by_owner(self) -> Mapping[Uid, tuple[Pod, ...]]:
        """Pods per controller uid, sorted by key."""
        grouped: dict[Uid, list[Pod]] = {}
        for pod in self.pods.values():
            if pod.owner is not None:
                grouped.setdefault(pod.owner.uid, []).append(pod)
        return {uid: tuple(pods) for uid, pods in grouped.items()}

    @cached_property
    def free(self) -> Mapping[NodeName, Amounts]:
        """Allocatable minus the requests of the bound pods, per node; negative when overfull."""
        return {
            name: node.allocatable - total(pod.requests for pod in self.pods_by_node[name])
            for name, node in self.nodes.items()
        }

    @cached_property
    def census(self) -> Census:
        """The pods by what rules between pods can tell of them."""
        return Census.of(self.pods.values())

    @cached_property
    def nodes_by_label(self) -> Mapping[tuple[str, str], tuple[NodeName, ...]]:
        """Nodes per label key and value, sorted."""
        grouped: dict[tuple[str, str], list[NodeName]] = {}
        for name, node in self.nodes.items():
            for pair in node.labels.items():
                grouped.setdefault(pair, []).append(name)
        return {pair: tuple(names) for pair, names in grouped.items()}

    @cached_property
    def volumes_by_class(self) -> Mapping[str, tuple[PersistentVolume, ...]]:
        """Volumes per storage class, sorted by name."""
        grouped: dict[str, list[PersistentVolume]] = {}
        for volume in self.volumes.values():
            grouped.setdefault(volume.storage_class, []).append(volume)
        return {name: tuple(volumes) for name, volumes in grouped.items()}

    @cached_property
    def attachments_by_node(self) -> Mapping[NodeName, tuple[VolumeAttachment, ...]]:
        """Attachments per node, sorted by name."""
        grouped: dict[NodeName, list[VolumeAttachment]] = {}
        for each in self.attachments.values():
            grouped.setdefault(each.node, []).append(each)
        return {name: tuple(found) for name, found in grouped.items()}

    def pod_by_uid(self, key: ObjectKey, uid: Uid) -> Pod | None:
        """Return the pod if this very incarnation still exists."""
        pod = self.pods.get(key)
        return pod if pod is not None and pod.uid == uid else None

    def derived(self, make: Callable[["Snapshot"], T], *fields: str) -> T:
        """Return `make` of this snapshot, a pure function, made when first asked for.

        With `fields`, those of the snapshot that it reads, it serves the next snapshots as long
        as they are the same.
        """
        if make not in self._derived:
            self._derived[make] = (make(self), fields)
        found: T = self._derived[make][0]
        return found

    @cached_property
    def _derived(self) -> dict[Callable[["Snapshot"], Any], tuple[Any, tuple[str, ...]]]:
        return {}

    def follow(self, before: "Snapshot") -> Self:
        """Take over the indexes of the snapshot before, as far as they still hold; return self."""
        mine, known = self.__dict__, before.__dict__
        nodes = same_nodes(before.nodes, self.nodes)

        def same(*fields: str) -> bool:
            return all(nodes if f == "nodes" else known[f] is mine[f] for f in fields)

        mine["_derived"] = {
            make: (made, fields)
            for make, (made, fields) in known.get("_derived", {}).items()
            if fields and same(*fields)
        }
        for name, fields in INDEXES.items():
            if name in known and same(*fields):
                mine[name] = known[name]
        if not same("pods"):
            mine |= followed(known, self.changed_since(before), same_nodes=nodes)
        return self

    def changed_since(self, before: "Snapshot") -> tuple[Changed, ...]:
        """Return the pods that are not the very same objects as in another snapshot."""
        if self._changed is None or self._changed[0] is not before.pods:
            self.__dict__["_changed"] = before.pods, changed_pods(before.pods, self.pods)
        return self._changed[1] if self._changed is not None else ()

    @cached_property
    def _changed(self) -> tuple[Mapping[ObjectKey, Pod], tuple[Changed, ...]] | None:
        """The pods of another snapshot, and what has changed since."""
        return None


INDEXES: Final = {
    "pods_by_node": ("pods", "nodes"),
    "seats": ("pods",),
    "unbound": ("pods",),
    "nominated": ("pods",),
    "pods_by_owner": ("pods",),
    "free": ("pods", "nodes"),
    "census": ("pods",),
    "nodes_by_label": ("nodes",),
    "volumes_by_class": ("volumes",),
    "attachments_by_node": ("attachments",),
}
"""The indexes of a snapshot, and of which fields they are made."""
