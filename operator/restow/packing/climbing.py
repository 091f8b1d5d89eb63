"""All levels of a Problem with a given engine, from a first placement to the checked outcome."""

from collections.abc import Callable
from dataclasses import dataclass

from restow.packing.check import check, keeps_the_rules
from restow.packing.effort import Engine
from restow.packing.fill import Fill, fill_of, placement_of
from restow.packing.incumbent import greedy
from restow.packing.ladder import FIRST, FIRST_S, Budget, Ladder, Report, untold
from restow.packing.levels import climb_all
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import status_of

CHECKING = 3
"""So many times as long as the check of the first placement took is kept for that of the outcome,
which has more to compare: once to twice as long, and longer where others use the machine."""


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
    if not budget.deterministic:
        budget.keep(CHECKING * _checking_s(problem, start, budget))
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


def _checking_s(problem: Problem, fill: Fill, budget: Budget) -> float:
    """Return how many seconds it takes to check a placement on this machine as it is now."""
    began = budget.clock()
    keeps_the_rules(problem, placement_of(fill))
    return budget.clock() - began
