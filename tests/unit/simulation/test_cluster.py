"""The simulated cluster does what the real parts do."""

from dataclasses import replace

import pytest

from restow.core.ids import NodeName, ObjectKey
from restow.core.marks import GATE, PLAN
from restow.planning.acts import ActStatus, Arm, Bind, Evict, Nominate, ProveGate
from restow.simulation.cluster import Cluster, Habits
from restow.simulation.performer import Performer
from tests.support.objects import (
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    owner_ref,
    selecting,
)

NODES = [a_node("n1"), a_node("n2")]


def pods_of(cluster: Cluster, workload: str) -> list[str]:
    return sorted(
        pod.key.name
        for pod in cluster.pods.values()
        if pod.owner is not None and pod.owner.name == workload and not pod.deleting
    )


def evicted(cluster: Cluster, name: str) -> ActStatus:
    pod = cluster.pods[ObjectKey("default", name)]
    act = Evict(plan="plan-1", pod=pod.ref, resource_version=pod.resource_version)
    return Performer(cluster).perform(act).status


def test_pending_pod_goes_to_its_nominated_node_first() -> None:
    pod = a_pod("p", nominated_node="n2")
    cluster = Cluster(a_snapshot([pod], NODES))
    cluster.tick(1)
    assert cluster.pods[pod.key].node == "n2"
    assert cluster.pods[pod.key].nominated_node is None


def test_nomination_keeps_lower_and_equal_pods_off() -> None:
    holder = replace(a_pod("holder", cpu_m=4000, gates=("x",)), nominated_node=NodeName("n1"))
    low, high = a_pod("low"), a_pod("high", priority=5)
    cluster = Cluster(a_snapshot([holder, low, high], [a_node("n1", cpu_m=4000)]))
    cluster.tick(1)
    assert cluster.pods[low.key].node is None
    assert cluster.pods[high.key].node == "n1"


@pytest.mark.parametrize(("kind", "at_once"), [("ReplicaSet", 1), ("StatefulSet", 0)])
def test_replica_set_replaces_a_leaving_pod_at_once_and_a_stateful_set_when_it_is_gone(
    kind: str, at_once: int
) -> None:
    web = a_workload(kind, "web", replicas=1)
    pod = a_pod("web-0", node="n1", owner=web)
    cluster = Cluster(a_snapshot([pod], NODES, workloads=[web]), Habits(leave_default_s=10))
    assert evicted(cluster, "web-0") is ActStatus.DONE
    cluster.tick(1)
    assert len(pods_of(cluster, "web")) == at_once
    cluster.tick(10)
    assert len(pods_of(cluster, "web")) == 1
    assert cluster.missing() == ()


def test_budget_allows_the_next_disruption_only_when_the_replacement_is_ready() -> None:
    web = a_workload("ReplicaSet", "web", replicas=2)
    pods = [a_pod(f"w{i}", node="n1", owner=web, labels={"app": "web"}) for i in range(2)]
    budget = a_budget("b", selector=selecting(app="web"), allowed=1)
    snapshot = a_snapshot(pods, NODES, workloads=[web], budgets=[budget])
    cluster = Cluster(snapshot, Habits(ready_s=5))
    assert evicted(cluster, "w0") is ActStatus.DONE
    assert evicted(cluster, "w1") is ActStatus.BUDGET
    cluster.tick(1)
    assert evicted(cluster, "w1") is ActStatus.BUDGET
    cluster.tick(5)
    assert evicted(cluster, "w1") is ActStatus.DONE
    assert cluster.breaches == []


def test_armed_gate_holds_new_pods_of_its_owners_with_the_mark() -> None:
    web = a_workload("ReplicaSet", "web", replicas=2)
    pod = a_pod("web-0", node="n1", owner=web)
    cluster = Cluster(a_snapshot([pod], NODES, workloads=[web]))
    performer = Performer(cluster)
    performer.perform(Arm(plan="plan-1", owners=frozenset({web.uid})))
    proof = ProveGate(plan="plan-1", owners=(owner_ref(web),))
    assert performer.perform(proof).status is ActStatus.DONE
    cluster.tick(1)
    (new,) = [each for each in cluster.pods.values() if each.key != pod.key]
    assert (new.gates, new.annotations[PLAN], new.node) == ((GATE,), "plan-1", None)


def test_binding_beyond_the_room_is_a_breach_and_a_bound_pod_is_not_nominated() -> None:
    pod = a_pod("p", cpu_m=5000)
    cluster = Cluster(a_snapshot([pod], NODES))
    performer = Performer(cluster)
    bind = Bind(plan="plan-1", pod=pod.ref, node=NodeName("n1"))
    assert performer.perform(bind).status is ActStatus.DONE
    assert len(cluster.breaches) == 1
    nominate = Nominate(plan="plan-1", pod=pod.ref, node=NodeName("n2"))
    assert performer.perform(nominate).status is ActStatus.REFUSED


def test_eviction_of_a_pod_that_changed_is_a_conflict() -> None:
    pod = a_pod("p", node="n1")
    cluster = Cluster(a_snapshot([pod], NODES))
    cluster.put(pod)
    act = Evict(plan="plan-1", pod=pod.ref, resource_version="0")
    assert Performer(cluster).perform(act).status is ActStatus.CONFLICT
