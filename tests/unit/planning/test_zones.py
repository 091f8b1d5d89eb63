"""NUMA zones in plans: nobody is sent where no single zone is certain to hold it."""

from dataclasses import replace

import pytest

from restow.cluster.objects import Pod
from restow.cluster.topology import NodeTopology
from restow.core.reasons import Reason
from restow.fragmentation.shapes import shape_of
from restow.planning.formulate import formulate
from restow.planning.goal import Goal
from restow.planning.relevance import fingerprint
from restow.planning.reschedule import reschedule
from tests.support.decisions import a_policy, decided, rescheduler, shown
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.numa import a_topology, aligned, with_topologies
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload, owner_ref

pytestmark = pytest.mark.solver

WHOLE = Goal(shapes=(shape_of("cpu=8", where="", field=""),), limit=9)


def waiting(name: str, cpu: int) -> Pod:
    return a_pod(name, cpu_m=1000 * cpu, alignment=aligned(1000 * cpu))


def planned(pods: list[Pod], *topologies: NodeTopology, nodes: int = 2) -> list[str]:
    snapshot = a_snapshot(pods, [a_node(f"n{n}", cpu_m=8000) for n in range(nodes)])
    return shown(decided(with_topologies(snapshot, *topologies)))


def test_a_pod_goes_where_one_zone_holds_it() -> None:
    steps = planned([waiting("a", 3)], a_topology("n0", 2000, 2000), a_topology("n1", 1000, 3000))
    assert steps == ["0 Place a: - > n1"]


def test_nobody_is_moved_to_make_room_in_a_zone() -> None:
    web = a_workload(name="web", replicas=3)
    there = [
        a_pod(f"w-{n}", node="n0", cpu_m=3000, owner=owner_ref(web), alignment=aligned(3000))
        for n in range(2)
    ]
    pods = [*there, waiting("a", 4)]
    topology = a_topology("n0", 1000, 1000)
    assert planned(pods, topology, nodes=1) == []
    found = decided(
        with_topologies(a_snapshot(pods, [a_node("n0", cpu_m=16_000)], workloads=[web]), topology)
    )
    assert found.plan.steps == ()
    assert "no NUMA zone holds it: cpu: 4000m needed" in found.plan.unplaced[0].message


def test_pods_that_need_no_zone_make_room_on_the_node_for_one_that_does() -> None:
    web = a_workload(name="web", replicas=2)
    plain = [a_pod(f"w-{n}", node="n0", cpu_m=3000, owner=owner_ref(web)) for n in range(2)]
    snapshot = a_snapshot(
        [*plain, waiting("a", 4)],
        [a_node("n0", cpu_m=8000), a_node("n1", cpu_m=3000)],
        workloads=[web],
    )
    topologies = (a_topology("n0", 4000, 4000), a_topology("n1", 1000, 2000))
    steps = shown(decided(with_topologies(snapshot, *topologies)))
    assert len(steps) == 2
    assert steps[-1] == "0 Place a: - > n0"


def test_two_pods_do_not_come_to_a_node_where_one_could_take_the_zone_of_the_other() -> None:
    pods = [waiting("small", 1), waiting("large", 3)]
    zones = a_topology("n0", 3000, 1000)
    assert len(planned(pods, zones, nodes=1)) == 1
    assert len(planned(pods, zones, a_topology("n1", 3000, 1000))) == 2
    assert len(planned(pods, a_topology("n0", 3000, 3000), nodes=1)) == 2


def test_as_many_replicas_come_as_find_zones() -> None:
    pods = [waiting(f"a-{n}", 2) for n in range(5)]
    steps = planned(pods, a_topology("n0", 3000, 3000), a_topology("n1", 2000, 1000))
    assert sorted(step.rpartition(" ")[2] for step in steps) == ["n0", "n0", "n1"]


def test_a_change_of_zones_is_reason_to_decide_anew_only_where_pods_need_some() -> None:
    def told(pod: Pod, left: int) -> str:
        snapshot = with_topologies(a_snapshot([pod], [a_node("n0")]), a_topology("n0", left))
        return fingerprint(snapshot, a_policy(), NOW)

    assert told(waiting("a", 1), 1000) != told(waiting("a", 1), 2000)
    assert told(a_pod("b"), 1000) == told(a_pod("b"), 2000)


def test_a_class_of_pods_needs_the_same_of_zones() -> None:
    apart = a_pod("a", cpu_m=2000, alignment=aligned(1000, 1000))
    snapshot = with_topologies(
        a_snapshot([apart, waiting("b", 2)], [a_node("n0")]), a_topology("n0", 2000, 2000)
    )
    assert len(formulate(snapshot, a_policy(), NOW).problem.classes) == 2


def test_machines_with_cpus_of_their_own_migrate_where_a_zone_is_certain_to_hold_each() -> None:
    machines = [a_machine(f"vm-{n}", f"n{n}") for n in range(3)]
    pods = [a_launcher(vm, cpu_m=2000, alignment=aligned(2000)) for vm in machines]
    nodes = [a_node(f"n{n}", cpu_m=8000) for n in range(3)]
    bare = with_machines(a_snapshot(pods, nodes), machines, kubevirt=KUBEVIRT)

    def moves(*topologies: NodeTopology) -> list[str | None]:
        snapshot = with_topologies(bare, *topologies)
        return [
            s.target for s in reschedule(snapshot, a_policy(), WHOLE, rescheduler, NOW).plan.steps
        ]

    assert len(moves()) == 2
    full = [a_topology(f"n{n}", 1000, 1000) for n in range(3)]
    assert moves(*full) == []
    assert moves(*full[:2], a_topology("n2", 2000, 1000)) == ["n2"]
    assert moves(*full[:2], a_topology("n2", 2000, 2000)) == ["n2", "n2"]


def test_a_pod_that_only_zones_refuse_is_told_so() -> None:
    snapshot = with_topologies(
        a_snapshot([waiting("a", 2)], [a_node("n0")]), a_topology("n0", 1000)
    )
    unplaced = decided(snapshot).plan.unplaced[0]
    assert unplaced.reason is Reason.NO_ROOM
    assert "NodeResourceTopology" in unplaced.message


def test_while_the_zones_cannot_be_read_who_needs_one_waits_and_the_others_do_not() -> None:
    pods = [waiting("a", 3), a_pod("b", cpu_m=3000)]
    snapshot = a_snapshot(pods, [a_node("n0", cpu_m=8000)])
    found = decided(replace(snapshot, unknown=frozenset({"NodeResourceTopology"})))
    assert shown(found) == ["0 Place b: - > n0"]
    (left,) = found.plan.unplaced
    assert (left.pod.key.name, "cannot be read now" in left.message) == ("a", True)
    assert fingerprint(snapshot, a_policy(), NOW) != fingerprint(
        replace(snapshot, unknown=frozenset({"NodeResourceTopology"})), a_policy(), NOW
    )
