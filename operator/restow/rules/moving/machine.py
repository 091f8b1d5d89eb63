"""A virtual machine moves by live migration only, and only if KubeVirt says that it can.

An eviction of its launcher would start a migration to a node of KubeVirt's choice, or kill it.
"""

from restow.cluster.machines import Machine
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason, Refusal
from restow.rules import copying, machines, migration_policies

EXTERNAL = "External"
RUNNING = "Running"


def refuse(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return why the machine in the launcher `pod` is not to be migrated, or None.

    `evictionStrategy: None` does not matter: it says what an eviction does, and there is none.
    """
    machine = machines.of(pod, snapshot)
    unknown = _unknown(machine, snapshot)
    if unknown is not None:
        return unknown
    if machine is None:
        name = pod.owner.name if pod.owner is not None else ""
        return Refusal(
            Reason.MACHINE_UNKNOWN, f"its VirtualMachineInstance {name} is not in the cluster's API"
        )
    return _idle(pod, machine, snapshot) or _migratable(machine, snapshot) or _untargeted(snapshot)


def _unknown(machine: Machine | None, snapshot: Snapshot) -> Refusal | None:
    """Return what of KubeVirt cannot be read, None where nothing that matters is missing.

    A MigrationPolicy matters only to a machine of which it is known how fast it writes.
    """
    kinds = snapshot.unknown & machines.NEEDED
    if machine is not None and (machine.dirty_rate or machine.measured_rate):
        kinds |= snapshot.unknown & {machines.POLICY}
    if not kinds:
        return None
    names = ", ".join(sorted(kinds))
    return Refusal(Reason.MACHINE_UNKNOWN, f"objects of kind {names} cannot be read now")


def _idle(pod: Pod, machine: Machine, snapshot: Snapshot) -> Refusal | None:
    if machine.deleting:
        return Refusal(Reason.ALREADY_LEAVING, "its virtual machine is being deleted")
    if machine.phase != RUNNING:
        phase = machine.phase or "not started"
        return Refusal(Reason.NOT_RUNNING, f"its virtual machine is {phase}, not {RUNNING}")
    found = machines.under_way(machine, snapshot)
    if found is not None:
        return Refusal(
            Reason.MACHINE_BUSY, f"VirtualMachineInstanceMigration {found.key.name} is under way"
        )
    if machine.migrating or machine.evacuating:
        return Refusal(Reason.MACHINE_BUSY, "KubeVirt is about to migrate its virtual machine")
    if machine.node != pod.node:
        return Refusal(
            Reason.MACHINE_BUSY, f"its virtual machine runs on {machine.node}, not in this pod"
        )
    return None


def _migratable(machine: Machine, snapshot: Snapshot) -> Refusal | None:
    if machine.migratable is None:
        return Refusal(Reason.MACHINE_IMMOBILE, "KubeVirt has not said whether it can migrate live")
    if not machine.migratable:
        why = machine.obstacle or "condition LiveMigratable is not True"
        return Refusal(Reason.MACHINE_IMMOBILE, f"it cannot migrate live: {why}")
    endless = copying.why_endless(machine, migration_policies.terms(machine, snapshot))
    if endless is not None:
        return Refusal(Reason.MACHINE_IMMOBILE, f"it is not migrated live: {endless}")
    if machine.eviction_strategy == EXTERNAL:
        return Refusal(
            Reason.OPTED_OUT, "evictionStrategy External: another program moves the machine"
        )
    return None


def _untargeted(snapshot: Snapshot) -> Refusal | None:
    """Return why no migration can be sent to a chosen node, or None."""
    found = machines.kubevirt(snapshot)
    since = ".".join(map(str, machines.TARGETED_SINCE))
    if found is None or not found.version:
        return Refusal(
            Reason.MIGRATION_UNTARGETED,
            "no KubeVirt object tells its version, so it is not known whether a migration can be "
            f"sent to a chosen node (since {since})",
        )
    if not machines.takes_targets(found):
        return Refusal(
            Reason.MIGRATION_UNTARGETED,
            f"KubeVirt {found.version} cannot send a migration to a chosen node (since {since})",
        )
    return None
