"""The linear program over columns: which share of which use, under balance and the limit.

GLOP is in floating point, so its duals are only a hint where to look: bounds come from `pricing`,
at the same prices in integers.
"""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column, Duals
from restow.rescheduling.opening import Need
from restow.rescheduling.pricing import Prices
from restow.rescheduling.problem import Ints
from restow.rescheduling.table import Table

SCARCE = 1e-4
"""Gain beyond a cap counts at least so much of what it would without."""

LACK = 1e-6
"""Less than this of a hole is not missing."""


class Balance(Protocol):
    """In which rows holes are balanced, and what the rows' prices say of every hole."""

    def __len__(self) -> int:
        """Return how many rows there are."""

    def open(self, holes: Iterable[int]) -> None:
        """Make rows for these holes, if they need any."""

    def nested(self) -> Iterable[tuple[int, int]]:
        """Return new pairs of rows (small, large): what opens the one serves the other."""

    def entries(self, need: Need) -> Iterable[tuple[int, float]]:
        """Return the rows that holes needed count in, and how much."""

    def carried(self, prices: Ints) -> Ints:
        """Return (holes,) prices for (rows,) prices."""


class Master:
    """A linear program that grows by columns, and by the holes that they need.

    Parameters
    ----------
    balance
        Of the table's holes.
    penalty
        Cost of a departure that finds no hole: above what any pod can gain, so that the program
        has a solution from the start and prices stay in reason.
    thrift
        Cost of a migration.
    """

    def __init__(
        self, table: Table, limit: int, balance: Balance, *, penalty: float, thrift: float
    ) -> None:
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        solver, infinity = self._solver, self._solver.infinity()
        self._objective = solver.Objective()
        self._objective.SetMaximization()
        self._rows = [solver.Constraint(-infinity, float(n)) for n in table.rows.number]
        self._balance = balance
        self._holes: list[pywraplp.Constraint] = []
        self._limit = solver.Constraint(-infinity, float(limit))
        self._lack: list[pywraplp.Variable] = []
        self._penalty = penalty
        self._grow()
        self.columns: list[Column] = []
        self._thrift = thrift
        self._cap: pywraplp.Constraint | None = None
        self._uses: list[pywraplp.Variable] = []

    def extend(self, columns: list[Column]) -> None:
        """Enter columns, and the holes that they need."""
        self._balance.open(hole for column in columns for hole, _ in column.need)
        self._grow()
        for column in columns:
            self._add(column)

    def _grow(self) -> None:
        """Give rows to the holes that have been opened."""
        solver, infinity = self._solver, self._solver.infinity()
        if len(self._holes) == len(self._balance):
            return
        for _ in range(len(self._holes), len(self._balance)):
            hole = solver.Constraint(-infinity, 0.0)
            lack = solver.NumVar(0.0, infinity, "")
            hole.SetCoefficient(lack, -1.0)
            self._objective.SetCoefficient(lack, -self._penalty)
            self._holes.append(hole)
            self._lack.append(lack)
        for small, large in self._balance.nested():
            into = solver.NumVar(0.0, infinity, "")
            self._holes[small].SetCoefficient(into, -1.0)
            self._holes[large].SetCoefficient(into, 1.0)

    def _add(self, column: Column) -> None:
        use = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._rows[column.row].SetCoefficient(use, 1.0)
        for row, many in self._balance.entries(column.need):
            self._holes[row].SetCoefficient(use, many)
        if column.leaving:
            self._limit.SetCoefficient(use, float(column.moves))
        if self._cap is not None and column.gain:
            self._cap.SetCoefficient(use, float(column.gain))
        self._objective.SetCoefficient(use, column.gain - self._thrift * column.moves)
        self.columns.append(column)
        self._uses.append(use)

    def cap(self, target: int) -> None:
        """Gain no more than that from now on: what then counts is how few migrations it takes."""
        infinity = self._solver.infinity()
        self._cap = self._solver.Constraint(-infinity, float(target))
        for use, column in zip(self._uses, self.columns, strict=True):
            if column.gain:
                self._cap.SetCoefficient(use, float(column.gain))

    def solve(self) -> float | None:
        """Return the program's value; None if GLOP gave up, from its last basis and from none."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            anew = pywraplp.MPSolverParameters()
            anew.SetIntegerParam(anew.INCREMENTALITY, anew.INCREMENTALITY_OFF)
            if self._solver.Solve(anew) != pywraplp.Solver.OPTIMAL:
                return None
        return float(self._objective.Value())

    def prices(self) -> Prices:
        """Return the last solution's duals, in integers; thrift is a part of a migration's."""
        move = max(0.0, self._limit.dual_value()) + self._thrift
        return Prices(self._balance.carried(self.paid()), round(move * self._one()))

    def paid(self) -> Ints:
        """Return the (rows,) prices of the balance in the last solution."""
        hole = np.array([row.dual_value() for row in self._holes])
        paid: Ints = np.rint(np.maximum(hole, 0.0) * self._one()).astype(np.int64)
        return paid

    def _one(self) -> float:
        """Return what one of gain is worth to the program, in `UNIT`s of what it pays."""
        paid = 0.0 if self._cap is None else self._cap.dual_value()
        return UNIT / max(SCARCE, 1.0 - paid)

    def duals(self) -> Duals:
        """Return the last solution's duals in full."""
        row = np.array([row.dual_value() for row in self._rows])
        return Duals(self.prices(), np.rint(np.maximum(row, 0.0) * self._one()).astype(np.int64))

    def shares(self) -> list[float]:
        """Return how much of each column the last solution uses."""
        return [use.solution_value() for use in self._uses]

    def lacks(self) -> bool:
        """Return whether somebody finds no hole in the last solution."""
        return any(lack.solution_value() > LACK for lack in self._lack)

    def fix(self, column: int, least: float) -> None:
        """Use at least so much of a column from now on."""
        self._uses[column].SetLb(least)
