"""Slim wire form of a pod; see `wire`."""

from datetime import datetime

import msgspec

from restow.cluster.parse.wire import (
    Condition,
    Meta,
    Nothing,
    Quantities,
    Selector,
    SelectorRequirement,
    Texts,
    Wire,
)
from restow.cluster.parse.wire_volumes import (
    AwsEbs,
    AzureDisk,
    Cinder,
    ClaimSource,
    GcePd,
    Iscsi,
    Portworx,
    Rbd,
)


class Requirements(Wire, frozen=True):
    """v1.ResourceRequirements."""

    requests: Quantities | None = None
    limits: Quantities | None = None


class ContainerPort(Wire, frozen=True):
    """v1.ContainerPort."""

    container_port: int = 0
    host_port: int | None = None
    protocol: str | None = None
    host_ip: str | None = msgspec.field(name="hostIP", default=None)


class RestartRule(Wire, frozen=True):
    """v1.ContainerRestartRule."""

    action: str | None = None


class Mount(Wire, frozen=True):
    """v1.VolumeMount."""

    bind_mount_options: list[str] | None = None


class Container(Wire, frozen=True):
    """v1.Container."""

    name: str
    image: str | None = None
    resources: Requirements | None = None
    ports: list[ContainerPort] | None = None
    restart_policy: str | None = None
    restart_policy_rules: list[RestartRule] | None = None
    volume_mounts: list[Mount] | None = None


class NodeTerm(Wire, frozen=True):
    """v1.NodeSelectorTerm."""

    match_expressions: tuple[SelectorRequirement, ...] | None = None
    match_fields: tuple[SelectorRequirement, ...] | None = None


class NodeTerms(Wire, frozen=True):
    """v1.NodeSelector."""

    node_selector_terms: tuple[NodeTerm, ...] | None = None


class NodeAffinity(Wire, frozen=True):
    """v1.NodeAffinity; preferences do not bind, so they are not read."""

    required: NodeTerms | None = msgspec.field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )


class PodAffinityTerm(Wire, frozen=True):
    """v1.PodAffinityTerm; the API server has merged `matchLabelKeys` into the selector."""

    topology_key: str | None = None
    label_selector: Selector | None = None
    namespaces: list[str] | None = None
    namespace_selector: Selector | None = None


class PodAffinity(Wire, frozen=True):
    """v1.PodAffinity and v1.PodAntiAffinity; preferences do not bind, so they are not read."""

    required: list[PodAffinityTerm] | None = msgspec.field(
        name="requiredDuringSchedulingIgnoredDuringExecution", default=None
    )


class Affinity(Wire, frozen=True):
    """v1.Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(Wire, frozen=True):
    """v1.Toleration."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class Spread(Wire, frozen=True):
    """v1.TopologySpreadConstraint."""

    topology_key: str | None = None
    max_skew: int | None = None
    when_unsatisfiable: str | None = None
    label_selector: Selector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: list[str] | None = None


class EmptyDir(Wire, frozen=True):
    """v1.EmptyDirVolumeSource."""

    medium: str | None = None


class Volume(Wire, frozen=True):
    """v1.Volume: the sources that tie a pod to a place, and those that keep data on the node."""

    name: str
    empty_dir: EmptyDir | None = None
    host_path: Nothing | None = None
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Nothing | None = None
    gce_persistent_disk: GcePd | None = None
    aws_elastic_block_store: AwsEbs | None = None
    azure_disk: AzureDisk | None = None
    iscsi: Iscsi | None = None
    rbd: Rbd | None = None
    cinder: Cinder | None = None
    portworx_volume: Portworx | None = None


class Named(Wire, frozen=True):
    """Anything with a name: a scheduling gate."""

    name: str


class PodResourceClaim(Wire, frozen=True):
    """v1.PodResourceClaim and v1.PodResourceClaimStatus."""

    name: str
    resource_claim_name: str | None = None


class SchedulingGroup(Wire, frozen=True):
    """v1.PodSchedulingGroup."""

    pod_group_name: str | None = None


class PodSpec(Wire, frozen=True):
    """v1.PodSpec."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    node_name: str | None = None
    scheduler_name: str | None = None
    priority: int | None = None
    priority_class_name: str | None = None
    preemption_policy: str | None = None
    overhead: Quantities | None = None
    resources: Requirements | None = None
    node_selector: Texts | None = None
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = None
    topology_spread_constraints: list[Spread] | None = None
    volumes: list[Volume] | None = None
    resource_claims: list[PodResourceClaim] | None = None
    scheduling_group: SchedulingGroup | None = None
    scheduling_gates: list[Named] | None = None
    host_network: bool | None = None
    host_users: bool | None = None


class ContainerStatus(Wire, frozen=True):
    """v1.ContainerStatus."""

    name: str
    allocated_resources: Quantities | None = None
    resources: Requirements | None = None


class PodStatus(Wire, frozen=True):
    """v1.PodStatus."""

    phase: str | None = None
    qos_class: str | None = None
    nominated_node_name: str | None = None
    conditions: list[Condition] | None = None
    start_time: datetime | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    resources: Requirements | None = None
    allocated_resources: Quantities | None = None
    resource_claim_statuses: list[PodResourceClaim] | None = None


class Pod(Wire, frozen=True):
    """v1.Pod."""

    metadata: Meta
    spec: PodSpec
    status: PodStatus = PodStatus()
