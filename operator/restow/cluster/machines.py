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
    """

    key: ObjectKey
    uid: Uid
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
class KubeVirt:
    """The KubeVirt object: which version runs, and what its migrations are limited to.

    Parameters
    ----------
    version
        `status.observedKubeVirtVersion`, such as v1.6.0; empty while it is not deployed.
    parallel, outbound
        Most migrations at a time in the cluster, and away from one node.
    completion_s_per_gib, progress_s
        How long a migration may take for every GiB, and without progress, in seconds.
    bandwidth
        What a migration may copy, in bytes per second; 0 for no limit.
    forces_an_end
        Whether a migration that does not end by itself is made to: the machine is slowed down
        (auto-converge), goes on elsewhere before all is copied (post-copy), or is paused.

    The defaults are KubeVirt's (pkg/virt-config/virt-config.go).
    """

    key: ObjectKey
    version: str = ""
    parallel: int = 5
    outbound: int = 2
    completion_s_per_gib: int = 150
    progress_s: int = 150
    bandwidth: int = 0
    forces_an_end: bool = False
