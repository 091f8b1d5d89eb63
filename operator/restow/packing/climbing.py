"""All levels of a Problem with a given engine, from a first placement to the checked outcome."""

from collections.abc import Callable
from dataclasses import dataclass

from restow.packing.check import check
from restow.packing.effort import Engine
from restow.packing.fill import Fill, fill_of
from restow.packing.incumbent import greedy
from restow.packing.ladder import Budget, Ladder, Report, untold
from restow.packing.levels import climb_all
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An engine, not made yet, and its name for the record."""

    name: str
    make: Callable[[Problem], Engine]


def climbed(
    problem: Problem,
    budget: Budget,
    engine: Choice,
    start: Fill | None = None,
    report: Report = untold,
) -> Outcome:
    """Climb all levels from `start`, or else the greedy incumbent, and check the outcome.

    Parameters
    ----------
    report
        Is told every incumbent, the first one at once.

    Raises
    ------
    ModelError
        The model is invalid, or the checker refuses the answer: a bug.
    """
    first = start if start is not None else fill_of(greedy(problem, budget.patience()))
    ladder = Ladder(problem, first, budget, engine=engine.make, report=report)
    levels = climb_all(ladder)
    placement = ladder.placement()
    outcome = Outcome(
        status=status_of(problem, placement, levels),
        placement=placement,
        levels=levels,
        wall_s=budget.wall_s(),
        engine=engine.name,
        spent=budget.spent(),
    )
    check(problem, outcome)
    return outcome
