"""Slim wire forms: only the fields that restow reads; unknown ones are skipped while decoding.

Everything that the API server may leave out or write as null has a default here.
"""

from datetime import datetime

import msgspec

Quantity = str | int | float | None
Quantities = dict[str, Quantity]
Texts = dict[str, str]


class Wire(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Base: camelCase outside, immutable, no cycles."""


class OwnerReference(Wire, frozen=True):
    """metav1.OwnerReference."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class Meta(Wire, frozen=True):
    """metav1.ObjectMeta."""

    name: str
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    labels: Texts | None = None
    annotations: Texts | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: list[OwnerReference] | None = None


class SelectorRequirement(Wire, frozen=True):
    """metav1.LabelSelectorRequirement and v1.NodeSelectorRequirement."""

    key: str
    operator: str
    values: tuple[str, ...] | None = None


class Selector(Wire, frozen=True):
    """metav1.LabelSelector."""

    match_labels: Texts | None = None
    match_expressions: list[SelectorRequirement] | None = None


class Condition(Wire, frozen=True):
    """v1.PodCondition and v1.NodeCondition."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime | None = None


class Nothing(Wire, frozen=True):
    """Any object whose content does not matter."""


class Taint(Wire, frozen=True):
    """v1.Taint."""

    key: str
    effect: str
    value: str | None = None


class NodeSpec(Wire, frozen=True):
    """v1.NodeSpec."""

    unschedulable: bool | None = None
    taints: tuple[Taint, ...] | None = None


class NodeImage(Wire, frozen=True):
    """v1.ContainerImage."""

    names: list[str] | None = None
    size_bytes: int | None = None


class NodeStatus(Wire, frozen=True):
    """v1.NodeStatus."""

    allocatable: Quantities | None = None
    capacity: Quantities | None = None
    conditions: list[Condition] | None = None
    declared_features: list[str] | None = None
    images: list[NodeImage] | None = None


class Node(Wire, frozen=True):
    """v1.Node."""

    metadata: Meta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class BudgetSpec(Wire, frozen=True):
    """policy/v1 PodDisruptionBudgetSpec."""

    selector: Selector | None = None
    unhealthy_pod_eviction_policy: str | None = None


class BudgetStatus(Wire, frozen=True):
    """policy/v1 PodDisruptionBudgetStatus."""

    disruptions_allowed: int = 0
    observed_generation: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0


class Budget(Wire, frozen=True):
    """policy/v1 PodDisruptionBudget."""

    metadata: Meta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class PriorityClass(Wire, frozen=True):
    """scheduling.k8s.io/v1 PriorityClass."""

    metadata: Meta
    value: int
    preemption_policy: str | None = None
    global_default: bool = False


class RollingUpdate(Wire, frozen=True):
    """How a controller replaces its pods; `max_unavailable` is a number or a percentage."""

    max_unavailable: int | str | None = None


class Strategy(Wire, frozen=True):
    """`strategy` of a Deployment, `updateStrategy` of a StatefulSet."""

    rolling_update: RollingUpdate | None = None


class WorkloadSpec(Wire, frozen=True):
    """Spec of a controller; `parallelism` is a Job's."""

    replicas: int | None = None
    parallelism: int | None = None
    strategy: Strategy | None = None
    update_strategy: Strategy | None = None


class Workload(Wire, frozen=True):
    """A Deployment, ReplicaSet, StatefulSet, Job or DaemonSet."""

    metadata: Meta
    spec: WorkloadSpec = WorkloadSpec()


class Namespace(Wire, frozen=True):
    """v1.Namespace."""

    metadata: Meta
