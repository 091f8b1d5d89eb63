"""Whether the rest of a plan still holds."""

from dataclasses import replace

from restow.cluster.terms import PodTerm, Selection, SpreadConstraint
from restow.planning.progress import StepPhase, StepProgress, begin
from restow.planning.revalidate import misfits
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload, selecting
from tests.support.plans import a_move, a_place, a_plan

ZONE = "topology.kubernetes.io/zone"


def test_pod_that_takes_its_time_to_leave_counts_where_it_is_to_arrive() -> None:
    """Topology spread passes over those that terminate, but not over those that come for them."""
    even = SpreadConstraint(
        topology_key=ZONE, max_skew=1, selector=selecting(app="set"), min_domains=None
    )
    owner = a_workload("StatefulSet", "set", replicas=3)
    first, second, third = (
        a_pod(f"set-{n}", node=node, owner=owner, labels={"app": "set"}, spread=(even,))
        for n, node in enumerate(("a1", "b1", "b2"))
    )
    leaving = replace(first, deleting=True)
    nodes = [a_node(name, labels={ZONE: name[0]}) for name in ("a1", "a2", "b1", "b2", "b3")]
    snapshot = a_snapshot([leaving, second, third], nodes, workloads=[owner])
    plan = a_plan(a_move(first, "a2"), a_move(second, "b3", wave=1))
    progress = begin(plan, NOW).put(0, StepProgress(phase=StepPhase.EVICTED, since=NOW))
    assert misfits(plan, progress, snapshot) == []


def test_arrival_that_lacks_a_pod_that_strayed_tells_why_that_one_did() -> None:
    meant = Selection(selector=selecting(app="friend"), namespaces=frozenset({"default"}))
    beside = (PodTerm(topology_key=ZONE, pods=meant),)
    owner = a_workload("ReplicaSet", "friend", replicas=1)
    friend = a_pod("friend", node="b1", owner=owner, labels={"app": "friend"})
    mine = a_pod("mine", affinity=beside)
    nodes = [a_node(name, labels={ZONE: name[0]}) for name in ("a1", "b1")]
    plan = a_plan(a_move(friend, "a1"), a_place(mine, "a1"))
    why = "default/friend found no room on a1: default/late got there"
    lost = StepProgress(phase=StepPhase.STRAYED, since=NOW, message=why)
    progress = begin(plan, NOW).put(0, lost)
    ((index, text),) = misfits(plan, progress, a_snapshot([mine, friend], nodes, workloads=[owner]))
    assert index == 1
    assert text.endswith(f"; before that, {why}")


def test_late_pod_in_the_zone_that_keeps_an_arrival_out_is_named() -> None:
    meant = Selection(selector=selecting(app="mine"), namespaces=frozenset({"default"}))
    avoids = (PodTerm(topology_key=ZONE, pods=meant),)
    mine = a_pod("mine", labels={"app": "mine"})
    late = replace(a_pod("late", node="a2", anti_affinity=avoids), created_at=NOW)
    bystander = replace(a_pod("bystander", node="a2"), created_at=NOW)
    nodes = [a_node(name, labels={ZONE: name[0]}) for name in ("a1", "a2", "b1")]
    plan = a_plan(a_place(mine, "a1"))
    snapshot = a_snapshot([mine, late, bystander], nodes)
    ((index, text),) = misfits(plan, begin(plan, NOW), snapshot)
    assert index == 0
    assert text.endswith("is in its topology.kubernetes.io/zone; default/late came meanwhile")
