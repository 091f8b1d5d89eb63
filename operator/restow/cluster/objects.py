"""What restow knows of each Kubernetes object; frozen, and slim on purpose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from restow.cluster.pod_devices import ExtendedRequest, PodClaim
from restow.cluster.terms import (
    LabelSelector,
    Operator,
    PodTerm,
    Requirement,
    SpreadConstraint,
)
from restow.cluster.topology import Alignment
from restow.cluster.volumes import PodVolume
from restow.core.frozen import NO_LABELS, NOTHING, Amounts, Labels
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid


class Phase(StrEnum):
    """`status.phase` of a pod."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class Feature(StrEnum):
    """A part of a pod that keeps it in place, or leaves it to kube-scheduler to bind."""

    POD_GROUP = "PodGroup"  # schedulingGroup, or scheduling.k8s.io/group-name
    LOCAL_STORAGE = "LocalStorage"  # emptyDir (not medium Memory) or hostPath
    MIRROR = "Mirror"  # kubernetes.io/config.mirror: a static pod
    SHARED_GPU = "SharedGpu"  # a part of a GPU, given out by KAI, HAMi or Volcano


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSelectorTerm:
    """Requirements on labels and on fields (`metadata.name`), all of which must hold.

    A term with neither matches nothing, as upstream.
    """

    expressions: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A toleration; an empty `key` with `EXISTS` covers every taint, an empty `effect` all."""

    key: str = ""
    operator: Operator = Operator.EQUAL
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """A taint of a node; `effect` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    value: str = ""
    effect: str

    def __str__(self) -> str:
        return (
            f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HostPort:
    """A port a pod takes on its node; `ip` 0.0.0.0 is every address."""

    ip: str = "0.0.0.0"  # noqa: S104 - Kubernetes' own wildcard
    protocol: str = "TCP"
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRef:
    """The controller of an object (`metadata.ownerReferences` with `controller: true`)."""

    kind: str
    name: str
    uid: Uid
    api_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod that still counts: neither Succeeded nor Failed.

    `requests` is what kube-scheduler counts (containers, init containers and sidecars in order,
    overhead, pod-level resources), plus one of `pods`. `unschedulable_since` and
    `unschedulable_message` are set while the condition PodScheduled is False for the reason
    Unschedulable; its message is kube-scheduler's. `nominated_node`, `gates` and `node` are empty
    when unset. `ready` is the Ready condition, `disruption` the reason of DisruptionTarget: who
    takes the pod away. `affinity`, `anti_affinity` and `spread` hold what binds: required terms and
    DoNotSchedule constraints. `volumes` are its claims and network disks. `group` names its
    PodGroup, empty without one. `images` are those of its containers. `needed_features` are those
    that a node must declare. `alignment` is what may have to come out of one NUMA zone.
    """

    key: ObjectKey
    uid: Uid
    resource_version: str = ""
    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS
    owner: OwnerRef | None = None
    created_at: datetime
    scheduler_name: str = "default-scheduler"
    priority: int = 0
    priority_class: str = ""
    preempts: bool = True
    requests: Amounts = NOTHING
    node: NodeName | None = None
    nominated_node: NodeName | None = None
    phase: Phase = Phase.PENDING
    ready: bool = False
    deleting: bool = False
    disruption: str = ""
    gates: tuple[str, ...] = ()
    unschedulable_since: datetime | None = None
    unschedulable_message: str = ""
    node_selector: Labels = NO_LABELS
    node_affinity: tuple[NodeSelectorTerm, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    host_ports: tuple[HostPort, ...] = ()
    features: frozenset[Feature] = frozenset()
    affinity: tuple[PodTerm, ...] = ()
    anti_affinity: tuple[PodTerm, ...] = ()
    spread: tuple[SpreadConstraint, ...] = ()
    needed_features: frozenset[str] = frozenset()
    local_volumes: tuple[str, ...] = ()
    volumes: tuple[PodVolume, ...] = ()
    claims: tuple[PodClaim, ...] = ()
    extended: tuple[ExtendedRequest, ...] = ()
    group: str = ""
    started_at: datetime | None = None
    images: tuple[str, ...] = ()
    alignment: Alignment | None = None

    @property
    def ref(self) -> PodRef:
        """The incarnation of the pod."""
        return PodRef(self.key, self.uid)


by_key: Final = attrgetter("key.namespace", "key.name")
"""Sorts pods by key; Python compares tuples faster than keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node; `allocatable` includes `pods`. `ready` is the Ready condition.

    `declared_features` is `status.declaredFeatures`, `images` the bytes of those images that are
    large enough to matter, by name: they tell only what a move costs.
    """

    name: NodeName
    resource_version: str = ""
    uid: Uid = Uid("")  # noqa: RUF009 - a NewType, no call of ours
    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS
    allocatable: Amounts = NOTHING
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    declared_features: frozenset[str] = frozenset()
    ready: bool = True
    deleting: bool = False
    images: Amounts = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionBudget:
    """A PodDisruptionBudget; `selector` None selects nothing.

    `disruptions_allowed` is the controller's own count; it is 0 while `observed` is False (the
    status is older than the spec). `always_allow_unhealthy` is unhealthyPodEvictionPolicy.
    `healthy` and `desired` are `status.currentHealthy` and `status.desiredHealthy`, which decide
    whether an unready pod goes without drawing on the budget.
    """

    key: ObjectKey
    selector: LabelSelector | None
    disruptions_allowed: int
    observed: bool = True
    always_allow_unhealthy: bool = False
    healthy: int = 0
    desired: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityClass:
    """A PriorityClass."""

    name: str
    value: int
    preempts: bool = True
    global_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What owns pods: a Deployment, ReplicaSet, StatefulSet, Job or DaemonSet.

    `replicas` is the desired number (None for a DaemonSet). `max_unavailable` is how many of them
    the controller's own update strategy lets be missing at a time, at least 1.
    """

    kind: str
    key: ObjectKey
    uid: Uid
    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS
    owner: OwnerRef | None = None
    replicas: int | None = None
    max_unavailable: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace, for its labels and annotations."""

    name: str
    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS


Workloads = Mapping[Uid, Workload]
