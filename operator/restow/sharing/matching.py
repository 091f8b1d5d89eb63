"""Who takes which room: rooms are handed down to smaller classes where that pays most.

A flow from larger classes to smaller ones, so the linear program's answer is in whole numbers.
"""

import numpy as np
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.sharing.arrays import Fleet, Ints
from restow.sharing.nesting import Pairs

LOST = 4000.0
"""What it costs, beyond twice its own devices, that a pod finds no room, in thousandths of one."""


class Matching:
    """The program for one fleet; solved again for each choice of columns."""

    def __init__(self, fleet: Fleet, pairs: Pairs) -> None:
        self._fleet, self._pairs = fleet, pairs
        self._solver = solver = pywraplp.Solver.CreateSolver("GLOP")
        infinity, gain = solver.infinity(), fleet.kinds.gain.tolist()
        objective = solver.Objective()
        objective.SetMaximization()
        self._rows = [solver.Constraint(0.0, 0.0) for _ in gain]
        for row, worth in zip(self._rows, gain, strict=True):
            for sign, fee in ((1.0, 2.0 * worth + LOST), (-1.0, float(worth))):
                outside = solver.NumVar(0.0, infinity, "")
                row.SetCoefficient(outside, sign)
                objective.SetCoefficient(outside, -fee)
        self._down = []
        for small, large in pairs:
            down = solver.NumVar(0.0, infinity, "")
            self._rows[small].SetCoefficient(down, 1.0)
            self._rows[large].SetCoefficient(down, -1.0)
            objective.SetCoefficient(down, -float(gain[large] - gain[small]))
            self._down.append(down)

    def match(self, net: Ints) -> list[tuple[int, int, int]]:
        """Return how many rooms go from which class to which smaller one, in an order that works.

        Parameters
        ----------
        net
            (kinds,) rooms found less departures.
        """
        for row, known, waiting in zip(
            self._rows, net.tolist(), self._fleet.pending.tolist(), strict=True
        ):
            row.SetBounds(float(-known), float(waiting - known))
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return []
        given = np.rint([down.solution_value() for down in self._down]).astype(int).tolist()
        steps = zip(self._pairs, given, strict=True)
        return [(large, small, number) for (small, large), number in steps if number][::-1]
