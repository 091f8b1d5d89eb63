"""The protocol, story by story, on a simulated cluster."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.marks import GATE, HOLD, MOVABLE, PLAN
from restow.planning.acts import (
    Act,
    ActResult,
    ActStatus,
    Bind,
    Evict,
    Nominate,
    ProveGate,
    Release,
    Reserve,
    Unreserve,
)
from restow.planning.execution import Turn, advance, note
from restow.planning.plan import Plan
from restow.planning.progress import Progress, Settings, StepPhase, Verdict, begin
from restow.planning.recovery import orphans
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.support.decisions import a_policy, decided
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    selecting,
)
from tests.support.plans import a_move, a_place, a_plan

pytestmark = pytest.mark.solver

WEB = a_workload("ReplicaSet", "web", replicas=1)
JOB = a_workload("ReplicaSet", "job", replicas=1)
P = ObjectKey("default", "p")
A = ObjectKey("default", "a")


def stranded(kind: str = "ReplicaSet") -> Snapshot:
    """A pod that fits on n1 once the pod there has moved to n2."""
    web = replace(WEB, kind=kind)
    name = "web-0" if kind == "StatefulSet" else "a"
    return a_snapshot(
        [
            a_pod(name, node="n1", cpu_m=1000, owner=web),
            a_pod("p", cpu_m=4000, owner=JOB, priority=5),
        ],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=3000)],
        workloads=[web, JOB],
    )


def a_run(
    snapshot: Snapshot,
    habits: Habits | None = None,
    *,
    fault: Callable[[Act], ActResult | None] = lambda _: None,
    meddle: Callable[[Cluster], None] = lambda _: None,
) -> Run:
    cluster = Cluster(snapshot, habits or Habits())
    return Run(
        cluster=cluster,
        performer=Performer(cluster, fault),
        plan=decided(snapshot).plan,
        policy=a_policy(),
        meddle=meddle,
    )


def kinds(acts: list[Act]) -> list[str]:
    """Names of the acts, repetitions left out."""
    names = [type(act).__name__ for act in acts]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def unmarked(cluster: Cluster) -> bool:
    return cluster.armed is None and all(
        PLAN not in pod.annotations and not pod.gates and pod.nominated_node is None
        for pod in cluster.pods.values()
    )


def test_protocol_nominates_arms_proves_evicts_and_disarms_in_this_order() -> None:
    run = a_run(stranded())
    assert run.to_the_end().verdict is Verdict.COMPLETED
    first = {name: kinds(run.done).index(name) for name in kinds(run.done)}
    assert first["Nominate"] < first["Arm"] < first["ProveGate"] < first["Evict"] < first["Disarm"]
    assert first["Evict"] < first["Release"] < first["Withdraw"]
    assert run.cluster.pods[P].node == "n1"
    assert unmarked(run.cluster)


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet"])
@pytest.mark.parametrize("leave_s", [0, 20])
def test_slow_pods_and_a_forgetful_scheduler_do_not_cost_the_planned_node(
    kind: str, leave_s: float
) -> None:
    run = a_run(stranded(kind), Habits(leave_default_s=leave_s, forgets=lambda _: True))
    turn = run.to_the_end()
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    assert run.cluster.pods[P].node == "n1"
    assert run.cluster.missing() == ()
    assert unmarked(run.cluster)


def test_without_the_admission_policy_the_plan_goes_on_unsteered() -> None:
    run = a_run(stranded(), Habits(gates=False))
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert run.cluster.pods[P].node == "n1"
    assert "Release" not in kinds(run.done)


def test_no_pod_is_evicted_before_the_gate_is_proven() -> None:
    unproven = ActResult(status=ActStatus.UNAVAILABLE)
    seen: list[Act] = []

    def fault(act: Act) -> ActResult | None:
        seen.append(act)
        tries = sum(isinstance(each, ProveGate) for each in seen)
        return unproven if isinstance(act, ProveGate) and tries < 3 else None

    run = a_run(stranded(), fault=fault)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    names = [type(act).__name__ for act in run.done]
    assert names[: names.index("Evict")].count("ProveGate") == 3


def test_nobody_stays_gated_longer_than_the_limit() -> None:
    slow = Habits(leave_default_s=20)
    since: dict[ObjectKey, float] = {}

    def watch(cluster: Cluster) -> None:
        for pod in cluster.pods.values():
            since[pod.key] = since.get(pod.key, 0) + 0.5 if GATE in pod.gates else 0
        assert max(since.values()) <= Settings().gated_s + 1

    # the replacement's target is the node of the pod that takes 20 s to leave
    nodes = [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=3000)]
    b = a_workload("ReplicaSet", "b", replicas=1)
    pods = [
        a_pod("a", node="n1", cpu_m=3000, owner=WEB),
        a_pod("b", node="n2", cpu_m=2000, owner=b),
        a_pod("p", cpu_m=2000, gpus=1, owner=JOB),
    ]
    run = a_run(a_snapshot(pods, nodes, workloads=[WEB, b, JOB]), slow, meddle=watch)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert len(since) > len(pods)


def test_stranger_in_the_pending_pods_room_aborts_and_leaves_nothing() -> None:
    def take(cluster: Cluster) -> None:
        if cluster.evictions and ObjectKey("default", "stranger") not in cluster.pods:
            cluster.put(a_pod("stranger", node="n1", cpu_m=3000, priority=1000))

    run = a_run(stranded(), Habits(leave_default_s=5), meddle=take)
    turn = run.to_the_end()
    assert turn.verdict is Verdict.ABORTED
    assert "no longer fits on n1" in turn.reason
    assert unmarked(run.cluster)
    assert run.cluster.missing() == ()


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet"])
def test_moved_pod_of_lower_priority_that_loses_its_target_says_to_whom_and_stops_nothing(
    kind: str,
) -> None:
    def take(cluster: Cluster) -> None:
        if cluster.evictions and ObjectKey("default", "stranger") not in cluster.pods:
            taker = a_pod("stranger", node="n2", cpu_m=3000, priority=1000)
            cluster.put(replace(taker, created_at=cluster.now))

    run = a_run(stranded(kind), Habits(leave_default_s=5), meddle=take)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert run.cluster.pods[P].node == "n1"
    (lost,) = (each for each in run.stored.status.steps if each.detail == StepPhase.STRAYED)
    assert "default/stranger got there" in lost.message
    assert unmarked(run.cluster)


def test_budget_used_up_before_the_first_eviction_aborts_untouched() -> None:
    snapshot = stranded()
    plan = decided(snapshot).plan
    budget = a_budget("b", selector=selecting(), allowed=0)
    fresh = replace(snapshot, budgets={budget.key: budget})
    turn = to_eviction(plan, fresh)
    assert turn.progress.ending is not None
    assert "default/b" in turn.progress.ending.reason
    assert not any(isinstance(act, Evict) for act in turn.acts)


def test_eviction_refused_by_a_budget_is_tried_again_after_a_pause() -> None:
    answers = iter([ActResult(status=ActStatus.BUDGET, message="used up")] * 2)
    tried: list[float] = []
    cluster = Cluster(stranded())

    def fault(act: Act) -> ActResult | None:
        if isinstance(act, Evict):
            tried.append((cluster.now - NOW).total_seconds())
            return next(answers, None)
        return None

    plan = decided(stranded()).plan
    run = Run(cluster=cluster, performer=Performer(cluster, fault), plan=plan, policy=a_policy())
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert len(tried) == 3
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(tried))


def test_eviction_refused_for_good_aborts() -> None:
    refused = ActResult(status=ActStatus.REFUSED, message="no")
    run = a_run(stranded(), fault=lambda act: refused if isinstance(act, Evict) else None)
    turn = run.to_the_end()
    assert turn.verdict is Verdict.ABORTED
    assert unmarked(run.cluster)
    assert run.cluster.evictions == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pod: replace(pod, annotations=Labels({MOVABLE: "false"})), "restow.dev"),
        (lambda pod: replace(pod, node=NodeName("n2")), "not on n1"),
        (lambda pod: replace(pod, uid=Uid("other")), "gone"),
        (lambda pod: replace(pod, deleting=True), "deleted"),
    ],
    ids=["opted out", "moved", "another incarnation", "deleted"],
)
def test_pod_that_changed_before_its_eviction_aborts(
    change: Callable[[Pod], Pod], said: str
) -> None:
    snapshot = stranded()
    plan = decided(snapshot).plan
    fresh = replace(snapshot, pods={**snapshot.pods, A: change(snapshot.pods[A])})
    turn = to_eviction(plan, fresh)
    assert turn.progress.ending is not None
    assert said in turn.progress.ending.reason
    assert not any(isinstance(act, Evict) for act in turn.acts)


def test_cordoned_target_aborts() -> None:
    snapshot = stranded()
    plan = decided(snapshot).plan
    n2 = NodeName("n2")
    nodes = {**snapshot.nodes, n2: replace(snapshot.nodes[n2], unschedulable=True)}
    turn = to_eviction(plan, replace(snapshot, nodes=nodes))
    assert turn.progress.ending is not None
    assert "cordoned" in turn.progress.ending.reason


def test_pending_pod_that_found_a_place_by_itself_ends_the_plan_without_evictions() -> None:
    snapshot = stranded()
    plan = decided(snapshot).plan
    placed = replace(snapshot.pods[P], node=NodeName("n1"), requests=snapshot.pods[A].requests)
    turn = to_eviction(plan, replace(snapshot, pods={**snapshot.pods, P: placed}))
    assert turn.progress.ending is not None
    assert turn.progress.ending.verdict is Verdict.COMPLETED


def test_pod_is_bound_when_kube_scheduler_leaves_its_free_room_unused() -> None:
    pod = a_pod("p", cpu_m=1000)
    snapshot = a_snapshot([pod], [a_node("n1")])
    plan = a_plan(a_place(pod, "n1"))
    nominated = replace(pod, nominated_node=NodeName("n1"), annotations=Labels({PLAN: plan.name}))
    fresh = a_snapshot([nominated], [a_node("n1")])
    progress = begin(plan, NOW)
    acts: list[Act] = []
    for second in range(4):
        now = NOW + timedelta(seconds=second)
        turn = advance(
            plan,
            progress,
            snapshot if second == 0 else fresh,
            now,
            Settings(),
            policy=a_policy(),
        )
        progress = turn.progress
        acts += turn.acts
    assert any(isinstance(act, Nominate) for act in acts)
    assert any(isinstance(act, Bind) for act in acts)
    unbindable = a_plan(replace(a_place(pod, "n1"), bindable=False))
    turn = advance(unbindable, progress, fresh, now, Settings(), policy=a_policy())
    assert not any(isinstance(act, Bind) for act in turn.acts)


def test_replica_beyond_the_planned_ones_is_released_at_once() -> None:
    moved = a_pod("a", node="n1", owner=WEB)
    extra = a_pod("extra", owner=WEB, gates=(GATE,), annotations={PLAN: "plan-1"})
    plan = a_plan(a_move(moved, "n2"))
    snapshot = a_snapshot([moved, extra], [a_node("n1"), a_node("n2")], workloads=[WEB])
    turn = advance(plan, begin(plan, NOW), snapshot, NOW, Settings(), policy=a_policy())
    assert Release(pod=extra.ref) in turn.acts


def test_deadline_aborts_and_disarms() -> None:
    plan = decided(stranded()).plan
    progress = replace(begin(plan, NOW), gate_since=NOW)
    late = NOW + timedelta(seconds=Settings().deadline_s)
    turn = advance(plan, progress, stranded(), late, Settings(), policy=a_policy())
    assert turn.progress.ending is not None
    assert "not done within 600 s" in turn.progress.ending.reason


@pytest.mark.parametrize("act", range(1, 12))
@pytest.mark.parametrize("leave_s", [0, 20])
def test_operator_killed_before_any_act_is_resumed_by_the_next_one(
    act: int, leave_s: float
) -> None:
    asked: list[Act] = []

    def killed(each: Act) -> bool:
        asked.append(each)
        return len(asked) == act

    run = a_run(stranded(), Habits(leave_default_s=leave_s))
    run.killed = killed
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert run.cluster.pods[P].node == "n1"
    assert run.cluster.missing() == ()
    assert len(run.cluster.evictions) == 1
    assert unmarked(run.cluster)


def to_eviction(plan: Plan, snapshot: Snapshot) -> Turn:
    """Carry the plan out up to the turn that evicts or gives up, and return that turn."""
    cluster = Cluster(snapshot)
    performer = Performer(cluster)
    progress: Progress = begin(plan, NOW)
    for _ in range(4):
        turn = advance(plan, progress, cluster.snapshot(), NOW, Settings(), policy=a_policy())
        progress = turn.progress
        if progress.ending or any(isinstance(act, Evict) for act in turn.acts):
            break
        for act in turn.acts:
            progress = note(plan, progress, act, performer.perform(act), NOW)
    return turn


def test_next_wave_waits_until_what_the_controller_lost_is_ready_again() -> None:
    web = a_workload("ReplicaSet", "web", replicas=2)
    snapshot = a_snapshot(
        [
            a_pod("a", node="n1", cpu_m=2000, owner=web),
            a_pod("b", node="n1", cpu_m=2000, owner=web),
            a_pod("p", cpu_m=4000, owner=JOB, priority=5),
        ],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000), a_node("n3", cpu_m=2000)],
        workloads=[web, JOB],
    )
    least: list[int] = []

    def count(cluster: Cluster) -> None:
        pods = [pod for pod in cluster.pods.values() if pod.owner and pod.owner.uid == web.uid]
        least.append(sum(pod.ready and not pod.deleting for pod in pods))

    run = a_run(snapshot, Habits(ready_s=10), meddle=count)
    assert run.plan.waves == 2
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert min(least) == 1


GPU = {"kind": "gpu"}
PLAIN = {"kind": "plain"}
CIRCLE = [a_node("n1", cpu_m=4000, gpus=1, labels=GPU), a_node("n2", cpu_m=4000, labels=PLAIN)]


def circle(*more: Pod) -> Snapshot:
    """A pod that needs the GPU of n1: the pods of n1 and n2 have to change places for it."""
    web, api = a_workload("ReplicaSet", "web"), a_workload("ReplicaSet", "api")
    return a_snapshot(
        [
            a_pod("a", node="n1", cpu_m=3000, owner=web),
            a_pod("b", node="n2", cpu_m=2000, owner=api),
            a_pod("c", node="n2", cpu_m=1000),
            a_pod("p", cpu_m=2000, gpus=1, owner=JOB, priority=5),
            *more,
        ],
        CIRCLE,
        workloads=[web, api, JOB],
    )


def no_placeholders(act: Act) -> ActResult | None:
    """A quota in restow's namespace."""
    refused = ActResult(status=ActStatus.REFUSED, message="exceeded quota")
    return refused if isinstance(act, Reserve) else None


def test_without_placeholders_pod_leaves_only_once_what_comes_in_its_place_is_nominated() -> None:
    rival = a_pod("q", cpu_m=2000, node_selector=PLAIN)
    run = a_run(circle(rival), Habits(leave_default_s=3), fault=no_placeholders)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    told = [
        f"{type(act).__name__} {act.pod.key.name[0]}" for act in run.done if hasattr(act, "pod")
    ]
    assert told.index("Evict a") < told.index("Nominate w") < told.index("Evict b")


def test_without_placeholders_no_pod_leaves_while_somebody_waits_who_would_take_its_room() -> None:
    cluster = Cluster(circle(a_pod("thief", cpu_m=2000)))
    performer = Performer(cluster, no_placeholders)
    plan = decided(circle()).plan
    run = Run(cluster=cluster, performer=performer, plan=plan, policy=a_policy())
    turn = run.to_the_end()
    assert turn.verdict is Verdict.ABORTED
    assert "thief would take the room of default/b on n2" in turn.reason
    assert run.cluster.evictions == []
    assert unmarked(run.cluster)


def test_where_a_quota_allows_some_placeholders_only_the_plan_goes_on_without_any() -> None:
    def one_node_only(act: Act) -> ActResult | None:
        elsewhere = isinstance(act, Reserve) and act.placeholder.node != "n1"
        return no_placeholders(act) if elsewhere else None

    run = a_run(stranded(), fault=one_node_only)
    held: list[int] = []
    run.meddle = lambda cluster: held.append(
        sum(HOLD in pod.gates for pod in cluster.pods.values())
    )
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert run.cluster.pods[P].node == "n1"
    assert max(held) == 1
    assert unmarked(run.cluster)


def test_placeholders_keep_out_who_waits_and_are_gone_with_the_plan() -> None:
    """The thief fits wherever somebody leaves, and every nomination of a pod is cleared."""
    run = a_run(
        circle(a_pod("thief", cpu_m=2000)), Habits(leave_default_s=2, forgets=lambda _: True)
    )
    thief, held = ObjectKey("default", "thief"), 0
    between: list[NodeName | None] = []

    def look(cluster: Cluster) -> None:
        nonlocal held
        held += any(HOLD in pod.gates for pod in cluster.pods.values())
        if GATE in {gate for pod in cluster.pods.values() for gate in pod.gates}:
            between.append(cluster.pods[thief].node)

    run.meddle = look
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert held
    assert set(between) == {None}
    assert {state.detail for state in run.stored.status.steps} == {StepPhase.DONE}
    assert not any(HOLD in pod.gates for pod in run.cluster.pods.values())
    assert run.cluster.breaches == []


def test_dead_plans_placeholder_is_deleted() -> None:
    holder = replace(
        a_pod("h", cpu_m=1000),
        gates=(HOLD,),
        annotations=Labels({PLAN: "dead"}),
        nominated_node=NodeName("n1"),
    )
    snapshot = a_snapshot([holder], [a_node("n1")])
    assert orphans(snapshot, ()) == (Unreserve(pod=holder.ref),)
    assert orphans(snapshot, ("dead",)) == ()


def test_pod_that_kube_scheduler_preempts_in_mid_wave_counts_as_evicted() -> None:
    """Its turn had not come: it waits for the late replacement of a StatefulSet's pod."""
    first = a_workload("StatefulSet", "db")
    low = a_workload("ReplicaSet", "low")
    snapshot = a_snapshot(
        [
            a_pod("db-0", node="n1", cpu_m=2000, owner=first, priority=5),
            a_pod("low-1", node="n1", cpu_m=2000, owner=low),
            a_pod("p", cpu_m=4000, owner=JOB, priority=5),
        ],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000)],
        workloads=[first, low, JOB],
    )

    def preempt(cluster: Cluster) -> None:
        victim = cluster.pods.get(ObjectKey("default", "low-1"))
        if any(key.name == "db-0" for key in cluster.evictions) and victim and not victim.deleting:
            cluster.evict(victim)

    run = a_run(snapshot, Habits(leave_default_s=2), meddle=preempt)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    assert [act.pod.key.name for act in run.done if isinstance(act, Evict)] == ["db-0"]
    assert run.cluster.pods[P].node == "n1"


def test_sibling_as_young_as_a_replacement_is_not_taken_for_one() -> None:
    web = replace(WEB, replicas=2)
    young = NOW - timedelta(seconds=1)
    snapshot = a_snapshot(
        [
            a_pod("a", node="n1", cpu_m=1000, owner=web, created_at=young),
            a_pod("b", node="n2", cpu_m=1000, owner=web, created_at=young),
            a_pod("p", cpu_m=4000, owner=JOB, priority=5),
        ],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=3000)],
        workloads=[web, JOB],
    )
    run = a_run(snapshot)
    assert run.to_the_end().verdict is Verdict.COMPLETED
    (new,) = run.cluster.pods.keys() - snapshot.pods.keys()
    assert {act.pod.key for act in run.done if isinstance(act, Nominate)} == {P, new}
