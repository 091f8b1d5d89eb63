"""A migration is asked for once, watched, and called off; a machine is never evicted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restow.cluster.machines import MachineMigration
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.planning.acts import Act, ActResult, ActStatus, CancelMigration, Evict, Migrate
from restow.planning.execution import Turn, advance, note
from restow.planning.execution.migrating import name_of
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import Progress, Settings, StepPhase, Verdict, begin
from restow.planning.recovery import orphans
from restow.planning.revalidate import why_stays
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.support.decisions import a_policy
from tests.support.machines import (
    KUBEVIRT,
    a_launcher,
    a_machine,
    a_migration,
    a_target,
    with_machines,
)
from tests.support.objects import GIB, NOW, a_node, a_pod, a_snapshot, an_owner
from tests.support.plans import a_move, a_plan, an_eviction

VM = a_machine("vm", "n1")
LAUNCHER = a_launcher(VM)
NODES = [a_node("n1"), a_node("n2")]
DONE = ActResult(status=ActStatus.DONE)


def migrates(target: str = "n2", *, launcher: Any = LAUNCHER, wave: int = 0) -> Step:
    return Step(
        wave=wave,
        action=Action.MIGRATE,
        pod=launcher.ref,
        source=launcher.node,
        target=NodeName(target),
        owner=launcher.owner,
        vmi=launcher.owner.name,
    )


PLAN = a_plan(migrates())
NAME = name_of(PLAN, PLAN.steps[0])


def seen(*migrations: MachineMigration, machine: Any = VM, pods: Any = (LAUNCHER,)) -> Snapshot:
    return with_machines(a_snapshot(pods, NODES), [machine], migrations)


def turn(progress: Progress, snapshot: Snapshot, after_s: float = 0, *, plan: Plan = PLAN) -> Turn:
    now = NOW + timedelta(seconds=after_s)
    return advance(plan, progress, snapshot, now, Settings(), policy=a_policy())


def begun() -> Progress:
    """The progress of a plan whose migration was asked for, and accepted."""
    first = turn(begin(PLAN, NOW), seen())
    (act,) = first.acts
    return note(PLAN, first.progress, act, DONE, NOW)


def in_phase(phase: str, **changes: Any) -> MachineMigration:
    return a_migration(VM, NAME, phase=phase, plan=PLAN.name, to="n2", **changes)


def test_a_migration_is_asked_for_under_a_name_that_follows_from_the_plan() -> None:
    first = turn(begin(PLAN, NOW), seen())
    asked = Migrate(plan=PLAN.name, pod=LAUNCHER.ref, vmi="vm", name=NAME, hostname="n2")
    assert first.acts == (asked,)
    assert first.progress.steps[0].phase is StepPhase.MIGRATING
    again = turn(first.progress, seen(), 2)
    assert again.acts == (asked,), "killed before the answer was stored: the same once more"
    later = replace(PLAN, taken_at=NOW + timedelta(hours=1))
    assert name_of(later, later.steps[0]) != NAME, "the same decision another time is another one"
    assert len(NAME) <= 63


def test_one_that_was_accepted_is_not_asked_for_again() -> None:
    progress = begun()
    assert progress.steps[0].disturbed_at == NOW
    assert turn(progress, seen(), 1).acts == ()
    assert turn(progress, seen(in_phase("Running")), 1).acts == ()


def test_the_pod_on_the_target_is_known_as_soon_as_it_is_there() -> None:
    migration = in_phase("Scheduling")
    target = a_target(LAUNCHER, migration)
    found = turn(begun(), seen(migration, pods=(LAUNCHER, target)), 1)
    assert found.progress.steps[0].replacement == target.ref
    assert found.verdict is None
    assert found.acts == ()


def test_a_step_is_done_when_the_machine_is_there_and_its_old_pod_is_gone() -> None:
    migration = in_phase("Succeeded")
    target = replace(a_target(LAUNCHER, migration), node=NodeName("n2"))
    moved = replace(VM, node=NodeName("n2"))
    both = turn(begun(), seen(migration, machine=moved, pods=(LAUNCHER, target)), 1)
    assert both.progress.steps[0].phase is StepPhase.MIGRATING
    gone = turn(begun(), seen(migration, machine=moved, pods=(target,)), 1)
    assert gone.progress.steps[0].phase is StepPhase.DONE
    collected = turn(begun(), seen(machine=moved, pods=(target,)), 1)
    assert collected.progress.steps[0].phase is StepPhase.DONE


@pytest.mark.parametrize(
    ("migrations", "after_s", "why"),
    [
        ([in_phase("Failed", failure="too slow")], 1, "failed: too slow"),
        ([in_phase("Failed")], 1, "KubeVirt does not say why"),
        ([replace(in_phase("Running"), deleting=True)], 1, "somebody called it off"),
        ([], 11, "somebody called it off"),
        ([in_phase("Pending")], 151, "it still waits in KubeVirt's queue after 150 s"),
        ([in_phase("Scheduling")], 151, "it still is Scheduling after 150 s"),
        ([in_phase("Running", since=NOW)], 331, "memory was not copied within 330 s"),
    ],
)
def test_a_migration_that_goes_wrong_ends_the_plan(
    migrations: list[MachineMigration], after_s: float, why: str
) -> None:
    found = turn(begun(), seen(*migrations), after_s)
    assert found.progress.ending is not None
    assert found.progress.ending.verdict is Verdict.ABORTED
    assert why in found.progress.ending.reason
    open_ones = [each for each in migrations if not each.over and not each.deleting]
    calls = [act for act in found.acts if isinstance(act, CancelMigration)]
    assert calls == [CancelMigration(migration=m.key, uid=m.uid) for m in open_ones]


@pytest.mark.parametrize(("memory_gib", "limit_s"), [(0.5, 180), (1, 330), (4, 780)])
def test_a_migration_gets_kubevirts_time_for_its_memory_and_a_little_more(
    memory_gib: float, limit_s: float
) -> None:
    machine = replace(VM, memory_bytes=int(memory_gib * GIB))
    running = seen(in_phase("Running", since=NOW), machine=machine)
    assert turn(begun(), running, limit_s - 1).progress.ending is None
    assert turn(begun(), running, limit_s + 1).progress.ending is not None


def test_what_has_not_ended_is_called_off_with_its_plan_and_by_the_next_leader() -> None:
    running = in_phase("Running")
    over = a_migration(VM, "old", phase="Succeeded", plan="plan-0")
    strange = a_migration(VM, "theirs")
    snapshot = seen(running, over, strange)
    call = CancelMigration(migration=running.key, uid=running.uid)
    assert orphans(snapshot, {PLAN.name}) == ()
    assert orphans(snapshot, ()) == (call,)


def test_a_refusal_of_kubevirts_ends_the_plan() -> None:
    first = turn(begin(PLAN, NOW), seen())
    (act,) = first.acts
    refused = ActResult(status=ActStatus.REFUSED, message="not migratable")
    after = note(PLAN, first.progress, act, refused, NOW)
    assert after.ending is not None
    assert "may not be migrated: not migratable" in after.ending.reason


@pytest.mark.parametrize(
    "changed",
    [
        lambda s: replace(s, machines={}),
        lambda s: replace(s, kubevirts={}),
        lambda s: replace(s, machines={VM.key: replace(VM, migratable=False)}),
        lambda s: replace(s, migrations={}, nodes={"n1": s.nodes[NodeName("n1")]}),
        lambda s: seen(a_migration(VM, "theirs")),
    ],
    ids=["machine gone", "kubevirt gone", "not migratable now", "target gone", "migrating"],
)
def test_a_migration_that_no_longer_may_be_is_not_begun(
    changed: Callable[[Snapshot], Snapshot],
) -> None:
    found = turn(begin(PLAN, NOW), changed(seen()))
    assert found.progress.ending is not None
    assert not any(isinstance(act, Migrate) for act in found.acts)


def test_kubevirts_limits_count_what_others_migrate() -> None:
    other = a_machine("other", "n1")
    theirs = a_migration(other, "theirs")
    one = replace(KUBEVIRT, outbound=1)
    snapshot = with_machines(
        a_snapshot([LAUNCHER, a_launcher(other)], NODES), [VM, other], [theirs], kubevirt=one
    )
    waits = turn(begin(PLAN, NOW), snapshot)
    assert waits.acts == ()
    assert waits.progress.ending is None
    ended = replace(snapshot, migrations={theirs.key: replace(theirs, phase="Succeeded")})
    assert len(turn(waits.progress, ended, 1).acts) == 1
    never = turn(waits.progress, snapshot, 46)
    assert never.progress.ending is not None
    assert "away from a node" in never.progress.ending.reason


def test_nothing_is_begun_before_the_target_has_room() -> None:
    full = a_pod("big", node="n2", cpu_m=3500, owner=an_owner(), deleting=True)
    waits = turn(begin(PLAN, NOW), seen(pods=(LAUNCHER, full)))
    assert not any(isinstance(act, Migrate) for act in waits.acts)


@pytest.mark.parametrize("step", [a_move(LAUNCHER, "n2"), an_eviction(LAUNCHER)])
def test_a_plan_that_says_to_evict_a_machine_is_not_carried_out(step: Step) -> None:
    plan = a_plan(step)
    judge = Judge(snapshot=seen(), policy=a_policy(), now=NOW)
    assert "never evicted" in (why_stays(step, judge) or "")
    found = turn(begin(plan, NOW), seen(), plan=plan)
    assert found.progress.ending is not None
    assert not any(isinstance(act, Evict) for act in found.acts)


def test_a_pod_is_not_migrated() -> None:
    pod = a_pod("web", node="n1", owner=an_owner())
    step = replace(migrates(), pod=pod.ref, owner=pod.owner)
    found = turn(begin(a_plan(step), NOW), seen(pods=(pod,)), plan=a_plan(step))
    assert found.progress.ending is not None
    assert not any(isinstance(act, Migrate) for act in found.acts)


def carried_out(*, fails: bool = False, fault: Callable[[Act], Any] = lambda _: None) -> Run:
    cluster = Cluster(seen(), Habits(fails=lambda _: fails))
    return Run(cluster=cluster, performer=Performer(cluster, fault), plan=PLAN, policy=a_policy())


def test_a_plan_is_done_when_its_machine_has_migrated() -> None:
    run = carried_out()
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert run.cluster.machines.known[VM.key].node == "n2"
    assert run.cluster.breaches == []


def test_a_plan_that_fails_leaves_its_machine_where_it_is() -> None:
    run = carried_out(fails=True)
    last = run.to_the_end()
    assert last.verdict is Verdict.ABORTED
    assert "as the test has it" in last.reason
    assert run.cluster.machines.known[VM.key].node == "n1"
    assert [pod.node for pod in run.cluster.pods.values()] == ["n1"]


def test_an_api_server_that_does_not_answer_is_asked_again() -> None:
    answers = iter([ActResult(status=ActStatus.RETRY), ActResult(status=ActStatus.RETRY)])
    run = carried_out(fault=lambda act: next(answers, None) if isinstance(act, Migrate) else None)
    assert run.to_the_end().verdict is Verdict.COMPLETED
