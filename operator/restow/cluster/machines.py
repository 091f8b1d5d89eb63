"""What restow knows of KubeVirt (kubevirt.io/v1); frozen and slim."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName, ObjectKey, Uid

JOB: Final = "kubevirt.io/migrationJobUID"
"""Label of the pod that a migration makes on its target: the uid of the migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A VirtualMachineInstance: a virtual machine that runs, in a launcher pod it controls.

    Parameters
    ----------
    phase
        `status.phase`; Running is the one that counts.
    node
        Where it runs, None before it does.
    migratable
        Condition LiveMigratable; None while KubeVirt has not said.
    obstacle
        Why it is not migratable, in KubeVirt's words.
    eviction_strategy
        `spec.evictionStrategy`, into which KubeVirt writes the cluster's default; empty when not
        said.
    node_selector
        Of its spec. Its launcher's may hold more: what the last migration added.
    host_model
        Whether its CPU is the host's model, which narrows where it may go.
    memory_bytes
        What a migration copies at least; 0 when not said.
    migrating
        Whether a migration is under way, as its status has it.
    evacuating
        Whether KubeVirt is about to move it off its node.
    dirty_rate
        What its annotation says of how fast it writes its memory, as it is written; empty when it
        says nothing.
    measured_rate
        How fast it writes its memory as was measured, in bytes per second, where that is asked for;
        None when nobody knows. No part of the object: a metric.
    labels
        Its own, by which MigrationPolicies select it.
    """

    key: ObjectKey
    uid: Uid
    labels: Labels = NO_LABELS
    phase: str = ""
    node: NodeName | None = None
    migratable: bool | None = None
    obstacle: str = ""
    eviction_strategy: str = ""
    node_selector: Labels = NO_LABELS
    host_model: bool = False
    memory_bytes: int = 0
    migrating: bool = False
    evacuating: bool = False
    dirty_rate: str = ""
    measured_rate: int | None = None
    deleting: bool = False


FINAL: Final = frozenset({"Succeeded", "Failed"})
"""Phases that a migration never leaves."""

QUEUED: Final = frozenset({"", "Pending"})
"""Phases in which a migration has no pod on its target yet, and waits for KubeVirt's limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMigration:
    """A VirtualMachineInstanceMigration.

    Parameters
    ----------
    machine
        Name of the VirtualMachineInstance, in the same namespace.
    phase
        `status.phase`.
    plan
        Name of the plan that made it; empty for those of others.
    node_selector
        `spec.addedNodeSelector`.
    source, target_pod
        The node that the machine leaves, and its pod on the target; empty until KubeVirt says.
    failure
        Why it failed, in KubeVirt's words.
    since
        When it came into its phase, None when not said.
    """

    key: ObjectKey
    uid: Uid
    machine: str
    phase: str = ""
    plan: str = ""
    node_selector: Labels = NO_LABELS
    source: str = ""
    target_pod: str = ""
    failure: str = ""
    since: datetime | None = None
    created_at: datetime
    deleting: bool = False

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.phase in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationTerms:
    """What a migration may take, and what it may do to end.

    Parameters
    ----------
    completion_s_per_gib
        How long it may take for every GB (10⁹ bytes, whatever KubeVirt calls them), in seconds; 0
        for no limit.
    bandwidth
        What it may copy, in bytes per second, whole MiB; 0 for no limit.
    auto_converge
        Whether the machine is slowed down until more is copied than it writes.
    disruption
        Whether, when its time is up, the machine goes on elsewhere before all is copied
        (`post_copy`), or else is paused.
    policy
        Name of the MigrationPolicy that has it so; empty for what holds in the whole cluster.

    The defaults are KubeVirt's (v1.6 `pkg/virt-config/virt-config.go`).
    """

    completion_s_per_gib: int = 150
    bandwidth: int = 0
    auto_converge: bool = False
    post_copy: bool = False
    disruption: bool = False
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPolicy:
    """A MigrationPolicy (migrations.kubevirt.io/v1alpha1): other terms for some machines.

    Parameters
    ----------
    machines, namespaces
        Labels that a machine and its namespace need.
    selects
        Whether it has selectors at all; without, it is for no machine.

    All others as in `MigrationTerms`, None where it leaves them as they are.
    """

    name: str
    selects: bool = True
    machines: Labels = NO_LABELS
    namespaces: Labels = NO_LABELS
    completion_s_per_gib: int | None = None
    bandwidth: int | None = None
    auto_converge: bool | None = None
    post_copy: bool | None = None
    disruption: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeVirt:
    """The KubeVirt object: which version runs, and what its migrations are limited to.

    Parameters
    ----------
    version
        `status.observedKubeVirtVersion`, such as v1.6.0; empty while it is not deployed.
    parallel, outbound
        Most migrations at a time in the cluster, and away from one node.
    progress_s
        How long a migration may take without progress, in seconds.
    terms
        Of every migration that no MigrationPolicy has otherwise.

    The defaults are KubeVirt's (v1.6 `pkg/virt-config/virt-config.go`).
    """

    key: ObjectKey
    version: str = ""
    parallel: int = 5
    outbound: int = 2
    progress_s: int = 150
    terms: MigrationTerms = MigrationTerms()
