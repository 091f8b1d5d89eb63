"""The linear program over columns: which share of which column, so that everybody has a hole.

GLOP is in floating point, so its duals are only a hint where to look: bounds come from `pricing`,
at the same prices in integers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.packing.clearing.holes import Holes

LACK = 1e-6
"""Less than this of a hole is not missing."""


class Column(NamedTuple):
    """One use of a node.

    Parameters
    ----------
    gone, come
        Pods that leave, by their number in the yard, and holes that are made for who arrives.
    taken
        Per pod that leaves and must land, the hole that it needs, or -1 where there are plenty.
    cost
        Of the departures.
    """

    node: int
    gone: tuple[int, ...]
    come: tuple[int, ...]
    taken: tuple[int, ...]
    cost: int


class Master:
    """A linear program that grows by columns, and by holes."""

    def __init__(self, holes: Holes, penalty: float) -> None:
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._objective = self._solver.Objective()
        self._objective.SetMinimization()
        self._infinity = self._solver.infinity()
        self._holes = holes
        self._rows: list[pywraplp.Constraint] = []
        self._lack: list[pywraplp.Variable] = []
        self._nodes: dict[int, pywraplp.Constraint] = {}
        self._uses: list[pywraplp.Variable] = []
        self.columns: list[Column] = []
        self.penalty = penalty
        self.grow()

    def grow(self) -> None:
        """Enter holes that have become known, and let pods that could take them need them."""
        for hole in range(len(self._rows), len(self._holes)):
            row = self._solver.Constraint(float(self._holes.asked[hole]), self._infinity)
            lack = self._solver.NumVar(0.0, self._infinity, "")
            row.SetCoefficient(lack, 1.0)
            self._objective.SetCoefficient(lack, self.penalty)
            self._rows.append(row)
            self._lack.append(lack)
            for small, large in self._holes.into(hole):
                into = self._solver.NumVar(0.0, self._infinity, "")
                self._rows[small].SetCoefficient(into, 1.0)
                self._rows[large].SetCoefficient(into, -1.0)

    def dearer(self, factor: float) -> None:
        """Let a lack of holes cost more."""
        self.penalty *= factor
        for lack in self._lack:
            self._objective.SetCoefficient(lack, self.penalty)

    def add(self, column: Column) -> None:
        """Enter a column."""
        use = self._solver.NumVar(0.0, self._infinity, "")
        if column.node not in self._nodes:
            self._nodes[column.node] = self._solver.Constraint(-self._infinity, 1.0)
        self._nodes[column.node].SetCoefficient(use, 1.0)
        net = np.bincount(column.come, minlength=len(self._rows)).astype(np.int64)
        for hole in column.taken:
            if hole >= 0:
                net[hole] -= 1
        for row in np.flatnonzero(net):
            self._rows[row].SetCoefficient(use, float(net[row]))
        self._objective.SetCoefficient(use, float(column.cost))
        self.columns.append(column)
        self._uses.append(use)

    def correct(self, number: int, taken: tuple[int, ...]) -> None:
        """Let pods that leave with a column need other holes."""
        column, use = self.columns[number], self._uses[number]
        for old, new in zip(column.taken, taken, strict=True):
            if old != new:
                for hole, more in ((old, 1.0), (new, -1.0)):
                    if hole >= 0:
                        row = self._rows[hole]
                        row.SetCoefficient(use, row.GetCoefficient(use) + more)
        self.columns[number] = column._replace(taken=taken)

    def solve(self, seconds: float | None) -> float | None:
        """Return the program's value; None if GLOP gave up, or the seconds were over."""
        if seconds is not None:
            self._solver.SetTimeLimit(max(1, int(1000 * seconds)))  # 0 is no limit
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        return float(self._objective.Value())

    def prices(self) -> NDArray[np.float64]:
        """Return the last solution's price of each hole."""
        duals: NDArray[np.float64] = np.array([row.dual_value() for row in self._rows])
        return duals.clip(min=0.0)

    def shares(self) -> list[float]:
        """Return how much of each column the last solution uses."""
        return [use.solution_value() for use in self._uses]

    def lacks(self) -> bool:
        """Return whether somebody finds no hole in the last solution."""
        return any(lack.solution_value() > LACK for lack in self._lack)

    def confine(self, last: int) -> None:
        """Use no column of a node from that one on any more."""
        for column, use in zip(self.columns, self._uses, strict=True):
            if column.node >= last:
                use.SetUb(0.0)

    def fix(self, column: int, least: float) -> None:
        """Use at least so much of a column from now on."""
        self._uses[column].SetLb(least)
