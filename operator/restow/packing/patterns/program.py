"""A linear program with one weight per pattern of each set of nodes; grows by patterns.

GLOP is in floating point: its dual values are only a hint where to look.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.packing.patterns.areas import charges_of, sums_of
from restow.packing.patterns.arrays import Floats, Ints, Level


class Duals(NamedTuple):
    """What the last solution pays: (classes,) a pod, (rows,), (areas,) a sum, (sets,) a node."""

    pods: Floats
    rows: Floats
    areas: Floats
    sets: Floats


class Program:
    """The program of a level, without any pattern yet; its rows may be changed."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        # set to go on from the last basis: preprocessing throws it away
        self.solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        infinity = self.solver.infinity()
        self.objective = self.solver.Objective()
        self.objective.SetMaximization()
        self.pods = [
            self.solver.Constraint(float(least), float(most))
            for least, most in zip(level.pods.least, level.pods.most, strict=True)
        ]
        self.rows = [self.solver.Constraint(-infinity, float(most)) for most in level.rows.most]
        self.areas = [self.solver.Constraint(-infinity, float(most)) for most in level.areas.most]
        self.sets = [self.solver.Constraint(float(n), float(n)) for n in level.nodes.number]
        self._known: set[tuple[int, bytes]] = set()

    def relax(self, price: float) -> None:
        """Allow pods to be lacking, or too many, at this price for each."""
        for row in self.pods:
            for sign in (1.0, -1.0):
                lack = self.solver.NumVar(0.0, self.solver.infinity(), "")
                row.SetCoefficient(lack, sign)
                self.objective.SetCoefficient(lack, -price)

    def add(self, node: int, pattern: Ints) -> pywraplp.Variable | None:
        """Return the weight of a new pattern of a set of nodes; None if the pattern is known."""
        mark = (node, pattern.tobytes())
        if mark in self._known:
            return None
        self._known.add(mark)
        level, placed = self._level, pattern.sum(axis=1)
        use = self.solver.NumVar(0.0, self.solver.infinity(), "")
        self.sets[node].SetCoefficient(use, 1.0)
        for c in np.flatnonzero(placed):
            self.pods[c].SetCoefficient(use, float(placed[c]))
        sums = level.rows.placed @ placed + level.rows.moved @ pattern[:, 1]
        for r in np.flatnonzero(sums):
            self.rows[r].SetCoefficient(use, float(sums[r]))
        sums = sums_of(level.areas, node, placed)
        for a in np.flatnonzero(sums):
            self.areas[a].SetCoefficient(use, float(sums[a]))
        gain = level.gain.placed @ placed + level.gain.moved @ pattern[:, 1]
        self.objective.SetCoefficient(use, float(gain))
        return use

    def solve(self) -> float | None:
        """Return the program's value; None if GLOP gave up."""
        if self.solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        return float(self.objective.Value())

    def duals(self) -> Duals:
        """Return the duals of the last solution."""
        return Duals(
            np.array([row.dual_value() for row in self.pods]),
            np.maximum(0.0, np.array([row.dual_value() for row in self.rows])),
            np.maximum(0.0, np.array([row.dual_value() for row in self.areas])),
            np.array([row.dual_value() for row in self.sets]),
        )

    def favours(self, duals: Duals, patterns: Ints, margin: float) -> NDArray[np.bool_]:
        """Return (sets,) whether a pattern of each set is worth that much more than is paid."""
        level = self._level
        stay = level.gain.placed - duals.pods - duals.rows @ level.rows.placed
        come = stay + level.gain.moved - duals.rows @ level.rows.moved
        worth = patterns[:, :, 0] @ stay + patterns[:, :, 1] @ come
        if len(duals.areas):
            charge = charges_of(level.areas, duals.areas, len(stay))
            worth -= (patterns.sum(axis=2) * charge).sum(axis=1)
        better: NDArray[np.bool_] = worth > duals.sets + margin
        return better
