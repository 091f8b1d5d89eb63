"""The exact value of the Lagrangian bound: a linear program over patterns, made as it goes.

GLOP is in floating point: its dual values are only a hint where to look. The bound is that of
`pricing`, at the same prices in integers.
"""

import numpy as np
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.knapsack import UNIT
from restow.packing.patterns.pricing import (
    HIGHEST,
    Best,
    Descent,
    Prices,
    Whole,
    evaluate,
    slack_of,
)

INWARD = 0.5
"""How far prices are drawn from the program's towards the best ones known (Wentges 1997)."""

NEAR = 1.0 / 64
"""Bound and program this near are equal, in units."""


def glop() -> pywraplp.Solver:
    """Return GLOP, set to go on from the last basis: preprocessing throws it away."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
    return solver


class Master:
    """A program with one weight per pattern; starts with those of a known placement.

    Parameters
    ----------
    columns
        (set of nodes, pattern) of each weight.
    """

    def __init__(self, level: Level, start: list[list[tuple[int, Ints]]]) -> None:
        self._level = level
        self._solver = glop()
        infinity = self._solver.infinity()
        pods, rows, nodes = level.pods, level.rows, level.nodes
        self._pods = [
            self._solver.Constraint(float(least), float(most))
            for least, most in zip(pods.least, pods.most, strict=True)
        ]
        self._rows = [self._solver.Constraint(-infinity, float(most)) for most in rows.most]
        self._sets = [self._solver.Constraint(float(n), float(n)) for n in nodes.number]
        self._objective = self._solver.Objective()
        self._objective.SetMaximization()
        self._known: set[tuple[int, bytes]] = set()
        self.columns: list[tuple[int, Ints]] = []
        for node, used in enumerate(start):
            for _, pattern in used:
                self._add(node, pattern)

    def lower(self, at: Descent, turn: int) -> bool:
        """Solve the program, look for better patterns, and return whether it is at its end."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return True
        value = self._objective.Value()
        outer = Prices(
            np.array([row.dual_value() for row in self._pods]),
            np.maximum(0.0, np.array([row.dual_value() for row in self._rows])),
        )
        sets = np.array([row.dual_value() for row in self._sets])
        for inward in (INWARD, 0.0):
            self._price(at, outer, inward, turn)
            if at.best.bound[0] / UNIT - value < NEAR:
                return True
            if self._extend(at, outer, sets):
                return False
        return True

    def _price(self, at: Descent, outer: Prices, inward: float, turn: int) -> None:
        """Evaluate the bound between the program's prices and the best, and keep it if lower."""
        prices = Whole(
            _between(outer.pods, at.best.pods, inward), _between(outer.rows, at.best.rows, inward)
        )
        bound = evaluate(self._level, at, prices, turn, slack_of(self._level, 0.0))
        if bound < at.best.bound[0]:
            keep(at.best, bound, prices)

    def _extend(self, at: Descent, outer: Prices, sets: Floats) -> bool:
        """Add the patterns just found that the program's own prices favour."""
        level, found = self._level, False
        stay = level.gain.placed - outer.pods - outer.rows @ level.rows.placed
        come = stay + level.gain.moved - outer.rows @ level.rows.moved
        worth = at.pattern[:, :, 0] @ stay + at.pattern[:, :, 1] @ come
        for node in np.flatnonzero(worth > sets + 1e-7):
            found = self._add(int(node), at.pattern[node]) or found
        return found

    def _add(self, node: int, pattern: Ints) -> bool:
        """Add a pattern of a set of nodes; return whether it is new."""
        mark = (node, pattern.tobytes())
        if mark in self._known:
            return False
        self._known.add(mark)
        self.columns.append((node, pattern.copy()))
        level, placed = self._level, pattern.sum(axis=1)
        use = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._sets[node].SetCoefficient(use, 1.0)
        for c in np.flatnonzero(placed):
            self._pods[c].SetCoefficient(use, float(placed[c]))
        sums = level.rows.placed @ placed + level.rows.moved @ pattern[:, 1]
        for r in np.flatnonzero(sums):
            self._rows[r].SetCoefficient(use, float(sums[r]))
        gain = level.gain.placed @ placed + level.gain.moved @ pattern[:, 1]
        self._objective.SetCoefficient(use, float(gain))
        return True


def keep(best: Best, bound: int, prices: Whole) -> None:
    """Set the best bound and its prices."""
    best.bound[0] = bound
    best.pods[:] = prices.pods
    best.rows[:] = prices.rows


def _between(outer: Floats, inner: Ints, inward: float) -> Ints:
    between = np.rint((1 - inward) * outer * UNIT + inward * inner)
    return np.clip(between, -HIGHEST * UNIT, HIGHEST * UNIT).astype(np.int64)
