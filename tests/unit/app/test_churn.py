"""Plans in vain, told from the plans that are kept."""

from collections.abc import Iterable
from datetime import timedelta

from restow.app import churn
from restow.cluster.objects import OwnerRef
from restow.planning.document import document, solve_of
from restow.planning.plan import Trigger
from restow.policies.packing_plan import (
    PackingPlan,
    PackingPlanStatus,
    PlanPhase,
    StepPhase,
    StepStatus,
)
from tests.support.objects import NOW, a_pod, an_owner
from tests.support.plans import a_move, a_plan

MINUTE = timedelta(minutes=1)
WEB, SHOP = an_owner(name="web"), an_owner(name="shop")


def stored(
    name: str,
    *moves: tuple[str, OwnerRef, str, str],
    ago: int,
    phase: PlanPhase = PlanPhase.COMPLETED,
    trigger: Trigger = Trigger.RESCHEDULING,
    ends: StepPhase = StepPhase.DONE,
) -> PackingPlan:
    """A plan of moves (pod, owner, from, to) that was carried out `ago` minutes ago."""
    at = NOW - ago * MINUTE
    steps = [a_move(a_pod(pod, node=source, owner=owner), to) for pod, owner, source, to in moves]
    states = tuple(
        StepStatus(index=index, phase=ends, disturbed_at=at) for index in range(len(steps))
    )
    plan = a_plan(*steps, name=name, taken_at=at, trigger=trigger)
    status = PackingPlanStatus(
        phase=phase, steps=states, finished_at=at, solve=solve_of(plan.solve)
    )
    return document(plan, status)


def told(plans: Iterable[PackingPlan]) -> list[tuple[str, str]]:
    return [(each.there, each.back) for each in churn.returns(plans, "default")]


THERE = stored("there", ("w1", WEB, "a", "b"), ago=30)


def test_a_workload_that_went_and_came_back_is_told_whatever_its_pod_is_called() -> None:
    back = stored("back", ("w2", WEB, "b", "a"), ago=10)
    (found,) = churn.returns([back, THERE], "default")
    assert (found.there, found.back, found.source, found.target) == ("there", "back", "a", "b")
    assert str(found).startswith("default/w2, or another pod of its controller, went from a to b")


def test_going_on_is_no_return_and_neither_is_another_workload() -> None:
    assert told([THERE, stored("on", ("w2", WEB, "b", "c"), ago=10)]) == []
    assert told([THERE, stored("else", ("s", SHOP, "b", "a"), ago=10)]) == []
    assert told([stored("both", ("w1", WEB, "a", "b"), ("w2", WEB, "b", "a"), ago=10)]) == []
    assert churn.returns([THERE, stored("back", ("w2", WEB, "b", "a"), ago=10)], "other") == ()


def test_who_ended_elsewhere_did_not_go_there() -> None:
    strayed = stored("there", ("w1", WEB, "a", "b"), ago=30, ends=StepPhase.FAILED)
    assert told([strayed, stored("back", ("w2", WEB, "b", "a"), ago=10)]) == []


def test_there_and_back_again_is_told_each_time() -> None:
    plans = [
        THERE,
        stored("back", ("w2", WEB, "b", "a"), ago=20),
        stored("again", ("w3", WEB, "a", "b"), ago=10),
    ]
    assert told(plans) == [("there", "back"), ("back", "again")]


def test_setbacks_are_the_newest_plans_in_a_row_that_were_in_vain() -> None:
    good = stored("good", ("s", SHOP, "a", "b"), ago=50)
    bad = [stored(f"bad{n}", ago=40 - n, phase=PlanPhase.ABORTED) for n in range(3)]
    assert churn.setbacks([], "default") == 0
    assert churn.setbacks([*bad, good], "default") == 3
    assert churn.setbacks([*bad, good, stored("new", ago=1)], "default") == 0
    assert churn.setbacks(bad, "other") == 0


def test_a_plan_that_a_later_one_took_back_is_in_vain_also_if_that_placed_pods() -> None:
    back = stored("back", ("w2", WEB, "b", "a"), ago=10, trigger=Trigger.PENDING_PODS)
    assert churn.setbacks([THERE, back], "default") == 1


def test_plans_that_were_not_begun_say_nothing() -> None:
    waiting = stored("new", ago=1, phase=PlanPhase.PROPOSED)
    aborted = stored("old", ago=9, phase=PlanPhase.ABORTED)
    assert churn.setbacks([waiting, aborted], "default") == 1
