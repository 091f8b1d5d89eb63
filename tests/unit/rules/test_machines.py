"""A virtual machine moves by live migration, if KubeVirt says that it can, and by nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restow.cluster.machines import KubeVirt, MachineMigration
from restow.cluster.objects import DisruptionBudget, Feature, Phase, Pod
from restow.core.ids import NodeName, Uid
from restow.core.reasons import Reason, Refusal
from restow.policies.packing_policy import Moving
from restow.rules import machines, pending, wishes
from restow.rules.moving import machine as moving
from restow.rules.moving.registry import Context, reasons_to_stay
from tests.support.machines import (
    KUBEVIRT,
    a_launcher,
    a_machine,
    a_migration,
    a_target,
    with_machines,
)
from tests.support.objects import NOW, a_budget, a_node, a_pod, a_snapshot

OTHER = a_machine("other")


def judged(
    pod: Pod,
    *machine: Any,
    migrations: Iterable[MachineMigration] = (),
    kubevirt: KubeVirt | None = KUBEVIRT,
    budgets: tuple[DisruptionBudget, ...] = (),
    moving: Moving | None = None,
) -> Refusal | None:
    snapshot = with_machines(
        a_snapshot([pod], [a_node("n")], budgets=budgets), machine, migrations, kubevirt=kubevirt
    )
    context = Context.of(
        snapshot, moving=moving or Moving(), scheduler_names=("default-scheduler",)
    )
    movable = wishes.of(pod, snapshot).movable
    return next(reasons_to_stay(pod, context, movable=movable), None)


def of(machine: Any, **fields: Any) -> Reason | None:
    refusal = judged(a_launcher(machine), machine, **fields)
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"migratable": False, "obstacle": "HostDeviceNotLiveMigratable"}, Reason.MACHINE_IMMOBILE),
        ({"migratable": None}, Reason.MACHINE_IMMOBILE),
        ({"phase": "Scheduled"}, Reason.NOT_RUNNING),
        ({"phase": ""}, Reason.NOT_RUNNING),
        ({"deleting": True}, Reason.ALREADY_LEAVING),
        ({"migrating": True}, Reason.MACHINE_BUSY),
        ({"evacuating": True}, Reason.MACHINE_BUSY),
        ({"eviction_strategy": "LiveMigrateIfPossible"}, None),
        ({"eviction_strategy": "None"}, None),
        ({"eviction_strategy": ""}, None),
        ({"eviction_strategy": "External"}, Reason.OPTED_OUT),
    ],
)
def test_what_kubevirt_says_of_a_machine_decides_whether_it_migrates(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert of(replace(a_machine(), **changes)) is reason


def test_a_refusal_quotes_kubevirt() -> None:
    machine = a_machine(migratable=False, obstacle="DisksNotLiveMigratable: disk root is RWO")
    refusal = judged(a_launcher(machine), machine)
    assert refusal is not None
    assert refusal.message == ("it cannot migrate live: DisksNotLiveMigratable: disk root is RWO")


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("v1.6.0", None),
        ("v1.10.2-rc.1", None),
        ("2.0.0", None),
        ("v1.5.2", Reason.MIGRATION_UNTARGETED),
        ("v0.59.0", Reason.MIGRATION_UNTARGETED),
        ("devel", Reason.MIGRATION_UNTARGETED),
        ("", Reason.MIGRATION_UNTARGETED),
    ],
)
def test_a_machine_stays_unless_its_kubevirt_takes_a_chosen_node(
    version: str, reason: Reason | None
) -> None:
    assert of(a_machine(), kubevirt=replace(KUBEVIRT, version=version)) is reason


def test_a_machine_stays_where_no_kubevirt_object_or_no_machine_can_be_read() -> None:
    machine = a_machine()
    assert of(machine, kubevirt=None) is Reason.MIGRATION_UNTARGETED
    unknown = judged(a_launcher(machine), OTHER)
    recreated = judged(a_launcher(machine), replace(machine, uid=Uid("another")))
    for refusal in (unknown, recreated):
        assert refusal is not None
        assert refusal.reason is Reason.MACHINE_UNKNOWN


def test_only_the_pod_that_the_machine_runs_in_stands_for_it() -> None:
    machine = a_machine(node="elsewhere")
    refusal = judged(a_launcher(machine, node="n"), machine)
    assert refusal is not None
    assert refusal.reason is Reason.MACHINE_BUSY


def test_a_machine_that_somebody_migrates_is_left_alone_until_that_has_ended() -> None:
    machine = a_machine()
    for phase in ("", "Pending", "Scheduling", "Running"):
        assert of(machine, migrations=[a_migration(machine, phase=phase)]) is Reason.MACHINE_BUSY
    for phase in ("Succeeded", "Failed"):
        assert of(machine, migrations=[a_migration(machine, phase=phase)]) is None
    assert of(machine, migrations=[a_migration(OTHER)]) is None


def test_disruption_budgets_do_not_count_since_nothing_is_evicted() -> None:
    machine = a_machine()
    spent = (a_budget("one", allowed=0), a_budget("two", allowed=0))
    assert of(machine, budgets=spent) is None


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ({"descheduler.alpha.kubernetes.io/request-evict-only": "true"}, None),
        ({"descheduler.alpha.kubernetes.io/eviction-in-progress": "true"}, Reason.OPTED_OUT),
        ({"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}, Reason.OPTED_OUT),
        ({"karpenter.sh/do-not-disrupt": "true"}, Reason.OPTED_OUT),
        ({"restow.dev/movable": "false"}, Reason.OPTED_OUT),
        ({"restow.dev/movable": "true"}, None),
    ],
)
def test_opt_outs_hold_for_machines_but_not_what_speaks_of_evictions_only(
    annotations: dict[str, str], reason: Reason | None
) -> None:
    machine = a_machine()
    refusal = judged(a_launcher(machine, annotations=annotations), machine)
    assert (refusal.reason if refusal is not None else None) is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deleting": True}, Reason.ALREADY_LEAVING),
        ({"phase": Phase.PENDING}, Reason.NOT_RUNNING),
        ({"scheduler_name": "mine"}, Reason.FOREIGN_SCHEDULER),
        ({"priority": 2_000_000_000}, Reason.SYSTEM_CRITICAL),
        ({"features": [Feature.LOCAL_STORAGE]}, None),
        ({"features": [Feature.SHARED_GPU]}, Reason.SHARED_GPU),
        ({"started_at": NOW - timedelta(seconds=1)}, Reason.TOO_YOUNG),
    ],
)
def test_what_holds_for_pods_holds_for_launchers_unless_it_is_about_evictions(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    machine = a_machine()
    refusal = judged(a_launcher(machine, **changes), machine, moving=Moving(minimum_age_seconds=60))
    assert (refusal.reason if refusal is not None else None) is reason


def test_a_target_asks_what_the_machine_asks_and_not_where_it_went_last() -> None:
    went, pinned = {"kubernetes.io/hostname": "n", "disk": "ssd"}, {"kubernetes.io/hostname": "n"}
    free = a_machine(node_selector={"disk": "ssd"})
    target = machines.target_pod(a_launcher(free, node_selector=went), free, a_node("n"))
    assert dict(target.node_selector) == {"disk": "ssd"}
    bound = a_machine(node_selector=pinned)
    target = machines.target_pod(a_launcher(bound, node_selector=pinned), bound, a_node("n"))
    assert dict(target.node_selector) == pinned


def test_a_machine_with_the_cpu_of_its_host_goes_where_that_can_be_taken_over() -> None:
    labels = {
        "host-model-cpu.node.kubevirt.io/Skylake": "true",
        "host-model-required-features.node.kubevirt.io/vmx": "true",
        "cpu-model.node.kubevirt.io/Penryn": "true",
    }
    node, machine = a_node("n", labels=labels), a_machine(host_model=True)
    first = machines.target_pod(a_launcher(machine), machine, node)
    asked = {
        "cpu-model-migration.node.kubevirt.io/Skylake": "true",
        "cpu-feature.node.kubevirt.io/vmx": "true",
    }
    assert dict(first.node_selector) == asked
    again = a_node("n", labels={"host-model-cpu.node.kubevirt.io/Icelake": "true"})
    moved = a_launcher(machine, node_selector=asked)
    assert dict(machines.target_pod(moved, machine, again).node_selector) == asked
    named = a_machine(host_model=False)
    assert not machines.target_pod(a_launcher(named), named, node).node_selector


def test_the_pod_of_a_migration_is_no_pending_work() -> None:
    machine = a_machine()
    launcher, migration = a_launcher(machine), a_migration(machine)
    names = ("default-scheduler",)
    target = a_target(launcher, migration, unschedulable_since=NOW - timedelta(minutes=1))
    no = pending.why_not_pending(target, scheduler_names=names, grace_s=0, now=NOW)
    assert no is not None
    assert no.reason is Reason.MIGRATION_TARGET
    starting = a_launcher(machine, node=None)
    assert pending.why_not_pending(starting, scheduler_names=names, grace_s=0, now=NOW) is None
    assert not machines.awaits_migration(replace(target, node=NodeName("n")))
    stranger = a_pod("p", labels={"kubevirt.io/migrationJobUID": "x"})
    assert not machines.awaits_migration(stranger)


def test_a_node_is_named_by_its_own_host_name_only() -> None:
    nodes = [
        a_node("plain"),
        a_node("alias", labels={"kubernetes.io/hostname": "host-1"}),
        a_node("a", labels={"kubernetes.io/hostname": "twin"}),
        a_node("b", labels={"kubernetes.io/hostname": "twin"}),
    ]
    snapshot = a_snapshot([], nodes)
    assert machines.named_target(NodeName("plain"), snapshot) == "plain"
    assert machines.named_target(NodeName("alias"), snapshot) == "host-1"
    assert machines.named_target(NodeName("a"), snapshot) is None
    assert machines.named_target(NodeName("gone"), snapshot) is None


@pytest.mark.parametrize(
    ("kind", "dirty_rate", "stays"),
    [
        ("VirtualMachineInstance", "", True),
        ("VirtualMachineInstanceMigration", "", True),
        ("KubeVirt", "", True),
        ("MigrationPolicy", "50Mi", True),
        ("MigrationPolicy", "", False),
        ("NodeClaim", "50Mi", False),
    ],
)
def test_a_machine_stays_while_what_would_tell_of_it_cannot_be_read(
    kind: str, dirty_rate: str, *, stays: bool
) -> None:
    machine = a_machine(dirty_rate=dirty_rate)
    pod = a_launcher(machine)
    known = [] if kind == "VirtualMachineInstance" else [machine]
    snapshot = with_machines(a_snapshot([pod], [a_node("n")]), known)
    no = moving.refuse(pod, replace(snapshot, unknown=frozenset({kind})))
    assert (no is not None) == stays
    if no is not None:
        assert no.reason is Reason.MACHINE_UNKNOWN
        assert f"{kind} cannot be read" in no.message
