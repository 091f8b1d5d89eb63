"""Solve one Problem in this process, level by level, and check the answer."""

from restow.packing.check import check
from restow.packing.choosing import Choice, engine_for
from restow.packing.fill import fill_of
from restow.packing.incumbent import greedy
from restow.packing.ladder import Budget, Ladder
from restow.packing.levels import climb_all, expected
from restow.packing.outcome import Outcome
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.warming import warm
from restow.packing.problem import Problem
from restow.packing.unsolved import status_of


def get_ready() -> None:
    """Compile what will be needed, or load it, so that no solve has to wait for it."""
    if COMPILES:
        warm()


def solve(
    problem: Problem, *, budget_s: float, deterministic: bool = False, seed: int = 0
) -> Outcome:
    """Return the best placement found within the time, with value, bound and proof per level.

    Parameters
    ----------
    budget_s
        Seconds of wall clock for all levels together, model building included.
    deterministic
        Count CP-SAT's deterministic time instead of seconds, so that an unproven answer is
        repeatable too; one unit is about a second on an idle machine.
    seed
        Seed of the search. A proven answer still may be another one of equal value.

    Raises
    ------
    ModelError
        The model is invalid, or the checker refuses the answer: a bug.
    """
    budget = Budget(total=budget_s, deterministic=deterministic, seed=seed)
    return answered(problem, budget, engine_for(problem))


def answered(problem: Problem, budget: Budget, engine: Choice) -> Outcome:
    """Climb all levels from the greedy incumbent and check the outcome."""
    ladder = Ladder(
        problem,
        fill_of(greedy(problem, budget.patience())),
        budget,
        engine=engine.make,
        expected=expected(problem),
    )
    levels = climb_all(ladder)
    placement = ladder.placement()
    outcome = Outcome(
        status=status_of(problem, placement, levels),
        placement=placement,
        levels=levels,
        wall_s=budget.wall_s(),
        engine=engine.name,
    )
    check(problem, outcome)
    return outcome
