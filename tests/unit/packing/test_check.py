"""The checker accepts what the solver says and refuses every way of cheating."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from restow.core.errors import ModelError
from restow.packing.check import check
from restow.packing.outcome import Level, LevelKind, Outcome, Placement
from restow.packing.problem import Problem
from restow.packing.solve import solve
from tests.support.packing import pending, problem, running

pytestmark = pytest.mark.solver


def big_pod() -> Problem:
    """Return two nodes of 8; a pending 8 in tier 0, running 4s and a fixed 1 in tier 1."""
    return problem(
        pending(1, (8,), tier=0, allowed=(0,)),
        running({0: 1, 1: 1}, (4,), tier=1, budgets=(0,)),
        running({1: 1}, (3,), tier=1, movable=False, evictable=False),
        pending(1, (9,), tier=1),
        rooms=(8, 11),
        budgets=(1,),
    )


def solved(task: Problem) -> Outcome:
    return solve(task, budget_s=10.0)


def with_row(outcome: Outcome, c: int, row: tuple[tuple[int, int], ...]) -> Outcome:
    rows: Placement = tuple(row if i == c else old for i, old in enumerate(outcome.placement))
    return replace(outcome, placement=rows)


def with_level(outcome: Outcome, index: int, **changes: object) -> Outcome:
    levels = list(outcome.levels)
    levels[index] = replace(levels[index], **changes)  # type: ignore[arg-type]  # any field
    return replace(outcome, levels=tuple(levels))


def test_checker_accepts_what_the_solver_found() -> None:
    outcome = solved(big_pod())
    assert outcome.placement == (((0, 1),), ((1, 2),), ((1, 1),), ())
    check(big_pod(), outcome)


@pytest.mark.parametrize(
    ("cheat", "complaint"),
    [
        (lambda o: with_row(o, 1, ((0, 1), (1, 1))), "node 0: 12 of 8 cpu"),
        (lambda o: with_row(o, 0, ((1, 1),)), "node 1 is not allowed"),
        (lambda o: with_row(o, 0, ((0, 2),)), "2 pods placed of 1"),
        (lambda o: with_row(o, 2, ()), "evicted that may not be"),
        (lambda o: with_row(o, 2, ((0, 1),)), "not movable"),
        (lambda o: with_row(o, 1, ()), "budget 0: 2 disruptions of 1"),
        (lambda o: with_row(with_row(o, 0, ()), 1, ((1, 1),)), "for 0 that may take their place"),
        (lambda o: with_row(o, 1, ((1, 1), (1, 1))), "nodes are not sorted or repeat"),
        (lambda o: with_row(o, 0, ((0, 1), (1, 0))), "a count is not positive"),
        (lambda o: with_row(o, 0, ((7, 1),)), "no such node"),
        (lambda o: replace(o, placement=o.placement[1:]), "3 classes placed of 4"),
        (lambda o: with_level(o, 1, value=0, bound=0), "says 0, is 1"),
        (lambda o: with_level(o, 1, bound=0), "bound 0 is worse than value 1"),
        (lambda o: with_level(o, 1, bound=2), "called proven"),
    ],
)
def test_checker_refuses(cheat: Callable[[Outcome], Outcome], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        check(big_pod(), cheat(solved(big_pod())))


@pytest.mark.parametrize("limit", ["max_moves", "max_evictions"])
def test_checker_counts_against_the_limits_of_the_plan(limit: str) -> None:
    task = problem(
        pending(1, (8,), tier=0, allowed=(0,)),
        running({0: 1}, (4,), tier=1, allowed=(0, 1) if limit == "max_moves" else (0,)),
        rooms=(8, 4),
    )
    with pytest.raises(ModelError, match="of 0"):
        check(replace(task, **{limit: 0}), solved(task))  # type: ignore[arg-type]  # a limit


def test_checker_recomputes_the_ranks_of_a_contested_group() -> None:
    task = problem(pending(1, (4,), rank=2), running({0: 1}, (4,), rank=1), rooms=(4,), max_moves=0)
    outcome = solved(task)
    assert [x.value for x in outcome.levels if x.kind is LevelKind.RANK] == [1, 0, 1]
    index = next(i for i, x in enumerate(outcome.levels) if x.kind is LevelKind.RANK)
    with pytest.raises(ModelError, match="ranks of tier 0"):
        check(task, with_level(outcome, index, value=0, bound=0))


def test_checker_knows_nothing_of_levels_that_are_not_there() -> None:
    level = Level(kind=LevelKind.NODES, tier=None, value=7, bound=0, proven=False)
    with pytest.raises(ModelError, match="says 7"):
        check(big_pod(), replace(solved(big_pod()), levels=(level,)))
