"""Builders of virtual machines, their launchers and migrations."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from restow.cluster.machines import JOB, KubeVirt, Machine, MachineMigration, MigrationPolicy
from restow.cluster.objects import OwnerRef, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey, Uid
from tests.support.objects import GIB, NOW, a_pod, key_of

KUBEVIRT = KubeVirt(key=ObjectKey("kubevirt", "kubevirt"), version="v1.6.0")


class MachineFields(TypedDict, total=False):
    """What `a_machine` lets a test override."""

    phase: str
    migratable: bool | None
    obstacle: str
    eviction_strategy: str
    host_model: bool
    memory_bytes: int
    migrating: bool
    evacuating: bool
    dirty_rate: str
    deleting: bool


def a_machine(
    name: str = "vm",
    node: str | None = "n",
    *,
    node_selector: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    **fields: Unpack[MachineFields],
) -> Machine:
    """A machine of `namespace/name` that runs on `node` and can migrate live."""
    key = key_of(name)
    return replace(
        Machine(
            key=key,
            uid=Uid(f"uid-vmi-{key}"),
            phase="Running",
            node=None if node is None else NodeName(node),
            migratable=True,
            eviction_strategy="LiveMigrate",
            node_selector=Labels(node_selector or {}),
            labels=Labels({"kubevirt.io/nodeName": node or "", **(labels or {})}),
            memory_bytes=GIB,
        ),
        **fields,
    )


def machine_owner(machine: Machine) -> OwnerRef:
    """The reference that a launcher carries."""
    return OwnerRef(
        kind="VirtualMachineInstance",
        name=machine.key.name,
        uid=machine.uid,
        api_version="kubevirt.io/v1",
    )


def a_launcher(machine: Machine, *, suffix: str = "a", cpu_m: int = 1000, **fields: Any) -> Pod:
    """The pod in which the machine runs; KubeVirt's own annotation is on it."""
    annotations = {
        "descheduler.alpha.kubernetes.io/request-evict-only": "",
        **fields.pop("annotations", {}),
    }
    key = machine.key
    return a_pod(
        f"{key.namespace}/virt-launcher-{key.name}-{suffix}",
        node=fields.pop("node", machine.node),
        cpu_m=cpu_m,
        owner=machine_owner(machine),
        labels={
            "kubevirt.io": "virt-launcher",
            "kubevirt.io/created-by": machine.uid,
            **fields.pop("labels", {}),
        },
        annotations=annotations,
        **fields,
    )


def a_migration(
    machine: Machine,
    name: str = "",
    *,
    phase: str = "Running",
    plan: str = "",
    to: str = "",
    since: datetime | None = None,
    failure: str = "",
) -> MachineMigration:
    """A migration of the machine, made a minute ago."""
    key = ObjectKey(machine.key.namespace, name or f"{machine.key.name}-migration")
    return MachineMigration(
        key=key,
        uid=Uid(f"uid-vmim-{key}"),
        machine=machine.key.name,
        phase=phase,
        plan=plan,
        node_selector=Labels({"kubernetes.io/hostname": to} if to else {}),
        source=machine.node or "",
        failure=failure,
        since=since,
        created_at=NOW - timedelta(minutes=1),
    )


def a_target(launcher: Pod, migration: MachineMigration, **fields: Any) -> Pod:
    """The pod that KubeVirt makes for a migration, not bound yet."""
    return replace(
        launcher,
        key=ObjectKey(launcher.key.namespace, f"{launcher.key.name}-target"),
        uid=Uid(f"uid-target-of-{launcher.uid}"),
        labels=Labels({**launcher.labels, JOB: migration.uid}),
        node=None,
        ready=False,
        started_at=None,
        **fields,
    )


def with_machines(
    snapshot: Snapshot,
    machines: Iterable[Machine],
    migrations: Iterable[MachineMigration] = (),
    *,
    kubevirt: KubeVirt | None = KUBEVIRT,
    policies: Iterable[MigrationPolicy] = (),
) -> Snapshot:
    """The snapshot, with these besides."""
    return replace(
        snapshot,
        machines={each.key: each for each in sorted(machines, key=lambda m: m.key)},
        migrations={each.key: each for each in sorted(migrations, key=lambda m: m.key)},
        kubevirts={} if kubevirt is None else {kubevirt.key: kubevirt},
        migration_policies={each.name: each for each in sorted(policies, key=lambda p: p.name)},
    )
