"""Whether a level reaches a gain: patterns of each node put together by CP-SAT."""

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from restow.packing.effort import work_of
from restow.packing.patterns.aggregate import weighted
from restow.packing.patterns.areas import members_of
from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.knapsack import LEAST_SLACK, UNIT
from restow.packing.patterns.listing import list_patterns
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.pricing import Descent, Whole, evaluate

MOST_PATTERNS = 12_000
"""Beyond, CP-SAT is slower than on the classes."""


FEW_PATTERNS, WORK = 500, 0.03
"""The same for a few nodes, and CP-SAT's deterministic time there."""

CARE = 6
"""How much longer, and how often, nodes are searched before their patterns are listed."""

SHARE = 0.7
"""Share of what is left that one set partition may use."""


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What closing found: that no placement gains so much, or one that does (or neither).

    Parameters
    ----------
    impossible
        Whether it is proven that there is none.
    patterns
        Per set, the (count, pattern) pairs of a placement; a pattern is (classes, 2).
    tried
        Whether the patterns could be listed, and CP-SAT ran out of time with them.
    """

    impossible: bool = False
    tried: bool = False
    patterns: list[list[tuple[int, Ints]]] | None = None


def close(level: Level, at: Descent, gain: int, meter: Meter, *, presolved: bool = False) -> Closed:
    """Look for a placement of at least `gain` among all patterns that it can use.

    Without presolving CP-SAT finds one in a third to a sixth of the time; that there is none it
    proves in a third less when the model is `presolved`.
    """
    bound = _exactly(level, at, meter)
    gap = bound - gain * UNIT
    if gap < 0:
        return Closed(impossible=True)
    listed = _listed(level, at, gap, meter)
    if listed is None:
        return Closed()
    if not listed:
        return Closed(impossible=True)
    return Partition(level, listed, presolved=presolved).solve(gain, meter)


def improve(
    level: Level, at: Descent, gain: int, meter: Meter
) -> list[list[tuple[int, Ints]]] | None:
    """Return the best placement of at least `gain`, if there is one and it takes no time."""
    gap = _exactly(level, at, meter) - gain * UNIT
    listed = None if gap < 0 else _listed(level, at, gap, meter, FEW_PATTERNS)
    if not listed:
        return None
    return Partition(level, listed, presolved=False).solve(gain, meter, at_best=True).patterns


def _exactly(level: Level, at: Descent, meter: Meter) -> int:
    """Return the bound of the best prices by long searches that miss next to nothing.

    It is the one that `at.tops` add up to, as the patterns that are listed must be: another one,
    lower by luck, would leave patterns out.
    """
    care = int(at.desk.care[0])
    at.desk.care[0] = care * CARE
    prices = Whole(at.best.pods, at.best.rows, at.best.areas)
    for turn in range(CARE):
        bound = evaluate(level, at, prices, turn, LEAST_SLACK)
        at.best.bound[0] = min(at.best.bound[0], bound)
        meter.book_patterns(CARE * len(level.nodes.number))
        if meter.over():
            break
    at.desk.care[0] = care
    return bound


def _listed(
    level: Level, at: Descent, gap: int, meter: Meter, most: int = MOST_PATTERNS
) -> list[Ints] | None:
    """Return per set the patterns within `gap` of its best.

    Nothing at all if some set has none; None if there are too many.
    """
    classes = len(level.pods.most)
    listed: list[Ints] = []
    left = most
    for node in range(len(level.nodes.number)):
        if meter.over():
            return None
        room = np.zeros((left, classes, 2), np.int64)
        found = list_patterns(level, node, at, (int(at.tops[node]) - gap, -gap - 1), room)
        meter.book_patterns(10)
        if found < 0:
            return None
        if found == 0:
            return []
        listed.append(room[:found].copy())
        left -= found
    return listed


class Partition:
    """One pattern per node, the classes' counts and the rows kept, a gain reached."""

    def __init__(self, level: Level, listed: list[Ints], *, presolved: bool) -> None:
        self.presolved = presolved
        self.level = level
        self.listed = listed
        self.model = cp_model.CpModel()
        self.uses = [
            [self.model.new_int_var(0, int(number), "") for _ in patterns]
            for number, patterns in zip(level.nodes.number, listed, strict=True)
        ]
        for number, uses in zip(level.nodes.number, self.uses, strict=True):
            self.model.add(cp_model.LinearExpr.sum([0, *uses]) == int(number))
        self.flat = [use for uses in self.uses for use in uses]
        every = np.concatenate(listed) if listed else np.zeros((0, len(level.pods.most), 2), int)
        self.placed = every.sum(axis=2)
        self.moved = every[:, :, 1]
        self._keep()

    def _keep(self) -> None:
        pods, rows = self.level.pods, self.level.rows
        for c in range(len(pods.most)):
            if self.placed[:, c].any() or pods.least[c]:
                total = self._sum(self.placed[:, c])
                self.model.add_linear_constraint(total, int(pods.least[c]), int(pods.most[c]))
        for placed, moved, most in zip(*rows, strict=True):
            self.model.add(self._sum(self.placed @ placed + self.moved @ moved) <= int(most))
        sizes = list(map(len, self.listed))
        for area, where in enumerate(np.repeat(self.level.areas.where, sizes, axis=1)):
            members = members_of(self.level.areas, area)
            total = self._sum(where * self.placed[:, members].sum(axis=1))
            self.model.add(total <= int(self.level.areas.most[area]))

    def _sum(self, weights: Ints) -> cp_model.LinearExpr:
        return weighted(self.flat, weights)

    def solve(self, gain: int, meter: Meter, *, at_best: bool = False) -> Closed:
        """Return whether the patterns reach `gain`, with `at_best` by as much as soon found."""
        weights = self.level.gain
        total = self._sum(self.placed @ weights.placed + self.moved @ weights.moved)
        self.model.add(total >= gain)
        solver = meter.solver(SHARE, presolved=self.presolved)
        # without an objective the linear program has no direction, and rules next to nothing out
        self.model.maximize(total)
        solver.parameters.stop_after_first_solution = not at_best
        if at_best:
            solver.parameters.max_deterministic_time = WORK
        status = solver.solve(self.model)
        meter.book(work_of(solver))
        if status == cp_model.INFEASIBLE:
            return Closed(impossible=True)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Closed(patterns=self._chosen(solver))
        return Closed(tried=True)

    def _chosen(self, solver: cp_model.CpSolver) -> list[list[tuple[int, Ints]]]:
        return [
            [
                (count, pattern)
                for use, pattern in zip(uses, patterns, strict=True)
                if (count := int(solver.value(use)))
            ]
            for uses, patterns in zip(self.uses, self.listed, strict=True)
        ]
