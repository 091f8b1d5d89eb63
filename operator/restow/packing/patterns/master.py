"""The exact value of the Lagrangian bound: a linear program over patterns, made as it goes.

GLOP is in floating point: its dual values are only a hint where to look. The bound is that of
`pricing`, at the same prices in integers.
"""

import numpy as np

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
from restow.packing.patterns.program import Duals, Program

INWARD = 0.5
"""How far prices are drawn from the program's towards the best ones known (Wentges 1997)."""

NEAR = 1.0 / 64
"""Bound and program this near are equal, in units."""


class Master:
    """A program with one weight per pattern; starts with those of a known placement.

    Parameters
    ----------
    columns
        (set of nodes, pattern) of each weight.
    """

    def __init__(self, level: Level, start: list[list[tuple[int, Ints]]]) -> None:
        self._level = level
        self._program = Program(level)
        self.columns: list[tuple[int, Ints]] = []
        for node, used in enumerate(start):
            for _, pattern in used:
                self._add(node, pattern)

    def lower(self, at: Descent, turn: int) -> bool:
        """Solve the program, look for better patterns, and return whether it is at its end."""
        value = self._program.solve()
        if value is None:
            return True
        duals = self._program.duals()
        outer = Prices(duals.pods, duals.rows, duals.areas)
        for inward in (INWARD, 0.0):
            self._price(at, outer, inward, turn)
            if at.best.bound[0] / UNIT - value < NEAR:
                return True
            if self._extend(at, duals):
                return False
        return True

    def _price(self, at: Descent, outer: Prices, inward: float, turn: int) -> None:
        """Evaluate the bound between the program's prices and the best, and keep it if lower."""
        inner = (at.best.pods, at.best.rows, at.best.areas)
        prices = Whole(*(between(*each, inward) for each in zip(outer, inner, strict=True)))
        bound = evaluate(self._level, at, prices, turn, slack_of(self._level, 0.0))
        if bound < at.best.bound[0]:
            keep(at.best, bound, prices)

    def _extend(self, at: Descent, duals: Duals) -> bool:
        """Add the patterns just found that the program's own prices favour."""
        found = False
        for node in np.flatnonzero(self._program.favours(duals, at.pattern, 1e-7)):
            found = self._add(int(node), at.pattern[node]) or found
        return found

    def _add(self, node: int, pattern: Ints) -> bool:
        """Add a pattern of a set of nodes; return whether it is new."""
        if self._program.add(node, pattern) is None:
            return False
        self.columns.append((node, pattern.copy()))
        return True


def keep(best: Best, bound: int, prices: Whole) -> None:
    """Set the best bound and its prices."""
    best.bound[0] = bound
    best.pods[:] = prices.pods
    best.rows[:] = prices.rows
    best.areas[:] = prices.areas


def between(outer: Floats, inner: Ints, inward: float) -> Ints:
    """Return prices in integers, so far `inward` from the outer ones to the inner ones."""
    prices = np.rint((1 - inward) * outer * UNIT + inward * inner)
    return np.clip(prices, -HIGHEST * UNIT, HIGHEST * UNIT).astype(np.int64)
