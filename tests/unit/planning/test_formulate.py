"""From snapshots to problems."""

from datetime import timedelta

from restow.cluster.objects import Feature, HostPort, Taint
from restow.cluster.snapshot import Snapshot
from restow.core.marks import MOVE_COST, PLAN, PRIORITY
from restow.core.reasons import Reason
from restow.planning.formulate import formulate
from restow.planning.formulation import Formulation, Usage
from restow.policies.packing_policy import Limits, Scope
from restow.policies.selector import Selector
from tests.support.decisions import a_policy
from tests.support.objects import (
    NOW,
    a_budget,
    a_namespace,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    an_owner,
    selecting,
)

OWNER = an_owner()


def formulated(snapshot: Snapshot, **kwargs: object) -> Formulation:
    return formulate(snapshot, a_policy(), NOW, **kwargs)  # type: ignore[arg-type]  # by name


def row(formulation: Formulation, node: str) -> dict[str, int]:
    index = [str(name) for name in formulation.nodes].index(node)
    problem = formulation.problem
    return dict(zip(problem.resources, problem.capacity[index], strict=True))


def test_nothing_pending_is_an_empty_problem() -> None:
    found = formulated(a_snapshot([a_pod(node="n1", owner=OWNER)], [a_node("n1")]))
    assert found.pending == ()
    assert found.problem.classes == ()


def test_fixed_pods_shrink_their_node_and_movable_ones_become_a_class() -> None:
    pods = [
        a_pod("bare", node="n1", cpu_m=1000),
        a_pod("owned", node="n1", cpu_m=500, owner=OWNER),
        a_pod("wanted", cpu_m=4000),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1", cpu_m=4000)]))
    assert row(found, "n1")["cpu"] == 3000
    assert found.fixed[pods[0].uid].reason is Reason.NO_CONTROLLER
    assert [(c.pending, c.running) for c in found.problem.classes] == [(1, ()), (0, ((0, 1),))]


def test_pods_of_one_shape_are_one_class_whoever_owns_them() -> None:
    pods = [
        a_pod("a", node="n1", owner=an_owner(name="a")),
        a_pod("b", node="n2", owner=an_owner(name="b")),
        a_pod("wanted", cpu_m=4000),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1"), a_node("n2")]))
    assert [c.running for c in found.problem.classes if c.movable] == [((0, 1), (1, 1))]


def test_leaving_node_keeps_its_pods_and_receives_none() -> None:
    nodes = [
        a_node("n1"),
        a_node("n2", taints=(Taint(key="karpenter.sh/disrupted", effect="NoSchedule"),)),
    ]
    pods = [a_pod("a", node="n2", owner=OWNER), a_pod("wanted")]
    found = formulated(a_snapshot(pods, nodes))
    assert all(c.allowed == (0,) for c in found.problem.classes)
    assert [c.running for c in found.problem.classes if c.movable] == [((1, 1),)]


def test_node_outside_the_policy_is_no_part_of_the_problem() -> None:
    nodes = [a_node("n1", labels={"pool": "ours"}), a_node("n2")]
    policy = a_policy(scope=Scope(nodes=Selector(match_labels={"pool": "ours"})))
    found = formulate(a_snapshot([a_pod("wanted")], nodes), policy, NOW)
    assert [str(name) for name in found.nodes] == ["n1"]


def test_node_that_is_not_ready_keeps_its_pods() -> None:
    pods = [a_pod("a", node="n2", owner=OWNER), a_pod("wanted")]
    found = formulated(a_snapshot(pods, [a_node("n1"), a_node("n2", ready=False)]))
    assert found.fixed[pods[0].uid].reason is Reason.NODE_LEAVING


def test_pod_in_its_grace_is_not_pending_work() -> None:
    pod = a_pod("new", unschedulable_since=NOW - timedelta(seconds=5))
    snapshot = a_snapshot([pod], [a_node("n1")])
    assert formulate(snapshot, a_policy(grace_seconds=30), NOW).pending == ()
    assert formulate(snapshot, a_policy(grace_seconds=1), NOW).pending == (pod,)


def test_nominee_of_others_holds_its_room() -> None:
    nominee = a_pod("other", cpu_m=1500, nominated_node="n1", unschedulable_since=None, priority=5)
    found = formulated(a_snapshot([nominee, a_pod("wanted")], [a_node("n1", cpu_m=4000)]))
    assert row(found, "n1")["cpu"] == 2500


def test_nominee_of_lower_priority_than_all_pending_holds_nothing() -> None:
    nominee = a_pod("other", cpu_m=1500, nominated_node="n1", unschedulable_since=None)
    wanted = a_pod("wanted", priority=5)
    found = formulated(a_snapshot([nominee, wanted], [a_node("n1", cpu_m=4000)]))
    assert row(found, "n1")["cpu"] == 4000


def test_pod_that_fits_once_leaving_pods_are_gone_needs_no_plan() -> None:
    pods = [a_pod("going", node="n1", cpu_m=3000, deleting=True), a_pod("wanted", cpu_m=4000)]
    found = formulated(a_snapshot(pods, [a_node("n1", cpu_m=4000)]))
    assert found.pending == ()
    assert [each.reason for each in found.waiting] == [Reason.ROOM_LEAVING]


def test_room_that_a_waiting_pod_is_about_to_take_is_not_given_away() -> None:
    pods = [
        a_pod("going", node="n1", cpu_m=3000, deleting=True),
        a_pod("first", cpu_m=3000, priority=5),
        a_pod("second", cpu_m=3000),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1", cpu_m=4000)]))
    assert [str(each.pod.key.name) for each in found.waiting] == ["first"]
    assert [pod.key.name for pod in found.pending] == ["second"]
    assert row(found, "n1")["cpu"] == 1000


def test_pod_that_kube_scheduler_makes_room_for_is_left_to_it() -> None:
    going = a_pod("going", node="n1", cpu_m=4000, deleting=True)
    nominated = a_pod("nominated", cpu_m=4000, nominated_node="n1")
    snapshot = a_snapshot([going, nominated], [a_node("n1", cpu_m=4000)])
    assert formulated(snapshot).pending == ()


def test_nomination_of_ours_does_not_make_a_pod_wait() -> None:
    going = a_pod("going", node="n1", cpu_m=1000, deleting=True)
    stays = a_pod("stays", node="n1", cpu_m=3000, owner=OWNER)
    ours = a_pod("ours", cpu_m=4000, nominated_node="n1", annotations={PLAN: "plan-1"})
    found = formulated(a_snapshot([going, stays, ours], [a_node("n1", cpu_m=4000)]))
    assert found.pending == (ours,)


def test_host_port_is_a_dimension_of_one_per_address() -> None:
    wild = HostPort(port=80)
    pods = [
        a_pod("a", node="n1", host_ports=(HostPort(port=80, ip="10.0.0.1"),)),
        a_pod("b", node="n2", host_ports=(HostPort(port=81),)),
        a_pod("wanted", host_ports=(wild,)),
        a_pod("other", host_ports=(HostPort(port=80, ip="10.0.0.2"),)),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1"), a_node("n2")]))
    one, two = "hostPort 10.0.0.1:80/TCP", "hostPort 10.0.0.2:80/TCP"
    ports = [name for name in found.problem.resources if name.startswith("hostPort")]
    assert ports == [one, two]
    assert (row(found, "n1")[one], row(found, "n1")[two]) == (0, 1)
    assert (row(found, "n2")[one], row(found, "n2")[two]) == (1, 1)
    where = [found.problem.resources.index(name) for name in ports]
    asked = {
        members.pending[0].key.name: tuple(shape.demand[i] for i in where)
        for shape, members in zip(found.problem.classes, found.members, strict=True)
    }
    assert asked == {"wanted": (1, 1), "other": (0, 1)}


def test_evictable_is_what_a_pending_pod_strictly_outranks() -> None:
    pods = [
        a_pod("low", node="n1", cpu_m=100, owner=OWNER),
        a_pod("same", node="n1", cpu_m=200, owner=OWNER, priority=10),
        a_pod("wanted", priority=10),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1")]))
    by_tier = {c.tier: c.evictable for c in found.problem.classes if c.movable}
    assert found.problem.tiers == (10, 0)
    assert by_tier == {0: False, 1: True}


def test_pod_that_never_preempts_makes_nothing_evictable() -> None:
    pods = [a_pod("low", node="n1", owner=OWNER), a_pod("wanted", priority=10, preempts=False)]
    found = formulated(a_snapshot(pods, [a_node("n1")]))
    assert not any(c.evictable for c in found.problem.classes)


def test_annotated_rank_counts_inside_its_namespace_only() -> None:
    pods = [
        a_pod("a/low", node="n1", owner=OWNER),
        a_pod("b/low", node="n1", owner=OWNER),
        a_pod("a/wanted", annotations={PRIORITY: "50"}),
    ]
    found = formulated(a_snapshot(pods, [a_node("n1")]))
    evictable = {
        pod.key.namespace: shape.evictable
        for shape, members in zip(found.problem.classes, found.members, strict=True)
        for _, running in members.running
        for pod in running
    }
    assert found.problem.tiers == (0,)
    assert evictable == {"a": True, "b": False}


def test_pod_whose_replacement_would_preempt_the_newcomer_is_not_evictable() -> None:
    lowered = a_pod("low", node="n1", owner=OWNER, priority=100, annotations={PRIORITY: "0"})
    found = formulated(a_snapshot([lowered, a_pod("wanted", priority=50)], [a_node("n1")]))
    assert found.problem.tiers == (50, 0)
    assert not any(c.evictable for c in found.problem.classes)


def test_budget_that_is_used_up_fixes_its_pods() -> None:
    pods = [a_pod("a", node="n1", owner=OWNER, labels={"app": "a"}), a_pod("wanted")]
    budget = a_budget("b", selector=selecting(app="a"), allowed=0)
    found = formulated(a_snapshot(pods, [a_node("n1")], budgets=[budget]))
    assert found.fixed[pods[0].uid].reason is Reason.BUDGET_EXHAUSTED


def test_unmodelled_pod_is_placed_but_never_moved() -> None:
    features = (Feature.POD_GROUP,)
    pods = [a_pod("a", node="n1", owner=OWNER, features=features), a_pod("w", features=features)]
    found = formulated(a_snapshot(pods, [a_node("n1")]))
    assert found.fixed[pods[0].uid].reason is Reason.POD_GROUP
    assert found.unbindable == {pods[1].uid}


def test_limits_are_what_is_left_of_the_hour() -> None:
    limits = Limits(moves_per_plan=5, moves_per_hour=10, evictions_per_plan=2, evictions_per_hour=3)
    snapshot = a_snapshot([a_pod("wanted")], [a_node("n1")])
    found = formulate(snapshot, a_policy(limits=limits), NOW, usage=Usage(moves=8, evictions=4))
    assert (found.problem.max_moves, found.problem.max_evictions) == (2, 0)


def test_pod_of_an_earlier_policy_is_left_to_it() -> None:
    snapshot = a_snapshot([a_pod("wanted")], [a_node("n1")])
    assert formulate(snapshot, a_policy("b"), NOW, others=(a_policy("a"),)).pending == ()
    assert len(formulate(snapshot, a_policy("a"), NOW, others=(a_policy("b"),)).pending) == 1


def test_move_cost_of_the_namespace_reaches_the_class_and_bad_ones_are_complained_about() -> None:
    workload = a_workload(name="web", annotations={MOVE_COST: "a lot"})
    space = a_namespace("default", annotations={MOVE_COST: "7"})
    pods = [a_pod("a", node="n1", owner=workload), a_pod("wanted")]
    found = formulated(a_snapshot(pods, [a_node("n1")], workloads=[workload], namespaces=[space]))
    assert [c.move_cost for c in found.problem.classes if c.movable] == [7]
    assert [complaint.value for complaint in found.complaints] == ["a lot"]
