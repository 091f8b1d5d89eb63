"""Who may leave when others wait for room, story by story, beside parts that never wait."""

import pytest

from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection
from restow.core.ids import ObjectKey
from restow.planning.acts import Act, Evict, Nominate
from restow.planning.execution import Turn
from restow.planning.plan import Step
from restow.planning.progress import Verdict
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from restow.simulation.run import Run
from tests.support.decisions import a_policy
from tests.support.objects import a_node, a_pod, a_snapshot, a_workload, selecting
from tests.support.plans import a_move, a_place, a_plan, an_eviction, without_node

HOST = "kubernetes.io/hostname"


def term(app: str) -> PodTerm:
    """Beside the pods of an app, on the same node."""
    meant = Selection(selector=selecting(app=app), namespaces=frozenset({"default"}))
    return PodTerm(topology_key=HOST, pods=meant)


A, B, JOB = (a_workload("ReplicaSet", name, replicas=1) for name in ("a", "b", "job"))
TWINS = a_workload("ReplicaSet", "twins", replicas=2)


def key(name: str) -> ObjectKey:
    return ObjectKey("default", name)


def restless(last: int = 0) -> Habits:
    """A kube-scheduler that preempts and clears nominations; takes the first or the `last`."""
    return Habits(forgets=lambda _: True, preempts=True, choose=lambda count: min(last, count - 1))


def carried_out(
    snapshot: Snapshot, *steps: Step, habits: Habits, unplaced: tuple[str, ...] = ()
) -> tuple[Run, Turn]:
    """The run of a plan in which every part acts after every act."""
    cluster = Cluster(snapshot, habits)
    left = tuple(without_node(snapshot.pods[key(name)]) for name in unplaced)
    run = Run(
        cluster=cluster,
        performer=Performer(cluster),
        plan=a_plan(*steps, unplaced=left),
        policy=a_policy(),
        between=lambda there: there.tick(0),
    )
    return run, run.to_the_end()


def evicted(acts: list[Act]) -> list[str]:
    return [act.pod.key.name for act in acts if isinstance(act, Evict)]


@pytest.mark.parametrize("last", [0, 1])
def test_rival_of_the_same_size_gets_no_room_whomever_kube_scheduler_takes_up_first(
    last: int,
) -> None:
    a, b = (a_pod(w.key.name, node="n1", cpu_m=2000, owner=w) for w in (A, B))
    p = a_pod("p", cpu_m=4000, owner=JOB)
    snapshot = a_snapshot(
        [a, b, p, a_pod("rival", cpu_m=4000)],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000), a_node("n3", cpu_m=2000)],
        workloads=[A, B, JOB],
    )
    steps = (a_move(a, "n2"), a_move(b, "n3"), a_place(p, "n1"))
    run, turn = carried_out(snapshot, *steps, habits=restless(last), unplaced=("rival",))
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    assert run.cluster.pods[key("p")].node == "n1"


@pytest.mark.parametrize("last", [0, 1])
def test_twin_that_takes_the_room_is_as_good_as_the_planned_pod(last: int) -> None:
    a = a_pod("a", node="n1", cpu_m=2000, owner=A)
    twins = [a_pod(f"twin-{n}", cpu_m=4000, owner=TWINS) for n in range(2)]
    snapshot = a_snapshot(
        [a, *twins],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000)],
        workloads=[A, TWINS],
    )
    steps = (a_move(a, "n2"), a_place(twins[0], "n1"))
    run, turn = carried_out(snapshot, *steps, habits=restless(last), unplaced=("twin-1",))
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    at = [run.cluster.pods[twin.key] for twin in twins]
    assert sorted(str(pod.node) for pod in at) == ["None", "n1"]
    assert [pod.nominated_node for pod in at] == [None, None]


def test_twins_that_land_on_each_others_targets_have_both_arrived() -> None:
    a, b = (a_pod(w.key.name, node=f"n{n}", cpu_m=1000, owner=w) for n, w in enumerate((A, B)))
    twins = [a_pod(f"twin-{n}", cpu_m=4000, owner=TWINS) for n in range(2)]
    snapshot = a_snapshot(
        [a, b, *twins],
        [a_node("n0", cpu_m=4000), a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000)],
        workloads=[A, B, TWINS],
    )
    steps = (
        a_move(a, "n2"),
        a_move(b, "n2"),
        a_place(twins[0], "n1"),
        a_place(twins[1], "n0"),
    )
    for last in (0, 1):
        run, turn = carried_out(snapshot, *steps, habits=restless(last))
        assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
        assert {run.cluster.pods[twin.key].node for twin in twins} == {"n0", "n1"}


def test_nomination_that_would_keep_a_replacement_out_comes_after_it() -> None:
    a = a_pod("a", node="n1", cpu_m=1000, owner=A)
    b = a_pod("b", node="n2", cpu_m=2000, owner=B)
    p = a_pod("p", cpu_m=2000, gpus=1, owner=JOB)
    snapshot = a_snapshot(
        [a, b, p],
        [a_node("n1", cpu_m=2000), a_node("n2", cpu_m=3000, gpus=1)],
        workloads=[A, B, JOB],
    )
    steps = (a_move(a, "n2"), a_move(b, "n1"), a_place(p, "n2"))
    run, turn = carried_out(snapshot, *steps, habits=restless())
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    assert evicted(run.done) == ["a", "b"]
    named = [act.pod.key.name[0] for act in run.done if isinstance(act, Nominate)]
    assert named[0] == "a"


def test_pod_left_without_a_place_leaves_last_and_takes_no_hole_meant_for_others() -> None:
    low = a_pod("low", node="n1", cpu_m=2000, owner=B)
    a = a_pod("a", node="n1", cpu_m=2000, owner=A, priority=10)
    p = a_pod("p", cpu_m=4000, owner=JOB, priority=10)
    snapshot = a_snapshot(
        [low, a, p, a_pod("rival", cpu_m=3000)],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=2000)],
        workloads=[A, B, JOB],
    )
    steps = (a_move(a, "n2"), an_eviction(low), a_place(p, "n1"))
    run, turn = carried_out(snapshot, *steps, habits=restless(), unplaced=("rival",))
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    (new,) = (pod for pod in run.cluster.pods.values() if pod.owner == a.owner)
    assert (new.node, run.cluster.pods[p.key].node) == ("n2", "n1")


def test_circle_is_not_begun_by_a_pod_that_could_preempt_others_while_it_waits() -> None:
    a, b = (
        a_pod(w.key.name, node=f"n{n + 1}", cpu_m=size, owner=w, priority=10)
        for n, (w, size) in enumerate(((A, 3000), (B, 2000)))
    )
    p = a_pod("p", cpu_m=2000, gpus=1, owner=JOB, priority=10)
    snapshot = a_snapshot(
        [a, b, p, a_pod("bystander", node="n3", cpu_m=3000)],
        [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=3000), a_node("n3", cpu_m=3000)],
        workloads=[A, B, JOB],
    )
    steps = (a_move(a, "n2"), a_move(b, "n1"), a_place(p, "n1"))
    run, turn = carried_out(snapshot, *steps, habits=restless())
    assert turn.verdict is Verdict.ABORTED
    assert "may leave first" in turn.reason
    assert run.cluster.evictions == []
    assert run.cluster.pods[key("bystander")].node == "n3"


def test_pod_that_has_to_be_beside_a_moved_one_waits_until_that_is_there_again() -> None:
    lone = a_workload("StatefulSet", "lone", replicas=1)
    beside = (term("lone"),)
    moved = a_pod("lone-0", node="n1", cpu_m=2000, owner=lone, labels={"app": "lone"})
    p = a_pod("p", cpu_m=2000, owner=JOB, affinity=beside)
    snapshot = a_snapshot(
        [moved, a_pod("fixed", node="n1", cpu_m=2000), p],
        [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=4000)],
        workloads=[lone, JOB],
    )
    cluster = Cluster(snapshot, restless())
    plan = a_plan(a_move(moved, "n2"), a_place(p, "n2"))
    seen: list[bool] = []

    def late(there: Cluster) -> None:
        """The StatefulSet's controller takes a turn longer than the others."""
        new = there.pods.get(moved.key)
        if new is not None and new.uid != moved.uid and not seen:
            seen.append(True)
            del there.pods[moved.key]

    run = Run(
        cluster=cluster,
        performer=Performer(cluster),
        plan=plan,
        policy=a_policy(),
        meddle=late,
    )
    turn = run.to_the_end()
    assert seen
    assert (turn.verdict, turn.reason) == (Verdict.COMPLETED, "")
    assert {run.cluster.pods[pod.key].node for pod in (moved, p)} == {"n2"}
