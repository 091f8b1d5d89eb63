from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from restow.app import ledger
from restow.core.frozen import FrozenMap
from restow.planning.document import document, solve_of, spec_of
from restow.planning.plan import Plan, Step
from restow.policies.packing_plan import (
    PackingPlan,
    PackingPlanStatus,
    PlanPhase,
    StepPhase,
    StepStatus,
)
from restow.policies.plan_spec import PlanPod
from tests.support.objects import NOW, a_pod, an_owner
from tests.support.plans import a_move, a_place, a_plan, an_eviction, without_node

MINUTE = timedelta(minutes=1)
BIG, SMALL, WEAK = a_pod("big"), a_pod("small", node="n1"), a_pod("weak", node="n1")
STEPS = (a_move(SMALL, "n2"), an_eviction(WEAK), a_place(BIG, "n1"))


def stored(
    name: str,
    phase: PlanPhase | None = None,
    *,
    policy: str = "default",
    ago: timedelta = MINUTE,
    disturbed: Iterable[int] = (),
    steps: tuple[Step, ...] = STEPS,
) -> PackingPlan:
    """A stored plan made `ago`, whose steps `disturbed` were carried out then."""
    at = NOW - ago
    states = tuple(
        StepStatus(index=index, phase=StepPhase.DONE, disturbed_at=at) for index in disturbed
    )
    plan = a_plan(*steps, name=name, policy=policy, taken_at=at)
    status = PackingPlanStatus(
        phase=phase, steps=states, finished_at=at, solve=solve_of(plan.solve)
    )
    return document(plan, status)


def test_use_counts_moves_and_evictions_of_the_policy_within_the_hour() -> None:
    plans = [
        stored("now", disturbed=(0, 1)),
        stored("late", disturbed=(0,), ago=59 * MINUTE),
        stored("old", disturbed=(0, 1), ago=60 * MINUTE),
        stored("foreign", policy="other", disturbed=(0, 1)),
        stored("begun but not there yet"),
    ]
    use = ledger.usage_of(plans, "default", NOW)
    assert (use.moves, use.evictions, use.moves_of_day) == (2, 1, 3)


def test_use_counts_the_moves_of_a_day() -> None:
    plans = [
        stored("yes", disturbed=(0,), ago=1439 * MINUTE),
        stored("old", disturbed=(0,), ago=1440 * MINUTE),
    ]
    use = ledger.usage_of(plans, "default", NOW)
    assert (use.moves, use.moves_of_day) == (0, 1)


def test_use_remembers_when_a_workload_was_moved_last() -> None:
    owner = an_owner()
    step = a_move(a_pod("owned", node="n1", owner=owner), "n2")
    plans = [
        stored(f"p{ago}", steps=(step,), disturbed=(0,), ago=ago * MINUTE) for ago in (300, 200)
    ]
    use = ledger.usage_of(plans, "default", NOW)
    assert dict(use.workloads) == {owner.uid: NOW - 200 * MINUTE}


def test_use_remembers_who_came_in_the_place_of_a_moved_pod_as_long_as_the_plan_is_kept() -> None:
    plan = stored("old", disturbed=(0,), ago=200 * MINUTE)
    came = PlanPod(namespace="default", name="small-2", uid="uid-2")
    (step,) = plan.status.steps
    status = plan.status.model_copy(update={"steps": (replaced(step, came),)})
    plan = plan.model_copy(update={"status": status})
    use = ledger.usage_of([plan], "default", NOW)
    assert use.moved == FrozenMap({"uid-2": NOW - 200 * MINUTE})
    assert not ledger.usage_of([plan], "other", NOW).moved


def replaced(step: StepStatus, came: PlanPod) -> StepStatus:
    return step.model_copy(update={"replacement": came})


@pytest.mark.parametrize(
    ("phase", "ago", "keep", "gone"),
    [
        (PlanPhase.COMPLETED, 59 * MINUTE, 60 * MINUTE, False),
        (PlanPhase.COMPLETED, 60 * MINUTE, 60 * MINUTE, True),
        (PlanPhase.ABORTED, 90 * MINUTE, 120 * MINUTE, False),
        (PlanPhase.STALE, 59 * MINUTE, MINUTE, False),  # the hourly limits still count it
        (PlanPhase.PROPOSED, 600 * MINUTE, 60 * MINUTE, False),
        (PlanPhase.EXECUTING, 600 * MINUTE, 60 * MINUTE, False),
    ],
)
def test_finished_plans_expire(
    phase: PlanPhase, ago: timedelta, keep: timedelta, gone: bool
) -> None:
    plans = [stored("a", phase, ago=ago)]
    assert ledger.expired(plans, {"default": keep}, NOW) == (("a",) if gone else ())


def test_plans_of_a_policy_that_is_gone_are_kept_for_an_hour() -> None:
    plans = [stored("a", PlanPhase.COMPLETED, ago=61 * MINUTE)]
    assert ledger.expired(plans, {}, NOW) == ("a",)


@pytest.mark.parametrize(("moved", "gone"), [((), True), ((0,), False)])
def test_with_a_limit_per_day_plans_that_moved_are_kept_for_a_day(
    moved: tuple[int, ...], *, gone: bool
) -> None:
    plans = [stored("a", PlanPhase.COMPLETED, ago=23 * 60 * MINUTE, disturbed=moved)]
    names = ledger.expired(plans, {"default": MINUTE}, NOW, daily=("default",))
    assert names == (("a",) if gone else ())


def test_open_plans_are_those_not_begun_oldest_first() -> None:
    plans = [
        stored("new", PlanPhase.APPROVED, ago=MINUTE),
        stored("old", PlanPhase.PROPOSED, ago=5 * MINUTE),
        stored("bare", None, ago=3 * MINUTE),
        stored("over", PlanPhase.COMPLETED),
        stored("foreign", PlanPhase.PROPOSED, policy="other"),
        stored("running", PlanPhase.EXECUTING),
    ]
    assert list(map(ledger.name_of, ledger.open_plans(plans, "default"))) == ["old", "bare", "new"]
    assert list(map(ledger.name_of, ledger.executing(plans))) == ["running"]


def test_a_name_that_is_kept_is_numbered() -> None:
    plans = {name: stored(name) for name in ("p", "p-2")}
    assert ledger.free_name(plans, "q") == "q"
    assert ledger.free_name(plans, "p") == "p-3"


def same(one: Plan, other: Plan) -> bool:
    return ledger.same_decision(spec_of(one), spec_of(other))


def test_decisions_are_compared_by_what_they_do() -> None:
    late: datetime = NOW + MINUTE
    left = without_node(WEAK, message="2 GPUs short")
    reworded = without_node(WEAK, message="3 GPUs short")
    plan = a_plan(*STEPS, unplaced=(left,))
    assert same(plan, a_plan(*STEPS, unplaced=(reworded,), name="other", taken_at=late))
    assert not same(plan, a_plan(*STEPS))
    assert not same(plan, a_plan(*STEPS[1:], unplaced=(left,)))
    assert not same(plan, a_plan(*STEPS, unplaced=(left,), policy="other"))
