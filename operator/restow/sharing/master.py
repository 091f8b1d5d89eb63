"""The linear program over columns: which share of which use of which node.

GLOP is in floating point, so its duals are only a hint where to look: bounds come from `pricing`,
at the same prices in integers.
"""

from typing import NamedTuple

import numpy as np
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.sharing.arrays import UNIT, Fleet, Ints
from restow.sharing.columns import Column
from restow.sharing.nesting import lifted, nested

THRIFT = 0.05
"""What a move costs the program besides, in thousandths of a device.

Where the limit is slack a move costs nothing, and columns full of needless ones would be as good
as any.
"""

PENALTY = 2000.0
"""What it costs, beyond twice its own devices, that a pod finds no place: more than any gain."""


class Duals(NamedTuple):
    """Prices of classes and of a move, and worth of nodes, in `UNIT`s."""

    price: Ints
    move: int
    node: Ints

    def reduced(self, column: Column) -> int:
        """Return how much better a column is than the program's own, in `UNIT`s."""
        worth = sum(int(self.price[kind]) * number for kind, number in column.net)
        return worth - self.move * column.moves - int(self.node[column.node])


class Master:
    """A linear program that grows by columns."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._solver = solver = pywraplp.Solver.CreateSolver("GLOP")
        solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._objective = solver.Objective()
        self._objective.SetMaximization()
        infinity = solver.infinity()
        self._nodes = [solver.Constraint(-infinity, 1.0) for _ in fleet.nodes.cpu]
        self._kinds = [solver.Constraint(0.0, float(pending)) for pending in fleet.pending]
        self._limit = solver.Constraint(-infinity, float(fleet.limit))
        self.pairs = nested(fleet.kinds)
        for small, large in self.pairs:
            into = solver.NumVar(0.0, infinity, "")
            self._kinds[small].SetCoefficient(into, 1.0)
            self._kinds[large].SetCoefficient(into, -1.0)
            lost = fleet.kinds.gain[large] - fleet.kinds.gain[small]
            self._objective.SetCoefficient(into, -float(lost))
        self._lack = [self._outside(row, 1.0) for row in self._kinds]
        self._surplus = [self._outside(row, -1.0) for row in self._kinds]
        self._loan = self._outside(self._limit, -1.0)
        self._deposit = self._outside(self._limit, 1.0)
        self.close()
        self.columns: list[Column] = []
        self._uses: list[pywraplp.Variable] = []

    def _outside(self, row: pywraplp.Constraint, sign: float) -> pywraplp.Variable:
        """Return what comes from outside, or goes there."""
        use = self._solver.NumVar(0.0, self._solver.infinity(), "")
        row.SetCoefficient(use, sign)
        return use

    def box(self, price: Ints, move: int, width: float) -> None:
        """Keep duals near prices: pods and moves are traded outside a little above and below.

        Parameters
        ----------
        width
            How far from the prices, in thousandths of a device; of a move's, as a share of it too.
        """
        gain = self._fleet.kinds.gain
        for k, middle in enumerate((price / UNIT).tolist()):
            self._set(self._lack[k], gain[k] - middle - width)
            self._set(self._surplus[k], max(0.0, middle - width) - gain[k])
        one = move / UNIT
        self._set(self._loan, -(one * 1.6))
        self._set(self._deposit, one * 0.6)

    def close(self) -> None:
        """End all trade outside: that a pod finds no place costs more than any gain."""
        for k, gain in enumerate(self._fleet.kinds.gain.tolist()):
            self._set(self._lack[k], -2.0 * gain - PENALTY)
            self._set(self._surplus[k], -float(gain))
        self._loan.SetUb(0.0)
        self._deposit.SetUb(0.0)

    def trades(self) -> float:
        """Return how many pods and moves the last solution trades outside."""
        outside = (*self._lack, self._loan, self._deposit)
        return float(sum(use.solution_value() for use in outside))

    def _set(self, use: pywraplp.Variable, worth: float) -> None:
        self._objective.SetCoefficient(use, float(worth))
        use.SetUb(self._solver.infinity())

    def add(self, column: Column) -> None:
        """Enter a column."""
        use = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._nodes[column.node].SetCoefficient(use, 1.0)
        for kind, number in column.net:
            self._kinds[kind].SetCoefficient(use, float(number))
        if column.leave:
            self._limit.SetCoefficient(use, float(column.moves))
        self._objective.SetCoefficient(use, column.gain - THRIFT * column.moves)
        self.columns.append(column)
        self._uses.append(use)

    def solve(self, seconds: float | None) -> float | None:
        """Return the program's value; None if GLOP gave up, or has no time left."""
        if seconds is not None:
            self._solver.SetTimeLimit(max(1, round(seconds * 1000)))
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        return float(self._objective.Value())

    def duals(self) -> Duals:
        """Return the last solution's duals."""
        kinds = np.array([row.dual_value() for row in self._kinds])
        nodes = np.array([row.dual_value() for row in self._nodes])
        move = max(0.0, self._limit.dual_value()) + THRIFT
        price = np.rint((self._fleet.kinds.gain - kinds) * UNIT).astype(np.int64)
        return Duals(
            lifted(price, self.pairs),
            round(move * UNIT),
            np.rint(np.maximum(nodes, 0.0) * UNIT).astype(np.int64),
        )

    def shares(self) -> list[float]:
        """Return how much of each column the last solution uses."""
        return [use.solution_value() for use in self._uses]

    def fix(self, column: int) -> None:
        """Use a column in whole from now on."""
        self._uses[column].SetBounds(1.0, 1.0)

    def release(self, column: int) -> None:
        """Use as much of a column as pays again."""
        self._uses[column].SetBounds(0.0, self._solver.infinity())
