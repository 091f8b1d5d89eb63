"""Plans of rescheduling on snapshots: what they promise, what they leave alone, and why."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.fragmentation.shapes import shape_of
from restow.planning.ceilings import Ceilings
from restow.planning.document import document, plan_of
from restow.planning.goal import Goal
from restow.planning.plan import Action, Trigger
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.packing_policy import Limits
from restow.policies.rescheduling import Objective
from restow.report.rescheduling import headline
from tests.support.decisions import a_policy, rescheduler
from tests.support.objects import NOW, a_budget, a_node, a_pod, a_snapshot, a_workload

pytestmark = pytest.mark.solver

WEB = a_workload(name="web", replicas=4)
WHOLE = shape_of("nvidia.com/gpu=8", where="", field="")


def scattered(**fields: Any) -> Snapshot:
    """Two GPUs in use on each of four nodes of eight."""
    pods = [
        a_pod(f"web-{n}", node=f"n{n}", gpus=2, owner=WEB, labels={"app": "web"}) for n in range(4)
    ]
    return a_snapshot(
        [*pods, *fields.pop("more", ())],
        [a_node(f"n{n}", gpus=8) for n in range(4)],
        workloads=(WEB,),
        **fields,
    )


def found(snapshot: Snapshot, limit: int = 9, **goal: Any) -> Rescheduled:
    return reschedule(
        snapshot, a_policy(), Goal(shapes=(WHOLE,), limit=limit, **goal), rescheduler, NOW
    )


def test_the_plan_is_one_of_moves_and_says_what_it_gains() -> None:
    result = found(scattered())
    assert result.plan.trigger is Trigger.RESCHEDULING
    assert {step.action for step in result.plan.steps} == {Action.MOVE}
    assert (result.before[0].copies, result.after[0].copies) == (0, 3)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert dict(fragments.before)["fragmentation"] == 1.0
    assert dict(fragments.after)["fragmentation"] == 0.0
    assert fragments.proven


def test_the_limit_is_kept_and_the_bound_is_for_it() -> None:
    result = found(scattered(), limit=1)
    assert len(result.plan.steps) == 1
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert fragments.bound == pytest.approx(1 - 8 / 24)
    assert fragments.proven


def test_nothing_to_gain_is_a_plan_without_steps() -> None:
    result = found(scattered(), limit=0)
    assert result.plan.steps == ()
    assert result.after == result.before


def test_a_goal_is_reached_by_as_few_moves_as_can_be() -> None:
    result = found(scattered(), copies=2)
    assert len(result.plan.steps) == 2
    disturbed = result.plan.solve.disturbed
    assert (disturbed.moves, disturbed.bound, disturbed.proven) == (2, 2, True)


def test_a_goal_of_fragmentation_is_one_of_room() -> None:
    assert len(found(scattered(), fragmentation=0.7).plan.steps) == 1
    assert len(found(scattered(), fragmentation=0.6).plan.steps) == 2


def test_pods_that_may_not_move_stay_and_so_does_who_has_no_controller() -> None:
    bare = a_pod("bare", node="n0", gpus=1)
    kept = a_pod("kept", node="n1", gpus=1, owner=WEB, annotations={"restow.dev/movable": "false"})
    result = found(scattered(more=(bare, kept)))
    moved = {step.pod.key.name for step in result.plan.steps}
    assert not moved & {"bare", "kept"}
    assert result.after[0].copies == 2


def test_a_spent_budget_keeps_its_pods_where_they_are() -> None:
    budget = a_budget("web", allowed=0)
    assert found(scattered(budgets=(budget,))).plan.steps == ()


def test_a_budget_of_one_makes_a_wave_of_each_move() -> None:
    budget = a_budget("web", allowed=1)
    steps = found(scattered(budgets=(budget,))).plan.steps
    assert [step.wave for step in steps] == [0, 1, 2]


def test_the_plan_survives_its_object() -> None:
    plan = found(scattered()).plan
    assert plan_of(document(plan)) == plan


def test_an_overfilled_node_is_left_as_it_is() -> None:
    much = [a_pod(f"much-{n}", node="n3", gpus=4, owner=WEB) for n in range(2)]
    result = found(scattered(more=tuple(much)))
    assert all("n3" not in {step.source, step.target} for step in result.plan.steps)
    assert result.after[0].copies == 2


def test_nodes_are_emptied_but_for_pods_that_go_with_them() -> None:
    daemon = a_workload(kind="DaemonSet", name="agent")
    agents = tuple(a_pod(f"agent-{n}", node=f"n{n}", owner=daemon) for n in range(4))
    result = found(scattered(more=agents), limit=2, objective=Objective.CONSOLIDATE)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert (dict(fragments.before)["empty nodes"], dict(fragments.after)["empty nodes"]) == (0, 2)
    assert (fragments.bound, fragments.proven) == (2.0, True)


def test_a_node_whose_pods_must_stay_is_not_emptied() -> None:
    bare = a_pod("bare", node="n0")
    result = found(scattered(more=(bare,)), objective=Objective.CONSOLIDATE)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert dict(fragments.after)["empty nodes"] == 3.0
    assert all(step.target == "n0" for step in result.plan.steps)


def test_a_goal_that_is_reached_already_moves_nothing() -> None:
    assert found(scattered(), fragmentation=1.0).plan.steps == ()


@pytest.mark.parametrize("dear", ["a", "b"])
def test_of_two_that_would_do_the_cheaper_one_moves(dear: str) -> None:
    cost = {"restow.dev/move-cost": "50"}
    pods = [
        a_pod(name, node="n0", gpus=2, owner=WEB, annotations=cost if name == dear else {})
        for name in "ab"
    ]
    snapshot = a_snapshot(pods, [a_node("n0", gpus=5), a_node("n1", gpus=2)], workloads=(WEB,))
    goal = Goal(shapes=(shape_of("nvidia.com/gpu=3", where="", field=""),), limit=1)
    (step,) = reschedule(snapshot, a_policy(), goal, rescheduler, NOW).plan.steps
    assert step.pod.key.name != dear


def paired(*costs: str) -> Snapshot:
    """Four GPUs free on each of two nodes of eight; the pods of each node cost what is said."""
    pods = [
        a_pod(f"p{n}", node=f"n{n}", gpus=4, owner=WEB, annotations={"restow.dev/move-cost": cost})
        for n, cost in enumerate(costs)
    ]
    return a_snapshot(pods, [a_node(f"n{n}", gpus=8) for n in range(2)], workloads=(WEB,))


@pytest.mark.parametrize("costs", [("1", "9"), ("9", "1")])
def test_of_plans_that_gain_as_much_the_cheapest_is_made(costs: tuple[str, str]) -> None:
    (step,) = found(paired(*costs)).plan.steps
    assert step.pod.key.name == f"p{costs.index('1')}"


@pytest.mark.parametrize(("price", "moves"), [("7", 1), ("8", 0), ("9", 0)])
def test_a_plan_is_made_only_if_its_gain_pays_for_its_moves(price: str, moves: int) -> None:
    result = found(paired("1", "5"), price=Fraction(price))
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert len(result.plan.steps) == moves
    assert fragments.metric == "net fragmentation"
    assert fragments.proven
    net = moves * (8 - int(price)) / 8
    assert dict(fragments.after)["net fragmentation"] == pytest.approx(1.0 - net)
    assert fragments.bound == pytest.approx(1.0 - net)


def test_a_price_weighs_moves_one_by_one() -> None:
    pods = [
        a_pod(f"w{n}", node=f"n{n}", gpus=4, owner=WEB, annotations={"restow.dev/move-cost": cost})
        for n, cost in enumerate(["1", "1", "6", "6"])
    ]
    nodes = [a_node(f"n{n}", gpus=8) for n in range(4)]
    snapshot = a_snapshot(pods, nodes, workloads=(WEB,))
    assert len(found(snapshot).plan.steps) == 2
    priced = found(snapshot, price=Fraction(2)).plan
    assert {step.pod.key.name for step in priced.steps} == {"w0", "w1"} or len(priced.steps) == 1
    assert priced.fragmentation is not None
    assert priced.fragmentation.proven


def test_empty_nodes_have_to_pay_for_moves_as_well() -> None:
    def moves(price: str) -> int:
        goal: dict[str, Any] = {"objective": Objective.CONSOLIDATE, "price": Fraction(price)}
        return len(found(paired("1", "1"), 9, **goal).plan.steps)

    assert (moves("0.9"), moves("1.1")) == (1, 0)


def test_nodes_are_drained_and_who_cannot_leave_is_counted() -> None:
    bare = a_pod("bare", node="n0", gpus=1)
    drain = frozenset({NodeName("n0"), NodeName("n1")})
    result = found(scattered(more=(bare,)), objective=Objective.DRAIN, drain=drain)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert {step.source for step in result.plan.steps} == drain
    assert not drain & {step.target for step in result.plan.steps}
    assert (dict(fragments.before)["pods to drain"], dict(fragments.after)["pods to drain"]) == (
        3,
        1,
    )
    assert (fragments.bound, fragments.proven) == (1.0, True)


def test_a_drain_within_a_limit_finishes_a_node_before_it_begins_another() -> None:
    pods = [a_pod(f"w{n}", node=f"n{n // 2}", gpus=1, owner=WEB) for n in range(4)]
    nodes = [a_node(f"n{n}", gpus=8) for n in range(3)]
    snapshot = a_snapshot(pods, nodes, workloads=(WEB,))
    drain = frozenset({NodeName("n0"), NodeName("n1")})
    result = found(snapshot, limit=2, objective=Objective.DRAIN, drain=drain)
    assert len({step.source for step in result.plan.steps}) == 1
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert (fragments.bound, fragments.proven) == (2.0, True)


def crowded() -> Snapshot:
    """Six, six, one and one of eight GPUs in use."""
    pods = [
        a_pod(f"w{n}-{k}", node=f"n{n}", gpus=1, owner=WEB)
        for n, count in enumerate((6, 6, 1, 1))
        for k in range(count)
    ]
    return a_snapshot(pods, [a_node(f"n{n}", gpus=8) for n in range(4)], workloads=(WEB,))


def test_balance_moves_as_few_as_bring_every_node_below_the_bound() -> None:
    result = found(crowded(), objective=Objective.BALANCE, utilization=0.5)
    fragments = result.plan.fragmentation
    assert fragments is not None
    after = dict(fragments.after)
    assert len(result.plan.steps) == 4
    assert (after["nodes above the bound"], after["largest utilization"]) == (0.0, 0.5)
    assert fragments.proven
    assert (result.plan.solve.disturbed.bound, result.plan.solve.disturbed.proven) == (4, True)
    assert "; fewest moves: proven" in headline(result).plain


def test_balance_within_a_limit_says_what_no_plan_could_pass_and_fills_nobody_else() -> None:
    result = found(crowded(), limit=3, objective=Objective.BALANCE, utilization=0.5)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert dict(fragments.after)["nodes above the bound"] == 1.0
    assert (fragments.bound, fragments.proven) == (1.0, True)
    disturbed = result.plan.solve.disturbed
    assert (disturbed.moves, disturbed.bound, disturbed.proven) == (2, 4, False)
    assert "; the goal takes at least 4 moves" in headline(result).plain
    moved = [step.target for step in result.plan.steps]
    assert max(Counter(moved).values()) <= 3
    assert not {"n0", "n1"} & set(moved)


def test_a_balanced_cluster_moves_nothing() -> None:
    result = found(crowded(), objective=Objective.BALANCE, utilization=0.8)
    assert result.plan.steps == ()
    assert result.plan.fragmentation is not None
    assert result.plan.fragmentation.proven


def two_workloads() -> Snapshot:
    """Four nodes with a pod each; two of one Deployment by two ReplicaSets, two of another."""
    top = a_workload(kind="Deployment", name="web", replicas=2)
    sets = [a_workload(name=f"web-{n}", owner=top) for n in range(2)]
    other = a_workload(name="other", replicas=2)
    owners = (*sets, other, other)
    pods = [
        a_pod(f"{'a' if n < 3 else 'b'}/p{n}", node=f"n{n}", gpus=2, owner=owner)
        for n, owner in enumerate(owners)
    ]
    nodes = [a_node(f"n{n}", gpus=8) for n in range(4)]
    return a_snapshot(pods, nodes, workloads=(top, *sets, other))


@pytest.mark.parametrize(
    ("ceilings", "group", "most"),
    [
        (Ceilings(workload=1), {"p0": "web", "p1": "web", "p2": "other", "p3": "other"}, 1),
        (Ceilings(namespace=1), {"p0": "a", "p1": "a", "p2": "a", "p3": "b"}, 1),
        (Ceilings(namespace=2), {"p0": "a", "p1": "a", "p2": "a", "p3": "b"}, 2),
    ],
)
def test_a_ceiling_is_kept_and_the_bound_is_that_without_it(
    ceilings: Ceilings, group: dict[str, str], most: int
) -> None:
    goal = Goal(shapes=(WHOLE,), limit=9)
    args = (two_workloads(), a_policy(), goal, rescheduler, NOW)
    free, kept = reschedule(*args), reschedule(*args, ceilings=ceilings)
    counts = Counter(group[step.pod.key.name] for step in kept.plan.steps)
    assert 0 < max(counts.values()) <= most
    assert free.plan.fragmentation is not None
    assert kept.plan.fragmentation is not None
    assert kept.plan.fragmentation.bound == free.plan.fragmentation.bound


def test_within_a_ceiling_pods_of_the_same_node_move() -> None:
    owners = [a_workload(name=name, replicas=4) for name in ("big", "little")]
    pods = [
        a_pod(f"{owner.key.name}-{name}", node=f"n{n}", gpus=gpus, owner=owner)
        for n in range(4)
        for owner, gpus, name in zip(owners, (2, 1), (n, 3 - n), strict=True)
    ]
    nodes = [a_node(f"n{n}", gpus=8) for n in range(4)]
    snapshot = a_snapshot(pods, nodes, workloads=owners)
    goal = Goal(shapes=(WHOLE,), limit=9)
    kept = reschedule(snapshot, a_policy(), goal, rescheduler, NOW, ceilings=Ceilings(workload=1))
    assert len({step.source for step in kept.plan.steps}) == 1
    assert kept.after[0].copies == 1


def test_no_more_pods_leave_a_node_than_its_ceiling() -> None:
    pods = [a_pod(f"w{n}", node="n0", gpus=1, owner=WEB) for n in range(4)]
    nodes = [a_node(f"n{n}", gpus=8) for n in range(2)]
    goal = Goal(shapes=(), limit=9, objective=Objective.DRAIN, drain=frozenset({NodeName("n0")}))
    result = reschedule(
        a_snapshot(pods, nodes, workloads=(WEB,)),
        a_policy(),
        goal,
        rescheduler,
        NOW,
        ceilings=Ceilings(node=3),
    )
    assert len(result.plan.steps) == 3


def test_so_many_pods_are_on_their_way_at_once_as_the_policy_allows() -> None:
    policy = a_policy(limits=Limits(concurrent_moves=2))
    goal = Goal(shapes=(WHOLE,), limit=9)
    free = replace(WEB, max_unavailable=4)
    snapshot = replace(scattered(), workloads={WEB.uid: free})
    steps = reschedule(snapshot, policy, goal, rescheduler, NOW).plan.steps
    assert sorted(Counter(step.wave for step in steps).values()) == [1, 2]


def test_balance_brings_nobody_to_a_node_above_the_bound() -> None:
    sizes = {"n0": (3, 3), "n1": (5,), "n2": (1,)}
    pods = [
        a_pod(f"{node}-{k}", node=node, gpus=gpus, owner=WEB)
        for node, each in sizes.items()
        for k, gpus in enumerate(each)
    ]
    snapshot = a_snapshot(pods, [a_node(f"n{n}", gpus=8) for n in range(3)], workloads=(WEB,))
    result = found(snapshot, objective=Objective.BALANCE, utilization=0.5)
    assert [(step.source, step.target) for step in result.plan.steps] == [("n0", "n2")]
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert dict(fragments.after)["nodes above the bound"] == 1.0
    assert fragments.proven
