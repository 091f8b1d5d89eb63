"""Replacements that are let in, and pending pods that their placeholders keep out meanwhile."""

import itertools

import pytest

from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection
from restow.core.ids import ObjectKey
from restow.planning.plan import Step
from restow.planning.progress import Settings, Verdict
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.support.decisions import a_policy
from tests.support.objects import a_node, a_pod, a_snapshot, a_workload, selecting
from tests.support.plans import a_move, a_place, a_plan

ZONE = "topology.kubernetes.io/zone"
A, B, JOB = (a_workload("ReplicaSet", name, replicas=1) for name in ("a", "b", "job"))


def restless(last: int, leave_s: float = 0) -> Habits:
    """A kube-scheduler that preempts and clears nominations; of nodes it takes the `last`."""
    return Habits(
        leave_default_s=leave_s,
        forgets=lambda _: True,
        preempts=True,
        choose=lambda count: min(last, count - 1),
    )


def carried_out(snapshot: Snapshot, *steps: Step, habits: Habits, every: int = 1) -> Run:
    """The run of a plan that is completed; the other parts act after every few acts only."""
    cluster, calls = Cluster(snapshot, habits), itertools.count(1)

    def between(there: Cluster) -> None:
        if next(calls) % every == 0:
            there.tick(0)

    run = Run(
        cluster=cluster,
        performer=Performer(cluster),
        plan=a_plan(*steps),
        policy=a_policy(),
        settings=Settings(gated_s=30),  # turns are slower here: nobody is released without room
        between=between,
    )
    turn = run.to_the_end()
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    assert cluster.breaches == []
    return run


@pytest.mark.parametrize("leave_s", [0, 1])
@pytest.mark.parametrize("every", range(1, 9))
def test_replacement_with_room_on_two_nodes_gets_the_planned_one_whenever_its_cycle_comes(
    leave_s: float, every: int
) -> None:
    """The pending pod has room as soon as its friend has come: then its placeholder goes."""
    friends = Selection(selector=selecting(app="b"), namespaces=frozenset({"default"}))
    beside = (PodTerm(topology_key=ZONE, pods=friends),)
    small = a_pod("small", node="n0", cpu_m=1000, owner=A)
    friend = a_pod("friend", node="n1", cpu_m=1000, owner=B, labels={"app": "b"})
    p = a_pod("p", cpu_m=4000, owner=JOB, affinity=beside)
    snapshot = a_snapshot(
        [small, friend, p],
        [
            a_node(f"n{n}", cpu_m=1000 * cpu, labels={ZONE: zone})
            for n, (cpu, zone) in enumerate(((1, "a"), (1, "a"), (1, "b"), (5, "b"), (1, "a")))
        ],
        workloads=[A, B, JOB],
    )
    steps = (a_move(friend, "n2"), a_move(small, "n3"), a_place(p, "n3"))
    run = carried_out(snapshot, *steps, habits=restless(9, leave_s), every=every)
    at = {pod.owner.uid: pod.node for pod in run.cluster.pods.values() if pod.owner}
    assert at == {A.uid: "n3", B.uid: "n2", JOB.uid: "n3"}


@pytest.mark.parametrize("leave_s", [0, 2])
def test_pod_that_its_placeholder_keeps_out_preempts_nobody_elsewhere(leave_s: float) -> None:
    high = a_pod("high", node="n1", cpu_m=3000, owner=A, priority=10)
    slow = a_pod("slow", node="n2", cpu_m=2000, owner=B, priority=10)
    p = a_pod("p", cpu_m=4000, owner=JOB, priority=10)
    snapshot = a_snapshot(
        [high, slow, p, a_pod("bystander", node="n1", cpu_m=1000)],
        [
            a_node("n1", cpu_m=4000),
            a_node("n2", cpu_m=4000),
            a_node("n3", cpu_m=3000),
            a_node("n4", cpu_m=2000),
        ],
        workloads=[A, B, JOB],
    )
    steps = (a_move(high, "n3"), a_move(slow, "n4"), a_place(p, "n2"))
    run = carried_out(snapshot, *steps, habits=restless(0, leave_s))
    assert run.cluster.pods[ObjectKey("default", "bystander")].node == "n1"
    assert run.cluster.pods[p.key].node == "n2"


@pytest.mark.parametrize("leave_s", [0, 0.5, 1, 2])
@pytest.mark.parametrize("every", range(1, 9))
def test_room_of_pending_pod_stays_held_while_replacement_is_let_in_beside_it(
    leave_s: float, every: int
) -> None:
    small = a_pod("small", node="n0", cpu_m=1000, owner=A)
    large = a_pod("large", node="n1", cpu_m=4000, owner=B)
    p = a_pod("p", cpu_m=4000, owner=JOB, node_selector={ZONE: "b"})
    rival = a_pod("rival", cpu_m=4000, node_selector={ZONE: "b"})
    snapshot = a_snapshot(
        [small, large, p, rival],
        [
            a_node(f"n{n}", cpu_m=1000 * cpu, labels={ZONE: zone})
            for n, (cpu, zone) in enumerate(((1, "a"), (5, "b"), (4, "a")))
        ],
        workloads=[A, B, JOB],
    )
    steps = (a_move(small, "n1"), a_move(large, "n2"), a_place(p, "n1"))
    run = carried_out(snapshot, *steps, habits=restless(9, leave_s), every=every)
    at = {pod.owner.uid: pod.node for pod in run.cluster.pods.values() if pod.owner}
    assert at == {A.uid: "n1", B.uid: "n2", JOB.uid: "n1"}


def test_pod_of_higher_priority_is_bound_before_a_lower_one_is_let_in_where_both_fit() -> None:
    """It would take that room: all of both nodes comes free at the same moment."""
    group = a_workload("StatefulSet", "set", replicas=4)
    stays = [
        a_pod(f"set-{number}", node=node, cpu_m=1000, owner=group)
        for number, node in enumerate(("n0", "n0", "n1", "n2"))
    ]
    small = a_pod("small", node="n3", cpu_m=1000, owner=A)
    beside = a_pod("beside", node="n1", cpu_m=1000, owner=B)
    high = a_pod("high", cpu_m=4000, priority=10, owner=a_workload(name="high"))
    low = a_pod("low", cpu_m=4000, owner=JOB)
    snapshot = a_snapshot(
        [*stays, small, beside, high, low],
        [a_node(f"n{number}", cpu_m=4000) for number in range(4)],
        workloads=[group, A, B, JOB, a_workload(name="high")],
    )
    steps = (
        a_move(stays[3], "n0"),
        a_move(small, "n0"),
        a_place(high, "n2"),
        a_place(low, "n3"),
    )
    run = carried_out(snapshot, *steps, habits=Habits(leave_default_s=2), every=10_000)
    assert [run.cluster.pods[pod.key].node for pod in (high, low)] == ["n2", "n3"]


def test_pod_of_higher_priority_keeps_out_of_room_that_an_earlier_wave_left_to_a_lower_one() -> (
    None
):
    """It waits for a later wave; what is held for the lower one is nothing to it."""
    group = a_workload("ReplicaSet", "group", replicas=3)
    one, two, three = (
        a_pod(f"group-{number}", node=node, cpu_m=1000, owner=group)
        for number, node in enumerate(("n1", "n2", "n2"))
    )
    stays = [a_pod(f"stays-{node}", node=node, cpu_m=1000, owner=A) for node in ("n0", "n3")]
    high = a_pod("high", cpu_m=4000, priority=10, owner=a_workload(name="high"))
    low = a_pod("low", cpu_m=4000, owner=JOB)
    snapshot = a_snapshot(
        [one, two, three, *stays, high, low],
        [a_node(f"n{number}", cpu_m=4000) for number in range(4)],
        workloads=[group, A, JOB, a_workload(name="high")],
    )
    steps = (
        a_move(one, "n0"),
        a_move(two, "n0", wave=1),
        a_move(three, "n0", wave=2),
        a_place(high, "n2", wave=2),
        a_place(low, "n1", wave=2),
    )
    run = carried_out(snapshot, *steps, habits=Habits(), every=10_000)
    assert [run.cluster.pods[pod.key].node for pod in (high, low)] == ["n2", "n1"]
