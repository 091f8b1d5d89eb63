"""Plans of rescheduling on snapshots: what they promise, what they leave alone, and why."""

from typing import Any

import pytest

from restow.cluster.snapshot import Snapshot
from restow.fragmentation.shapes import shape_of
from restow.planning.document import document, plan_of
from restow.planning.plan import Action, Trigger
from restow.planning.reschedule import Goal, Rescheduled, reschedule
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
    result = found(scattered(more=agents), limit=2, emptying=True)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert (fragments.before, fragments.after) == ((("empty nodes", 0.0),), (("empty nodes", 2.0),))
    assert (fragments.bound, fragments.proven) == (2.0, True)


def test_a_node_whose_pods_must_stay_is_not_emptied() -> None:
    bare = a_pod("bare", node="n0")
    result = found(scattered(more=(bare,)), emptying=True)
    fragments = result.plan.fragmentation
    assert fragments is not None
    assert dict(fragments.after) == {"empty nodes": 3.0}
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
