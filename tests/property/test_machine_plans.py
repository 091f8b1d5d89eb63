"""Plans on random clusters with virtual machines: both places held, nobody evicted."""

import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from restow.cluster.machines import Machine
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.fragmentation.shapes import TargetShape
from restow.planning.acts import Act, Migrate
from restow.planning.goal import Goal
from restow.planning.plan import Action, Plan
from restow.planning.progress import Verdict
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.packing_policy import Moving
from restow.policies.rescheduling import Objective
from restow.rules.machines import is_launcher, kubevirt
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.support.decisions import a_policy, decided, rescheduler
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload, owner_ref

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "40"))
ROOM = 6

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

goals = st.builds(
    Goal,
    shapes=st.sampled_from([2000, 3000, 4000, 6000]).map(
        lambda cpu: (TargetShape(requests=Amounts({"cpu": cpu})),)
    ),
    limit=st.integers(1, 6),
    objective=st.sampled_from([Objective.DEFRAGMENT, Objective.DEFRAGMENT, Objective.CONSOLIDATE]),
)


@st.composite
def clusters(draw: st.DrawFn, *, pending: bool = False) -> Snapshot:
    """Nodes of 6 CPUs, machines on them, some of which cannot migrate, and pods of ReplicaSets."""
    free = [ROOM] * draw(st.integers(2, 5))
    pods: list[Pod] = []
    machines: list[Machine] = []
    webs = {size: a_workload(name=f"web{size}") for size in range(1, 5)}
    for number in range(draw(st.integers(1, 9))):
        node, size = draw(st.integers(0, len(free) - 1)), draw(st.integers(1, 4))
        if free[node] < size:
            continue
        free[node] -= size
        if draw(st.integers(0, 2)):
            machine = a_machine(
                f"vm-{number}", f"n{node}", migratable=draw(st.sampled_from([True, True, False]))
            )
            machines.append(machine)
            pods.append(a_launcher(machine, cpu_m=1000 * size))
        else:
            pods.append(
                a_pod(
                    f"web-{number}",
                    node=f"n{node}",
                    cpu_m=1000 * size,
                    owner=owner_ref(webs[size]),
                )
            )
    workloads = [
        replace(web, replicas=sum(pod.owner == owner_ref(web) for pod in pods))
        for web in webs.values()
    ]
    if pending:
        waiting = a_workload(name="waiting")
        workloads.append(waiting)
        size = draw(st.integers(min(ROOM, max(free) + 1), ROOM))
        priority = draw(st.sampled_from([0, 100]))
        pods.append(a_pod("waiting-0", cpu_m=1000 * size, priority=priority, owner=waiting))
    limits = replace(KUBEVIRT, parallel=draw(st.integers(1, 3)), outbound=draw(st.integers(1, 2)))
    nodes = [a_node(f"n{n}", cpu_m=1000 * ROOM) for n in range(len(free))]
    return with_machines(a_snapshot(pods, nodes, workloads=workloads), machines, kubevirt=limits)


def planned(snapshot: Snapshot, goal: Goal) -> Rescheduled:
    return reschedule(snapshot, a_policy(), goal, rescheduler, NOW)


def replayed(snapshot: Snapshot, plan: Plan) -> None:
    """Replay the waves in amounts of CPU; a machine is in both places until its wave has ended."""
    free = {name: amounts.of("cpu") for name, amounts in snapshot.free.items()}
    limits = kubevirt(snapshot)
    assert limits is not None
    for wave in range(plan.waves):
        steps = [step for step in plan.steps if step.wave == wave]
        sizes = {step.pod: snapshot.pods[step.pod.key].requests.of("cpu") for step in steps}
        machines = [step for step in steps if step.action is Action.MIGRATE]
        moves = [step for step in steps if step.action is Action.MOVE]
        for step in moves:
            free[step.source or NodeName("")] += sizes[step.pod]
        for step in (*moves, *machines):
            free[step.target or NodeName("")] -= sizes[step.pod]
        assert min(free.values()) >= 0
        for step in machines:
            free[step.source or NodeName("")] += sizes[step.pod]
        assert len(machines) <= limits.parallel
        assert max(Counter(step.source for step in machines).values(), default=0) <= limits.outbound


@profile
@given(clusters(), goals)
def test_a_machine_migrates_and_holds_both_of_its_places(snapshot: Snapshot, goal: Goal) -> None:
    plan = planned(snapshot, goal).plan
    for step in plan.steps:
        machine = is_launcher(snapshot.pods[step.pod.key])
        assert step.action is (Action.MIGRATE if machine else Action.MOVE)
        assert (step.vmi is not None) == machine
    event(f"migrates {any(step.vmi for step in plan.steps)}, waves {plan.waves}")
    replayed(snapshot, plan)


@profile
@given(clusters(), goals, st.data())
def test_a_plan_is_carried_out_or_given_up_and_no_machine_is_evicted_or_lost(
    snapshot: Snapshot, goal: Goal, data: st.DataObject
) -> None:
    found = planned(snapshot, goal)
    assume(any(step.action is Action.MIGRATE for step in found.plan.steps))
    failing = data.draw(st.sampled_from([None, *sorted(snapshot.machines)]), label="fails")
    copy_s = data.draw(st.sampled_from([0.0, 1.0, 20.0]), label="copies")
    cluster = Cluster(snapshot, Habits(copy_s=copy_s, fails=lambda key: key == failing))
    deaths = data.draw(st.sets(st.integers(0, 20), max_size=2), label="killed at")
    limits, acts = kubevirt(snapshot), iter(range(10_000))

    def watched(_: Cluster) -> None:
        open_ones = [each for each in cluster.machines.migrations.values() if not each.over]
        assert limits is not None
        assert len(open_ones) <= limits.parallel

    def killed(_: Act) -> bool:
        return next(acts) in deaths

    run = Run(
        cluster=cluster,
        performer=Performer(cluster),
        plan=found.plan,
        policy=a_policy(),
        killed=killed,
        meddle=watched,
    )
    turn = run.to_the_end()
    event(f"ended {turn.verdict}")
    unharmed(cluster, snapshot)
    if failing is None:
        assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
        after = planned(cluster.snapshot(), Goal(shapes=goal.shapes, limit=0)).before
        assert after == found.after
    elif any(act.vmi == failing.name for act in run.done if isinstance(act, Migrate)):
        assert turn.verdict is Verdict.ABORTED
        assert cluster.machines.known[failing].node == snapshot.machines[failing].node


def unharmed(cluster: Cluster, before: Snapshot) -> None:
    """No promise was broken, no machine evicted, no migration left behind; every machine runs."""
    assert cluster.breaches == []
    assert not any(is_launcher(before.pods[key]) for key in cluster.evictions)
    assert all(each.over for each in cluster.machines.migrations.values())
    whole(cluster, before)


def whole(cluster: Cluster, before: Snapshot) -> None:
    """Every machine runs, in one pod, on one node."""
    now = cluster.snapshot()
    for key, machine in before.machines.items():
        (launcher,) = now.pods_by_owner[machine.uid]
        assert launcher.node == now.machines[key].node


@profile
@given(clusters(pending=True))
def test_no_plan_for_waiting_pods_touches_a_machine(snapshot: Snapshot) -> None:
    plan = decided(snapshot).plan
    event(f"steps {bool(plan.steps)}")
    assert not any(is_launcher(snapshot.pods[step.pod.key]) for step in plan.steps)


@profile
@given(clusters(pending=True), st.data())
def test_where_the_policy_lets_them_machines_make_room_for_waiting_pods(
    snapshot: Snapshot, data: st.DataObject
) -> None:
    policy = a_policy(moving=Moving(single_replicas=True, machines=True))
    plan = decided(snapshot, policy).plan
    migrating = [step for step in plan.steps if is_launcher(snapshot.pods[step.pod.key])]
    assert all(step.action is Action.MIGRATE for step in migrating)
    event(f"migrates {len(migrating)}, waves {plan.waves}")
    assume(migrating)
    failing = data.draw(st.sampled_from([None, *sorted(snapshot.machines)]), label="fails")
    copy_s = data.draw(st.sampled_from([0.0, 1.0, 20.0]), label="copies")
    cluster = Cluster(snapshot, Habits(copy_s=copy_s, fails=lambda key: key == failing))
    deaths = data.draw(st.sets(st.integers(0, 20), max_size=2), label="killed at")
    acts = iter(range(10_000))

    def killed(_: Act) -> bool:
        return next(acts) in deaths

    run = Run(
        cluster=cluster, performer=Performer(cluster), plan=plan, policy=policy, killed=killed
    )
    turn = run.to_the_end()
    event(f"ended {turn.verdict}")
    unharmed(cluster, snapshot)
    if failing is None:
        assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
        placed = [step for step in plan.steps if step.action is Action.PLACE]
        now = cluster.snapshot().pods
        assert [now[step.pod.key].node for step in placed] == [step.target for step in placed]
