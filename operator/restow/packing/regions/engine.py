"""The engine for large problems: improves a few nodes at a time, again and again."""

import random
from collections.abc import Iterable
from typing import Final

from restow.packing.effort import Answer, Effort
from restow.packing.fill import Fill, fill_of, stay_fill
from restow.packing.goals import Goal, Hold
from restow.packing.ladder import LEAST, Budget, budget_of
from restow.packing.ledger import Ledger
from restow.packing.problem import Order, Problem
from restow.packing.regions.crew import Crew, Solved, Task
from restow.packing.regions.justified import evictions_justified
from restow.packing.regions.part import Cutter, Part
from restow.packing.regions.picking import Picker
from restow.packing.relations import Together

PART_S: Final = 0.25
"""Most seconds for one region; one that is not proven by then seldom is soon after."""

PATIENCE: Final = 60
"""Regions in a row that may gain nothing before a level is left as it is."""

ROUND: Final = 4
"""Regions of a round where answers must be repeatable, however many are solved side by side."""


class Regions:
    """An engine that knows every relation and proves no more than what costs nothing."""

    near = False
    one_in = 2

    def __init__(self, problem: Problem, crew: Crew) -> None:
        self._problem = problem
        self._crew = crew
        self._cutter = Cutter(problem)
        self._picker = Picker(problem)
        self._ledger = Ledger(problem, stay_fill(problem))
        self._groups = [each for each in problem.relations if isinstance(each, Together)]
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
        """Improve `goal` from the feasible `hint`, region by region; there is no bound.

        A round is of regions without a node in common, each solved as all are at its beginning.
        What they found is booked one after the other, as far as the whole allows it.
        """
        ledger, budget = self._ledger, budget_of(effort)
        ledger.become(hint)
        rng = random.Random(effort.seed)  # noqa: S311 - to search, not to hide
        most = ROUND if budget.deterministic else self._crew.width
        value, idle = goal.value(self._problem, ledger.fill), 0
        while budget.left() > LEAST and idle < PATIENCE and goal.better(limit, value):
            regions = self._picker.round(goal, ledger, rng, most)
            if not regions:
                break
            parts = [self._cutter.cut(each.nodes, ledger, each.waiting) for each in regions]
            for part, solved in self._solved(goal, parts, budget):
                gain = self._book(goal, part, solved)
                value += gain
                idle = 0 if gain else idle + 1
        return Answer(
            fill=[dict(row) for row in ledger.fill], bound=None, spent=budget.total - budget.left()
        )

    def _solved(
        self, goal: Goal, parts: list[Part], budget: Budget
    ) -> Iterable[tuple[Part, Solved]]:
        """Yield each part that was solved, and book what it took."""
        share = budget.left() / len(parts) if budget.deterministic else budget.left()
        effort = budget.effort(min(share, PART_S))
        nodes = bool(goal.touched)
        tasks = [
            Task(problem=part.problem, start=part.start, effort=effort, nodes=nodes)
            for part in parts
        ]
        for part, solved in zip(parts, self._crew.solve(tasks), strict=True):
            if solved is not None:
                budget.spend(max(solved.spent, LEAST))
                yield part, solved

    def _book(self, goal: Goal, part: Part, solved: Solved) -> int:
        """Book what is better if the whole allows it, and return the gain."""
        ledger, mark = self._ledger, self._ledger.mark()
        before = goal.share(self._problem, ledger.fill, part.classes)
        for c, row in part.rows(fill_of(solved.placement)):
            for n in part.nodes:
                ledger.make(c, n, row.get(n, 0))
        self._leave_out(part)
        after = goal.share(self._problem, ledger.fill, part.classes)
        if goal.better(after, before) and self._allows(mark, part):
            return after - before
        ledger.rollback(mark)
        return 0

    def _leave_out(self, part: Part) -> None:
        """Take off again the pods that another region of the round has found a place for."""
        for c in part.classes:
            if self._problem.classes[c].pending:
                for n in part.nodes:
                    while self._ledger.waiting(c) < 0 and self._ledger.fill[c].get(n, 0):
                        self._ledger.take(c, n)

    def _allows(self, mark: int, part: Part) -> bool:
        """Whether what was booked since `mark` keeps rules and holds."""
        ledger = self._ledger
        return (
            min(ledger.tally.waiting) >= 0
            and ledger.within_limits()
            and ledger.agrees(mark)
            and self._whole(part.classes)
            and all(hold.met(self._problem, ledger.fill) for hold in self._holds if hold)
            and (self._problem.order is Order.PAPER or evictions_justified(ledger))
        )

    def _whole(self, classes: Iterable[int]) -> bool:
        """Whether no group of pods that get their places together is torn apart."""
        mine = set(classes)
        for relation in self._groups:
            if mine.isdisjoint(relation.classes):
                continue
            waiting = [c for c in relation.classes if self._problem.classes[c].pending]
            left = sum(self._ledger.waiting(c) for c in waiting)
            if left not in (0, sum(self._problem.classes[c].pending for c in waiting)):
                return False
        return True
