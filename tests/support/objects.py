"""Builders of cluster objects: a plain object, and only what a test is about as an override."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypedDict, TypeVar, Unpack

from restow.cluster.objects import (
    DisruptionBudget,
    Feature,
    HostPort,
    Namespace,
    Node,
    NodeSelectorTerm,
    OwnerRef,
    Phase,
    Pod,
    PriorityClass,
    Taint,
    Toleration,
    Workload,
)
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import (
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    VolumeAttachment,
)
from restow.cluster.terms import (
    LabelSelector,
    Operator,
    PodTerm,
    Requirement,
    SpreadConstraint,
)
from restow.cluster.topology import Alignment
from restow.cluster.volumes import PodVolume
from restow.core.frozen import Amounts, Labels
from restow.core.ids import NodeName, ObjectKey, Uid

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
"""The moment at which every test cluster is looked at."""

GIB = 1024**3

_numbers = itertools.count(1)


def amounts(
    cpu_m: int = 0, memory_bytes: int = 0, gpus: int = 0, pods: int = 0, **others: int
) -> Amounts:
    """Amounts by short names; `gpus` are nvidia.com/gpu, further names are taken as they are."""
    return Amounts(
        {"cpu": cpu_m, "memory": memory_bytes, "nvidia.com/gpu": gpus, "pods": pods, **others}
    )


def key_of(name: str, namespace: str = "default") -> ObjectKey:
    """A key from `name` or `namespace/name`."""
    return ObjectKey.of(name) if "/" in name else ObjectKey(namespace, name)


class PodFields(TypedDict, total=False):
    """What `a_pod` lets a test override; plain values are converted."""

    uid: str
    resource_version: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner: OwnerRef | Workload | None
    created_at: datetime
    scheduler_name: str
    priority: int
    priority_class: str
    preempts: bool
    requests: Amounts
    nominated_node: str | None
    phase: Phase
    ready: bool
    deleting: bool
    gates: tuple[str, ...]
    unschedulable_since: datetime | None
    unschedulable_message: str
    node_selector: Mapping[str, str]
    node_affinity: tuple[NodeSelectorTerm, ...] | None
    tolerations: tuple[Toleration, ...]
    host_ports: tuple[HostPort, ...]
    features: Iterable[Feature]
    affinity: tuple[PodTerm, ...]
    anti_affinity: tuple[PodTerm, ...]
    spread: tuple[SpreadConstraint, ...]
    needed_features: Iterable[str]
    local_volumes: tuple[str, ...]
    volumes: tuple[PodVolume, ...]
    group: str
    claims: tuple[PodClaim, ...]
    started_at: datetime | None
    alignment: Alignment | None


def a_pod(
    name: str = "",
    *,
    node: str | None = None,
    cpu_m: int = 100,
    memory_bytes: int = 0,
    gpus: int = 0,
    **fields: Unpack[PodFields],
) -> Pod:
    """A pod of `namespace/name`, requesting 100m of CPU and one pod.

    With `node` it runs there, ready, since an hour; without, it is Unschedulable since a minute.
    `owner` takes a Workload as well. The uid derives from the key.
    """
    key = key_of(name or f"pod-{next(_numbers)}")
    running = node is not None
    owner = fields.get("owner")
    if isinstance(owner, Workload):
        owner = owner_ref(owner)
    return Pod(
        key=key,
        uid=Uid(fields.get("uid", f"uid-{key}")),
        resource_version=fields.get("resource_version", "1"),
        labels=Labels(fields.get("labels", {})),
        annotations=Labels(fields.get("annotations", {})),
        owner=owner,
        created_at=fields.get("created_at", NOW - timedelta(hours=1)),
        scheduler_name=fields.get("scheduler_name", "default-scheduler"),
        priority=fields.get("priority", 0),
        priority_class=fields.get("priority_class", ""),
        preempts=fields.get("preempts", True),
        requests=fields.get(
            "requests", amounts(cpu_m=cpu_m, memory_bytes=memory_bytes, gpus=gpus, pods=1)
        ),
        node=NodeName(node) if node is not None else None,
        nominated_node=_node_name(fields.get("nominated_node")),
        phase=fields.get("phase", Phase.RUNNING if running else Phase.PENDING),
        ready=fields.get("ready", running),
        deleting=fields.get("deleting", False),
        gates=fields.get("gates", ()),
        unschedulable_since=fields.get(
            "unschedulable_since", None if running else NOW - timedelta(minutes=1)
        ),
        unschedulable_message=fields.get("unschedulable_message", ""),
        node_selector=Labels(fields.get("node_selector", {})),
        node_affinity=fields.get("node_affinity"),
        tolerations=fields.get("tolerations", ()),
        host_ports=fields.get("host_ports", ()),
        features=frozenset(fields.get("features", ())),
        affinity=fields.get("affinity", ()),
        anti_affinity=fields.get("anti_affinity", ()),
        spread=fields.get("spread", ()),
        needed_features=frozenset(fields.get("needed_features", ())),
        local_volumes=fields.get("local_volumes", ()),
        volumes=fields.get("volumes", ()),
        group=fields.get("group", ""),
        claims=fields.get("claims", ()),
        started_at=fields.get("started_at", NOW - timedelta(hours=1) if running else None),
        alignment=fields.get("alignment"),
    )


def _node_name(name: str | None) -> NodeName | None:
    return NodeName(name) if name else None


class NodeFields(TypedDict, total=False):
    """What `a_node` lets a test override."""

    resource_version: str
    annotations: Mapping[str, str]
    allocatable: Amounts
    unschedulable: bool
    taints: tuple[Taint, ...]
    declared_features: Iterable[str]
    ready: bool
    deleting: bool


def a_node(
    name: str = "",
    *,
    cpu_m: int = 4000,
    memory_bytes: int = 16 * GIB,
    gpus: int = 0,
    pods: int = 110,
    labels: Mapping[str, str] | None = None,
    **fields: Unpack[NodeFields],
) -> Node:
    """A ready node of 4 CPUs, 16 GiB and 110 pods, labelled with its hostname."""
    name = name or f"node-{next(_numbers)}"
    return Node(
        name=NodeName(name),
        resource_version=fields.get("resource_version", "1"),
        uid=Uid(f"uid-{name}"),
        labels=Labels({"kubernetes.io/hostname": name, **(labels or {})}),
        annotations=Labels(fields.get("annotations", {})),
        allocatable=fields.get(
            "allocatable", amounts(cpu_m=cpu_m, memory_bytes=memory_bytes, gpus=gpus, pods=pods)
        ),
        unschedulable=fields.get("unschedulable", False),
        taints=fields.get("taints", ()),
        declared_features=frozenset(fields.get("declared_features", ())),
        ready=fields.get("ready", True),
        deleting=fields.get("deleting", False),
    )


_API_VERSIONS = {
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
    "Node": "v1",
}


def a_workload(
    kind: str = "ReplicaSet",
    name: str = "",
    *,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    owner: Workload | OwnerRef | None = None,
    replicas: int | None = 1,
    max_unavailable: int = 1,
) -> Workload:
    """A workload of `namespace/name`, under `owner` when given."""
    key = key_of(name or f"{kind.lower()}-{next(_numbers)}")
    return Workload(
        kind=kind,
        key=key,
        uid=Uid(f"uid-{kind}-{key}"),
        labels=Labels(labels or {}),
        annotations=Labels(annotations or {}),
        owner=owner_ref(owner) if isinstance(owner, Workload) else owner,
        replicas=replicas,
        max_unavailable=max_unavailable,
    )


def owner_ref(workload: Workload) -> OwnerRef:
    """The reference that an object owned by `workload` carries."""
    return OwnerRef(
        kind=workload.kind,
        name=workload.key.name,
        uid=workload.uid,
        api_version=_API_VERSIONS.get(workload.kind, "apps/v1"),
    )


def an_owner(kind: str = "ReplicaSet", name: str = "web", *, api_version: str = "") -> OwnerRef:
    """A controller reference whose object need not be in the snapshot."""
    return OwnerRef(
        kind=kind,
        name=name,
        uid=Uid(f"uid-{kind}-{name}"),
        api_version=api_version or _API_VERSIONS.get(kind, "apps/v1"),
    )


def selecting(**labels: str) -> LabelSelector:
    """A selector of exactly these labels; underscores in names stay as they are."""
    return LabelSelector(
        requirements=tuple(
            Requirement(key=key, operator=Operator.IN, values=(value,))
            for key, value in sorted(labels.items())
        )
    )


def a_budget(
    name: str = "",
    *,
    selector: LabelSelector | None = None,
    allowed: int = 1,
    observed: bool = True,
    always_allow_unhealthy: bool = False,
    healthy: int = 0,
    desired: int = 0,
) -> DisruptionBudget:
    """A PodDisruptionBudget of `namespace/name`; its default selector takes in everything."""
    return DisruptionBudget(
        key=key_of(name or f"budget-{next(_numbers)}"),
        selector=LabelSelector() if selector is None else selector,
        disruptions_allowed=allowed,
        observed=observed,
        always_allow_unhealthy=always_allow_unhealthy,
        healthy=healthy,
        desired=desired,
    )


def a_namespace(
    name: str = "default",
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Namespace:
    """A namespace with the label that every real one has."""
    return Namespace(
        name=name,
        labels=Labels({"kubernetes.io/metadata.name": name, **(labels or {})}),
        annotations=Labels(annotations or {}),
    )


class SnapshotFields(TypedDict, total=False):
    """Further objects of `a_snapshot`."""

    budgets: Iterable[DisruptionBudget]
    priority_classes: Iterable[PriorityClass]
    workloads: Iterable[Workload]
    namespaces: Iterable[Namespace]
    volumes: Iterable[PersistentVolume]
    claims: Iterable[PersistentVolumeClaim]
    storage_classes: Iterable[StorageClass]
    csi_nodes: Iterable[CSINode]
    csi_drivers: Iterable[CSIDriver]
    storage_capacities: Iterable[CSIStorageCapacity]
    attachments: Iterable[VolumeAttachment]
    taken_at: datetime


def a_snapshot(
    pods: Iterable[Pod] = (), nodes: Iterable[Node] = (), **fields: Unpack[SnapshotFields]
) -> Snapshot:
    """A snapshot of these objects, sorted; every namespace that a pod names exists."""
    pods = sorted(pods, key=lambda pod: pod.key)
    named = {pod.key.namespace: a_namespace(pod.key.namespace) for pod in pods}
    named.update({each.name: each for each in fields.get("namespaces", ())})
    return Snapshot(
        taken_at=fields.get("taken_at", NOW),
        pods={pod.key: pod for pod in pods},
        nodes={node.name: node for node in sorted(nodes, key=lambda node: node.name)},
        budgets={each.key: each for each in sorted(fields.get("budgets", ()), key=lambda b: b.key)},
        priority_classes={
            each.name: each
            for each in sorted(fields.get("priority_classes", ()), key=lambda c: c.name)
        },
        workloads={
            each.uid: each for each in sorted(fields.get("workloads", ()), key=lambda w: w.uid)
        },
        namespaces=dict(sorted(named.items())),
        volumes=_by_name(fields.get("volumes", ())),
        claims={each.key: each for each in sorted(fields.get("claims", ()), key=lambda c: c.key)},
        storage_classes=_by_name(fields.get("storage_classes", ())),
        csi_nodes={
            each.name: each for each in sorted(fields.get("csi_nodes", ()), key=lambda n: n.name)
        },
        csi_drivers=_by_name(fields.get("csi_drivers", ())),
        storage_capacities={
            each.key: each
            for each in sorted(fields.get("storage_capacities", ()), key=lambda c: c.key)
        },
        attachments=_by_name(fields.get("attachments", ())),
    )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _by_name(objects: Iterable[_N]) -> dict[str, _N]:
    return {each.name: each for each in sorted(objects, key=lambda each: each.name)}
