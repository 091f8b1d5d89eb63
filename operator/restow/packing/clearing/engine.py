"""A bound on the moves of a level, and a placement near it, in the time there is."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from restow.packing.clearing.diving import dive
from restow.packing.clearing.generation import Generation
from restow.packing.clearing.settling import settled
from restow.packing.clearing.yard import Yard, yard_of
from restow.packing.effort import Effort
from restow.packing.fill import Fill
from restow.packing.goals import Goal, Hold
from restow.packing.outcome import LevelKind
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.meter import Meter
from restow.packing.problem import Problem

SMALLEST = 65
"""Nodes from which on this is worth its time; fewer are left to other engines."""

HOME, PLANS = 0.3, 0.5
"""Shares of the time for a first bound and plan, and of what then is left for more plans, before
the nodes elsewhere are looked at."""

GLANCE = 0.2
"""Share of the time then left for nodes elsewhere where the first bound was not found in its own:
one look at them proves nearly as much as the rest of the time would, which plans need."""

TRIES = 4
"""Dives in a row that may not gain when nothing is left to ask of the program."""


Tell = Callable[[Fill | None, int, int | None], None]
"""Is told the best placement found so far, and the bounds, as in `Cleared`, when one is better."""


def clears(problem: Problem, goal: Goal) -> bool:
    """Return whether `cleared` is worth its time."""
    return COMPILES and goal.kind is LevelKind.MOVE and len(problem.capacity) >= SMALLEST


class Cleared(NamedTuple):
    """What was found.

    Parameters
    ----------
    fill
        A better placement of the problem, within the holds; None if none was found.
    bound, beyond
        What no plan can do with less than, on the problem's nodes, and with those elsewhere, too;
        None where nothing is known of others.
    spent
        Work done.
    """

    fill: Fill | None
    bound: int
    beyond: int | None
    spent: float


def cleared(  # noqa: PLR0913, PLR0917 - most are what the ladder has
    problem: Problem,
    goal: Goal,
    holds: Iterable[Hold],
    incumbent: Fill,
    effort: Effort,
    tell: Tell = lambda *_: None,
) -> Cleared:
    """Return a bound on a level that counts moves, and a placement if one is better."""
    holds = tuple(holds)
    yard = yard_of(problem, goal, holds)
    if yard is None or not len(yard.need):
        return Cleared(None, 0, None, 0.0)
    search = _Search(problem, goal, holds, yard, goal.value(problem, incumbent), tell)
    whole = Meter(effort)
    part = Meter(whole.rest(HOME))
    generation = Generation(yard, part)
    _bound(generation, search.value, part, lambda bound: search.learn(bound, None))
    whole.book(part.spent)
    beyond, share = None, GLANCE if part.over() else 1.0
    if problem.elsewhere is not None and not whole.over():
        part = Meter(whole.rest(PLANS))
        search.run(generation, part)
        whole.book(part.spent)
        bound, part = generation.bound, Meter(whole.rest(share))
        generation.everywhere(part)
        value = search.value
        beyond = min(
            value,
            _bound(generation, value, part, lambda b: search.learn(max(bound, b), min(b, value))),
        )
        whole.book(part.spent)
        generation.at_home(max(bound, beyond))
    search.run(generation, whole)
    return Cleared(search.best, generation.bound, beyond, whole.spent)


def _bound(generation: Generation, value: int, meter: Meter, learn: Callable[[int], None]) -> int:
    """Return the bound, the program being asked more as long as that may gain.

    `learn` is told each better one.
    """
    generation.run(value, meter)
    learn(generation.bound)
    while generation.bound < value and not meter.over() and generation.finer():
        known = generation.bound
        generation.run(value, meter)
        if generation.bound > known:
            learn(generation.bound)
        elif not generation.lacks:
            break
    return generation.bound


class _Search:
    """Placements from dives.

    Attributes
    ----------
    value, best
        Of the best placement known, and that placement if it was found here.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - made in one place
        self,
        problem: Problem,
        goal: Goal,
        holds: tuple[Hold, ...],
        yard: Yard,
        value: int,
        tell: Tell,
    ) -> None:
        self._problem, self._goal, self._holds, self._yard = problem, goal, holds, yard
        self.value = value
        self.best: Fill | None = None
        self._tell = tell
        self._bound = 0
        self._beyond: int | None = None

    def learn(self, bound: int, beyond: int | None) -> None:
        """Take note of bounds."""
        self._bound, self._beyond = bound, beyond
        self._tell(self.best, bound, beyond)

    def run(self, generation: Generation, meter: Meter) -> None:
        """Search until the bound is reached, dives gain no more, or time is up.

        Dives take about half of the work.
        """
        idle, due = 0, 0.0
        while self.value > generation.bound and idle < TRIES and not meter.over():
            began, more = meter.spent, generation.finer()
            if not more or began >= due:
                columns = dive(generation, meter, idle)
                fill = settled(self._problem, self._yard, generation.holes, columns)
                gained = self._keep(fill)
                due = 2 * meter.spent - began
                idle = 0 if gained or more else idle + 1
            generation.run(self.value, meter)

    def _keep(self, fill: Fill) -> bool:
        value = self._goal.value(self._problem, fill)
        if value >= self.value or not all(h.met(self._problem, fill) for h in self._holds):
            return False
        self.value, self.best = value, fill
        self._tell(fill, self._bound, self._beyond)
        return True
