"""Whole decisions on small clusters, with the real solver."""

from dataclasses import replace

import pytest

from restow.cluster.objects import Feature
from restow.cluster.pod_devices import PodClaim
from restow.cluster.volumes import PodVolume
from restow.core.reasons import Reason
from restow.explain.unplaced import unplaced
from restow.packing.outcome import Outcome, Status
from restow.packing.problem import Problem
from restow.planning.decide import decide
from restow.planning.plan import Action
from restow.policies.packing_policy import Limits
from tests.support.decisions import a_policy, decided, shown
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    an_owner,
    selecting,
)

pytestmark = pytest.mark.solver

WEB = an_owner(name="web")
API = an_owner(name="api")


def no_solver(problem: Problem, budget_s: float) -> Outcome:
    raise AssertionError("nothing was to be solved")


def test_nothing_pending_is_not_solved() -> None:
    snapshot = a_snapshot([a_pod(node="n1")], [a_node("n1")])
    decision = decide(snapshot, a_policy(), no_solver, NOW, explainer=unplaced)
    assert (decision.plan.steps, decision.outcome) == ((), None)
    assert decision.plan.solve.outcome is Status.UNCHANGED


def test_stranded_pod_gets_its_place_by_the_fewest_moves() -> None:
    nodes = [a_node(f"g{i}", gpus=8) for i in range(3)]
    pods = [
        a_pod("a", node="g0", gpus=3, owner=WEB),
        a_pod("b", node="g0", gpus=3, owner=WEB),
        a_pod("c", node="g1", gpus=4, owner=API),
        a_pod("d", node="g2", gpus=4, owner=API),
        a_pod("big", gpus=8),
    ]
    decision = decided(a_snapshot(pods, nodes))
    assert decision.plan.solve.disturbed.moves == 1
    assert decision.plan.solve.disturbed.proven
    assert [step.action for step in decision.plan.steps] == [Action.MOVE, Action.PLACE]


def test_chain_leaves_one_after_the_other_and_arrives_in_one_wave() -> None:
    gpu = {"kind": "gpu"}
    nodes = [
        a_node("n1", cpu_m=4000, gpus=1, labels=gpu),
        a_node("n2", cpu_m=3000, labels={"disk": "ssd"}),
        a_node("n3", cpu_m=2000),
    ]
    pods = [
        a_pod("a", node="n1", cpu_m=3000, owner=WEB, node_selector={}),
        a_pod("b", node="n2", cpu_m=2000, owner=API),
        a_pod("p", cpu_m=4000, gpus=1, node_selector=gpu),
    ]
    assert shown(decided(a_snapshot(pods, nodes))) == [
        "0 Move b: n2 > n3",
        "0 Move a: n1 > n2",
        "0 Place p: - > n1",
    ]


def test_swap_of_equal_priority_is_one_wave() -> None:
    nodes = [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=3000)]
    pods = [
        a_pod("a", node="n1", cpu_m=3000, owner=WEB),
        a_pod("b", node="n2", cpu_m=2000, owner=API),
        a_pod("p", cpu_m=2000, gpus=1),
    ]
    assert shown(decided(a_snapshot(pods, nodes))) == [
        "0 Move b: n2 > n1",
        "0 Move a: n1 > n2",
        "0 Place p: - > n1",
    ]


def test_higher_pod_costs_the_fewest_lowest_pods() -> None:
    pods = [
        a_pod("low", node="n1", cpu_m=2000, owner=WEB, priority=0),
        a_pod("middle", node="n1", cpu_m=2000, owner=WEB, priority=10),
        a_pod("high", cpu_m=2000, priority=100),
    ]
    decision = decided(a_snapshot(pods, [a_node("n1", cpu_m=4000)]))
    assert shown(decision) == ["0 Evict low: n1 > -", "0 Place high: - > n1"]


def test_equal_priority_is_never_evicted() -> None:
    pods = [a_pod("there", node="n1", cpu_m=3000, owner=WEB), a_pod("wanted", cpu_m=3000)]
    decision = decided(a_snapshot(pods, [a_node("n1", cpu_m=4000)]))
    assert decision.plan.steps == ()
    assert [(each.reason, each.proven) for each in decision.plan.unplaced] == [
        (Reason.NO_ROOM, True)
    ]


def test_budget_of_one_spreads_moves_over_waves() -> None:
    nodes = [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=4000)]
    pods = [
        a_pod("a", node="n1", cpu_m=2000, owner=WEB, labels={"app": "web"}),
        a_pod("b", node="n1", cpu_m=2000, owner=WEB, labels={"app": "web"}),
        a_pod("p", cpu_m=4000, gpus=1),
    ]
    budget = a_budget("web", selector=selecting(app="web"), allowed=1)
    decision = decided(a_snapshot(pods, nodes, budgets=[budget]))
    assert [step.wave for step in decision.plan.steps] == [0, 1, 1]


def test_exhausted_budget_is_named() -> None:
    nodes = [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=1000)]
    pods = [
        a_pod("a", node="n1", cpu_m=1000, owner=WEB, labels={"app": "web"}),
        a_pod("p", cpu_m=4000),
    ]
    budget = a_budget("web", selector=selecting(app="web"), allowed=0)
    decision = decided(a_snapshot(pods, nodes, budgets=[budget]))
    assert decision.plan.steps == ()
    (answer,) = decision.plan.unplaced
    assert answer.reason is Reason.BUDGET_EXHAUSTED
    assert "default/web" in answer.message


def test_pod_of_a_group_is_left_to_kube_scheduler_under_a_nomination() -> None:
    pod = a_pod("p", features=(Feature.POD_GROUP,), group="g")
    (step,) = decided(a_snapshot([pod], [a_node("n1")])).plan.steps
    assert not step.bindable


def test_group_is_placed_as_a_whole_or_not_at_all() -> None:
    pods = [a_pod(f"g{n}", cpu_m=2000, features=(Feature.POD_GROUP,), group="g") for n in range(3)]
    small, large = [a_node("n1", cpu_m=4000)], [a_node("n1", cpu_m=6000)]
    assert decided(a_snapshot(pods, small)).plan.placed == ()
    assert len(decided(a_snapshot(pods, large)).plan.placed) == 3


def test_group_with_a_member_that_is_not_ours_is_left_alone() -> None:
    pods = [a_pod(f"g{n}", features=(Feature.POD_GROUP,), group="g") for n in range(2)]
    gated = a_pod("g2", features=(Feature.POD_GROUP,), group="g", gates=("wait",))
    assert decided(a_snapshot([*pods, gated], [a_node("n1")])).plan.placed == ()


def test_pod_whose_claim_is_missing_is_not_placed() -> None:
    pod = a_pod("p", volumes=(PodVolume(name="data", claim="data"),))
    assert decided(a_snapshot([pod], [a_node("n1")])).plan.placed == ()


def test_pod_whose_device_claim_is_not_allocated_is_not_placed() -> None:
    pod = a_pod("p", claims=(PodClaim(name="gpu", claim="gpu"),))
    assert decided(a_snapshot([pod], [a_node("n1")])).plan.placed == ()


def test_limit_of_no_moves_is_said() -> None:
    nodes = [a_node("n1", cpu_m=4000), a_node("n2", cpu_m=3000)]
    pods = [a_pod("a", node="n1", cpu_m=3000, owner=WEB), a_pod("p", cpu_m=4000)]
    decision = decided(a_snapshot(pods, nodes), a_policy(limits=Limits(moves_per_plan=0)))
    assert [each.reason for each in decision.plan.unplaced] == [Reason.LIMIT_REACHED]


def test_order_of_the_objects_does_not_change_the_plan() -> None:
    nodes = [a_node(f"n{i}", cpu_m=4000) for i in range(3)]
    pods = [a_pod(f"a{i}", node=f"n{i}", cpu_m=1000 + 500 * i, owner=WEB) for i in range(3)]
    pods.append(a_pod("p", cpu_m=4000))
    first = decided(a_snapshot(pods, nodes))
    snapshot = a_snapshot(pods, nodes)
    turned = replace(
        snapshot,
        pods=dict(reversed(list(snapshot.pods.items()))),
        nodes=dict(reversed(list(snapshot.nodes.items()))),
    )
    second = decided(turned)
    assert first.plan.steps
    assert replace(second.plan, solve=first.plan.solve) == first.plan


def test_unready_and_young_pods_give_way_first() -> None:
    nodes = [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=2000)]
    pods = [
        a_pod("old", node="n1", cpu_m=2000, owner=WEB),
        a_pod("unready", node="n1", cpu_m=2000, owner=WEB, ready=False),
        a_pod("p", cpu_m=2000, gpus=1),
    ]
    assert shown(decided(a_snapshot(pods, nodes)))[0] == "0 Move unready: n1 > n2"


def test_plan_without_a_safe_order_is_dropped() -> None:
    # the swap fits at the end, but its budget allows one disruption at a time
    nodes = [a_node("n1", cpu_m=4000, gpus=1), a_node("n2", cpu_m=3000)]
    labels = {"app": "web"}
    pods = [
        a_pod("a", node="n1", cpu_m=3000, owner=WEB, labels=labels),
        a_pod("b", node="n2", cpu_m=2000, owner=API, labels=labels),
        a_pod("p", cpu_m=2000, gpus=1),
    ]
    budget = a_budget("web", selector=selecting(app="web"), allowed=1)
    decision = decided(a_snapshot(pods, nodes, budgets=[budget]))
    assert decision.plan.steps == ()
    assert [(each.pod.key.name, each.proven) for each in decision.plan.unplaced] == [("p", False)]


@pytest.mark.parametrize(("missable", "waves"), [(1, 2), (2, 1)])
def test_controller_loses_no_more_pods_in_a_wave_than_its_strategy_lets(
    missable: int, waves: int
) -> None:
    above = a_workload("Deployment", "web", replicas=2, max_unavailable=missable)
    web = a_workload("ReplicaSet", "web", replicas=2, owner=above)
    nodes = [a_node("g1", gpus=8), a_node("g2", gpus=4), a_node("g3", gpus=4)]
    pods = [
        a_pod("a", node="g1", gpus=4, owner=web),
        a_pod("b", node="g1", gpus=4, owner=web),
        a_pod("big", gpus=8),
    ]
    plan = decided(a_snapshot(pods, nodes, workloads=[above, web])).plan
    assert [step.action for step in plan.steps] == [Action.MOVE, Action.MOVE, Action.PLACE]
    assert plan.waves == waves
