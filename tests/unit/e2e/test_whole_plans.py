"""Judging whole plans from outside, without a cluster."""

import pytest

from e2e.client import Json
from e2e.whole_plans.draw import draw
from e2e.whole_plans.judge import Seat, judge

OWNER = "owner"


def a_plan(phase: str, message: str = "", **moved: str) -> Json:
    """A plan that places p on n1 and moves m to n2; `moved` is the status of the move."""
    pods = [{"namespace": "case", "name": name, "uid": name} for name in ("p", "m")]
    steps = [
        {"wave": 0, "action": "Place", "pod": pods[0], "to": "n1", "owner": {"uid": OWNER}},
        {"wave": 0, "action": "Move", "pod": pods[1], "from": "n1", "to": "n2", "owner": None},
    ]
    status: Json = {"phase": phase, "message": message, "steps": [{"index": 0}, {"index": 1}]}
    if moved:
        new = {"namespace": "case", "name": moved["new"], "uid": moved["new"]}
        status["steps"][1] |= {"disturbedAt": "now", "replacement": new}
        steps[1]["owner"] = {"uid": "mover"}
    return {"metadata": {"name": "plan"}, "spec": {"steps": steps}, "status": status}


PLACED = {"p": Seat("n1", OWNER)}


def test_completed_plan_kept_its_word_when_all_arrived() -> None:
    found = judge(a_plan("Completed", new="m2"), {**PLACED, "m2": Seat("n2", "mover")})
    assert (found.wrong, found.arrived, found.evicted) == ((), 2, 1)


@pytest.mark.parametrize(
    "at",
    [
        {**PLACED, "m2": Seat("n3", "mover")},
        {**PLACED, "m2": Seat("n2", "somebody else")},
        {"m2": Seat("n2", "mover"), "p": Seat("n2", OWNER)},
    ],
)
def test_completed_plan_with_a_pod_elsewhere_or_a_strangers_pod_is_wrong(
    at: dict[str, Seat],
) -> None:
    assert len(judge(a_plan("Completed", new="m2"), at).wrong) == 1


def test_moved_pod_that_lost_its_place_to_somebody_it_names_breaks_no_word() -> None:
    plan = a_plan("Completed", new="m2")
    lost = plan["status"]["steps"][1]
    lost["message"] = "case/m2 no longer fits on n2; case/late-1 got there"
    found = judge(plan, PLACED)
    assert (found.wrong, found.arrived) == ((), 1)
    lost["message"] = "case/m2 was bound to n3 instead of n2"
    assert len(judge(plan, PLACED).wrong) == 1


def test_twin_may_arrive_instead_of_the_pod() -> None:
    plan = a_plan("Completed")
    plan["status"]["steps"][0]["replacement"] = {"namespace": "case", "name": "t", "uid": "t"}
    assert judge(plan, {"t": Seat("n1", OWNER)}).wrong == ()


def test_move_that_was_not_begun_has_no_arrival() -> None:
    assert judge(a_plan("Completed"), PLACED).wrong == ()


def test_abort_has_to_name_somebody_who_is_not_of_the_plan() -> None:
    own = judge(a_plan("Aborted", "case/p no longer fits: case/m is there"), {})
    other = judge(a_plan("Aborted", "case/p no longer fits; case/late-1 got there"), {})
    preempted = judge(a_plan("Aborted", "case/m is being deleted: kube-scheduler preempts it"), {})
    assert (preempted.wrong, preempted.outsiders) == ((), ("kube-scheduler",))
    assert len(own.wrong) == 1
    assert (other.wrong, other.outsiders) == ((), ("case/late-1",))


def test_equal_numbers_draw_equal_clusters() -> None:
    assert draw(7, 3) == draw(7, 3) != draw(7, 4)
