"""Slim wire forms of KubeVirt, kubevirt.io/v1; see `wire`."""

from datetime import datetime

import msgspec

from restow.cluster.parse.wire import Condition, Meta, Quantities, Quantity, Texts, Wire


class Cpu(Wire, frozen=True):
    """CPU."""

    model: str | None = None


class Memory(Wire, frozen=True):
    """Memory and MemoryStatus."""

    guest: Quantity = None
    guest_current: Quantity = None


class DomainResources(Wire, frozen=True):
    """ResourceRequirements of a domain."""

    requests: Quantities | None = None


class Domain(Wire, frozen=True):
    """DomainSpec."""

    cpu: Cpu | None = None
    memory: Memory | None = None
    resources: DomainResources | None = None


class MachineSpec(Wire, frozen=True):
    """VirtualMachineInstanceSpec."""

    domain: Domain = Domain()
    node_selector: Texts | None = None
    eviction_strategy: str | None = None


class MigrationState(Wire, frozen=True):
    """VirtualMachineInstanceMigrationState."""

    migration_uid: str | None = msgspec.field(name="migrationUid", default=None)
    completed: bool | None = None
    failed: bool | None = None
    source_node: str | None = None
    target_pod: str | None = None
    failure_reason: str | None = None


class MachineStatus(Wire, frozen=True):
    """VirtualMachineInstanceStatus."""

    phase: str | None = None
    node_name: str | None = None
    conditions: list[Condition] | None = None
    evacuation_node_name: str | None = None
    migration_state: MigrationState | None = None
    memory: Memory | None = None


class Machine(Wire, frozen=True):
    """VirtualMachineInstance."""

    metadata: Meta
    spec: MachineSpec = MachineSpec()
    status: MachineStatus = MachineStatus()


class MigrationSpec(Wire, frozen=True):
    """VirtualMachineInstanceMigrationSpec."""

    vmi_name: str | None = None
    added_node_selector: Texts | None = None


class Transition(Wire, frozen=True):
    """VirtualMachineInstanceMigrationPhaseTransitionTimestamp."""

    phase: str | None = None
    phase_transition_timestamp: datetime | None = None


class MigrationStatus(Wire, frozen=True):
    """VirtualMachineInstanceMigrationStatus."""

    phase: str | None = None
    phase_transition_timestamps: list[Transition] | None = None
    migration_state: MigrationState | None = None


class Migration(Wire, frozen=True):
    """VirtualMachineInstanceMigration."""

    metadata: Meta
    spec: MigrationSpec = MigrationSpec()
    status: MigrationStatus = MigrationStatus()


class MigrationTerms(Wire, frozen=True):
    """What a MigrationConfiguration and a MigrationPolicySpec both have."""

    completion_timeout_per_gib: int | None = msgspec.field(
        name="completionTimeoutPerGiB", default=None
    )
    bandwidth_per_migration: Quantity = None
    allow_auto_converge: bool | None = None
    allow_post_copy: bool | None = None
    allow_workload_disruption: bool | None = None


class MigrationConfiguration(MigrationTerms, frozen=True):
    """MigrationConfiguration."""

    parallel_migrations_per_cluster: int | None = None
    parallel_outbound_migrations_per_node: int | None = None
    progress_timeout: int | None = None


class PolicySelectors(Wire, frozen=True):
    """Selectors."""

    namespace_selector: Texts | None = None
    virtual_machine_instance_selector: Texts | None = None


class MigrationPolicySpec(MigrationTerms, frozen=True):
    """MigrationPolicySpec."""

    selectors: PolicySelectors | None = None


class MigrationPolicy(Wire, frozen=True):
    """MigrationPolicy (migrations.kubevirt.io/v1alpha1)."""

    metadata: Meta
    spec: MigrationPolicySpec = MigrationPolicySpec()


class Configuration(Wire, frozen=True):
    """KubeVirtConfiguration."""

    migrations: MigrationConfiguration | None = None


class KubeVirtSpec(Wire, frozen=True):
    """KubeVirtSpec."""

    configuration: Configuration | None = None


class KubeVirtStatus(Wire, frozen=True):
    """KubeVirtStatus."""

    observed_kube_virt_version: str | None = None


class KubeVirt(Wire, frozen=True):
    """KubeVirt."""

    metadata: Meta
    spec: KubeVirtSpec = KubeVirtSpec()
    status: KubeVirtStatus = KubeVirtStatus()
