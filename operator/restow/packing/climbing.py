"""All levels of a Problem with a given engine, from a first placement to the checked outcome."""

from collections.abc import Callable
from dataclasses import dataclass

from restow.packing.check import check
from restow.packing.effort import Engine
from restow.packing.fill import Fill, fill_of, placement_of
from restow.packing.incumbent import greedy
from restow.packing.ladder import FIRST, FIRST_S, Budget, Ladder, Report, untold
from restow.packing.levels import climb_all
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import status_of

CHECKING = 40
"""How many times as long as it takes to read a placement the check of an outcome takes, or less:
20 to 32 times at 200 to 11,000 classes of pods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An engine, not made yet, and its name for the record."""

    name: str
    make: Callable[[Problem], Engine]


def climbed(  # noqa: PLR0913 - two by name, most with defaults
    problem: Problem,
    budget: Budget,
    engine: Choice,
    start: Fill | None = None,
    report: Report = untold,
    *,
    nodes: bool = True,
) -> Outcome:
    """Climb all levels from `start`, or the problem's, or a greedy one, and check the outcome.

    Parameters
    ----------
    report
        Is told every incumbent, the first one at once.
    nodes
        Whether the last level, NODES, is climbed as well.

    Raises
    ------
    ModelError
        The model is invalid, or the checker refuses the answer: a bug.
    """
    if start is None:
        start = fill_of(problem.start or greedy(problem, budget.patience(FIRST, FIRST_S)))
    budget.keep(CHECKING * _reading_s(start, budget))
    ladder = Ladder(problem, start, budget, engine=engine.make, report=report)
    levels = climb_all(ladder, nodes=nodes)
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


def _reading_s(fill: Fill, budget: Budget) -> float:
    """Return how many seconds it takes now to read a placement, interruptions left aside."""
    took = []
    for _ in range(3):
        began = budget.clock()
        placement_of(fill)
        took.append(budget.clock() - began)
    return min(took)
