"""What a solve had found is never lost, and what is given out is what the checker has seen."""

import pytest

from restow.app.child import Row, SoFar
from restow.app.vetting import INTERRUPTED, Vetting
from restow.packing.check import check
from restow.packing.outcome import Level, LevelKind
from restow.packing.problem import Problem
from tests.support.packing import pending, problem, running

pytestmark = pytest.mark.solver

PATIENT_S = 60.0


def task() -> Problem:
    """Return two nodes of 2: a pod of 2 waits, which needs that one of the running ones moves."""
    return problem(pending(1, (2,), allowed=(0, 1)), running({0: 1}, (1,)), rooms=(2, 2))


def told(*rows: tuple[int, Row], bound: int | None = None) -> SoFar:
    level = Level(kind=LevelKind.MOVE, tier=0, value=0, bound=bound or 0, proven=False)
    return SoFar(rows=dict(rows), levels=() if bound is None else (level,))


NOTHING = told()
PLACED = told((0, ((1, 1),)))
CHEAT = told((0, ((0, 1),)))
"""The pod where another one is: node 0 holds 2 and not 3."""


def vetted(*news: SoFar) -> Vetting:
    vetting = Vetting(task(), None)
    for each in news:
        vetting.hear(each)
    return vetting


def test_what_was_told_last_is_given_out_checked() -> None:
    vetting = vetted(NOTHING, PLACED)
    outcome = vetting.last(None)
    vetting.end()
    assert outcome is not None
    assert outcome.engine == INTERRUPTED
    assert outcome.placement == PLACED.placement(task())
    check(task(), outcome)


def test_a_plan_that_the_checker_refuses_does_not_replace_the_one_before() -> None:
    vetting = vetted(PLACED)
    first = vetting.last(None)
    vetting.hear(CHEAT)
    assert vetting.last(None) is first is not None
    vetting.end()


def test_without_a_plan_that_the_checker_accepts_there_is_none() -> None:
    vetting = vetted(CHEAT)
    assert vetting.last(None) is None
    vetting.end()


def test_where_there_is_no_time_the_one_accepted_before_is_given_out() -> None:
    vetting = vetted(PLACED)
    first = vetting.last(None)
    with vetting._news:  # nothing is checked meanwhile
        vetting._newest = NOTHING
        assert vetting.last(0.0) is first  # long over
    vetting.end()


def test_a_bound_that_was_told_is_given_out_and_one_better_than_the_plan_refused() -> None:
    two = problem(
        pending(1, (2,), allowed=(0,)), running({0: 1}, (1,), allowed=(0, 1)), rooms=(2, 1)
    )
    moved = ((0, ((0, 1),)), (1, ((1, 1),)))
    for bound, status in ((1, True), (2, False)):
        vetting = Vetting(two, None)
        vetting.hear(told(*moved, bound=bound))
        outcome = vetting.last(None)
        vetting.end()
        assert (outcome is not None) is status
        if outcome is not None:
            move = next(x for x in outcome.levels if x.kind is LevelKind.MOVE)
            assert (move.value, move.bound, move.proven) == (1, 1, True)


def test_after_the_end_nothing_is_checked() -> None:
    vetting = vetted(NOTHING)
    vetting.last(None)
    vetting.end()
    thread = vetting._thread
    assert thread is not None
    thread.join(PATIENT_S)
    assert not thread.is_alive()


def test_checks_that_break_are_told_and_nobody_waits_for_them() -> None:
    nonsense = SoFar(rows={0: ((1, "one"),)}, levels=())  # type: ignore[dict-item]  # a bug
    vetting = vetted(nonsense)
    with pytest.raises(TypeError):
        vetting.last(None)
    after = vetted(PLACED)
    first = after.last(None)
    after.hear(nonsense)
    assert after.last(None) is first is not None
