"""The engine for large problems: improves a few nodes at a time, again and again."""

import random
from collections.abc import Iterator
from typing import Protocol

from restow.packing.check import keeps_the_rules
from restow.packing.effort import Answer, Effort
from restow.packing.fill import Fill, fill_of, placement_of
from restow.packing.goals import Goal, Hold
from restow.packing.ladder import Budget
from restow.packing.ledger import Ledger
from restow.packing.outcome import Placement
from restow.packing.problem import Problem
from restow.packing.regions.part import Cutter, Part
from restow.packing.regions.picking import Picker

PART_S = 0.25
"""Most seconds for one region; one that is not proven by then seldom is soon after."""

PATIENCE = 60
"""Regions in a row that may gain nothing before a level is left as it is."""


class PartSolver(Protocol):
    """Solves a region from its present fill; a function that can be sent to other processes."""

    def __call__(self, problem: Problem, start: Fill, budget: Budget) -> Placement:
        """Return the best placement found within the budget, never worse than `start`."""


class Regions:
    """An engine that knows every relation and proves no more than what costs nothing."""

    near = False
    one_in = 2

    def __init__(self, problem: Problem, solve_part: PartSolver) -> None:
        self._problem = problem
        self._solve_part = solve_part
        self._cutter = Cutter(problem)
        self._holds: list[Hold | None] = []

    def hold(self, hold: Hold) -> int:
        """Put `hold` in force and return the name by which `drop` takes it out of force."""
        self._holds.append(hold)
        return len(self._holds) - 1

    def drop(self, name: int) -> None:
        """Take a hold out of force."""
        self._holds[name] = None

    def optimise(
        self,
        goal: Goal,
        *,
        hint: Fill,
        limit: int,
        effort: Effort,
        nodes: frozenset[int] | None = None,  # noqa: ARG002 - no neighbourhood within regions
    ) -> Answer:
        """Improve `goal` from the feasible `hint`, region by region; there is no bound."""
        ledger = Ledger(self._problem, fill_of(placement_of(hint)))
        budget = _budget(effort)
        value, idle = goal.value(self._problem, ledger.fill), 0
        for region in self._regions(goal, ledger, effort.seed):
            left = budget.left()
            if left <= 0 or idle >= PATIENCE or not goal.better(limit, value):
                break
            part = self._cutter.cut(region, ledger)
            gain = self._improve(goal, ledger, part, min(left, PART_S), budget)
            value += gain
            idle = 0 if gain else idle + 1
        return Answer(fill=ledger.fill, bound=None, spent=budget.total - budget.left())

    def _regions(self, goal: Goal, ledger: Ledger, seed: int) -> Iterator[frozenset[int]]:
        rng = random.Random(seed)  # noqa: S311 - to search, not to hide
        return Picker(self._problem, rng).regions(goal, ledger)

    def _improve(
        self, goal: Goal, ledger: Ledger, part: Part, amount: float, budget: Budget
    ) -> int:
        """Solve the region, book what is better if the whole allows it, and return the gain."""
        own = Budget(total=amount, deterministic=budget.deterministic, seed=budget.seed)
        placement = self._solve_part(part.problem, part.start, own)
        budget.spend(amount)
        mark, evicted = ledger.mark(), ledger.tally.evicted
        before = goal.share(self._problem, ledger.fill, part.classes)
        for c, row in part.rows(fill_of(placement)):
            for n in part.nodes:
                ledger.make(c, n, row.get(n, 0))
        after = goal.share(self._problem, ledger.fill, part.classes)
        rejudge = ledger.tally.evicted != evicted
        if goal.better(after, before) and self._allows(ledger, mark, rejudge=rejudge):
            return after - before
        ledger.rollback(mark)
        return 0

    def _allows(self, ledger: Ledger, mark: int, *, rejudge: bool) -> bool:
        """Whether what was booked since `mark` keeps rules and holds."""
        return (
            ledger.within_limits()
            and ledger.agrees(mark)
            and all(hold.met(self._problem, ledger.fill) for hold in self._holds if hold)
            and not (rejudge and not keeps_the_rules(self._problem, placement_of(ledger.fill)))
        )


def _budget(effort: Effort) -> Budget:
    """Return the effort as a budget of its own."""
    if effort.seconds is None:
        return Budget(total=effort.work or 0.0, deterministic=True, seed=effort.seed)
    return Budget(total=effort.seconds, deterministic=False, seed=effort.seed)
