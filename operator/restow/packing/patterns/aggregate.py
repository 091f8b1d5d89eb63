"""All nodes as one: which gain their common room allows, and how much room may stay empty then.

A relaxation that knows nothing of nodes, but whole pods, all resources and all rows. Where slack is
scarce it is often one pod below the bounds that price pods, and takes CP-SAT milliseconds.
"""

import numpy as np
from ortools.sat.python import cp_model

from restow.packing.effort import work_of
from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.meter import Meter

WORK = 0.02
"""Most of CP-SAT's deterministic time for one question."""


class Aggregate:
    """Counts of pods per class that stay and that come, in the common room of all nodes."""

    def __init__(self, level: Level, meter: Meter) -> None:
        self._level = level
        self._meter = meter

    def top(self, high: int) -> int:
        """Return a gain that no placement betters: `high`, or less."""
        gain = self._level.gain
        best = self._most(gain.placed, gain.moved)
        return high if best is None else min(high, best)

    def spare(self, gain: int) -> Ints:
        """Return (resources,) how much room placements of at least `gain` can leave empty."""
        demand = self._level.pods.demand
        room = self._level.nodes.room.T @ self._level.nodes.number
        spare = room.copy()
        for r in range(len(room)):
            least = self._most(-demand[:, r], np.zeros_like(demand[:, r]), at_least=gain)
            if least is not None:
                spare[r] = max(0, int(room[r]) + least)
        return spare

    def certain(self, c: int, gain: int) -> bool:
        """Return whether every placement of at least `gain` has a pod of class `c`."""
        one = np.zeros_like(self._level.pods.most)
        one[c] = -1
        most = self._most(one, np.zeros_like(one), at_least=gain)
        return most is not None and most < 0

    def choices(self, gain: int, most: int) -> list[Ints] | None:
        """Return (classes,) how many pods of each class may have a place where `gain` is reached.

        A relaxation: those of all placements are among them. None if they are more than `most`.
        """
        level, model = self._level, cp_model.CpModel()
        nodes, pods = level.nodes, level.pods
        top = np.minimum(pods.most, nodes.number @ (nodes.home + nodes.comers))
        uses = [
            model.new_int_var(int(low), int(high), "")
            for low, high in zip(np.minimum(pods.least, top), top, strict=True)
        ]
        for demand, room in zip(pods.demand.T, nodes.room.T @ nodes.number, strict=True):
            model.add(weighted(uses, demand) <= int(room))
        for placed, moved, limit in zip(*level.rows, strict=True):
            model.add(weighted(uses, placed) <= int(limit - np.minimum(0, moved) @ top))
        best = int(np.maximum(0, level.gain.moved) @ top)
        model.add(weighted(uses, level.gain.placed) >= gain - best)
        found = _Found(uses, most)
        solver = self._solver()
        solver.parameters.enumerate_all_solutions = True
        status = solver.solve(model, found)
        self._meter.book(work_of(solver))
        ended = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        return found.choices if ended and len(found.choices) <= most else None

    def _most(self, placed: Ints, moved: Ints, *, at_least: int | None = None) -> int | None:
        """Return the most that the weights can sum up to; None where that is not known."""
        level, model = self._level, cp_model.CpModel()
        nodes = level.nodes
        home, comers = nodes.number @ nodes.home, nodes.number @ nodes.comers
        most, least = level.pods.most, level.pods.least
        stay = [model.new_int_var(0, int(n), "") for n in np.minimum(home, most)]
        come = [model.new_int_var(0, int(n), "") for n in np.minimum(comers, most)]
        uses = [*stay, *come]

        def total(each: Ints, extra: Ints) -> cp_model.LinearExpr:
            return weighted(uses, np.concatenate([each, each + extra]))

        for one, other, low, top in zip(stay, come, least, most, strict=True):
            model.add_linear_constraint(one + other, int(low), int(top))
        nothing = np.zeros_like(most)
        for r, room in enumerate(nodes.room.T @ nodes.number):
            model.add(total(level.pods.demand[:, r], nothing) <= int(room))
        for one_placed, one_moved, limit in zip(*level.rows, strict=True):
            model.add(total(one_placed, one_moved) <= int(limit))
        if at_least is not None:
            model.add(total(level.gain.placed, level.gain.moved) >= at_least)
        model.maximize(total(placed, moved))
        return self._bound(model)

    def _bound(self, model: cp_model.CpModel) -> int | None:
        solver = self._solver()
        status = solver.solve(model)
        self._meter.book(work_of(solver))
        if status == cp_model.OPTIMAL:
            return round(solver.objective_value)
        return None

    def _solver(self) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self._meter.effort.seed
        solver.parameters.max_deterministic_time = WORK
        return solver


class _Found(cp_model.CpSolverSolutionCallback):
    """Solutions, until there are more than wanted."""

    def __init__(self, uses: list[cp_model.IntVar], most: int) -> None:
        super().__init__()
        self._uses, self._most = uses, most
        self.choices: list[Ints] = []

    def on_solution_callback(self) -> None:
        """Write one down."""
        self.choices.append(np.array([self.value(use) for use in self._uses], np.int64))
        if len(self.choices) > self._most:
            self.stop_search()


def weighted(uses: list[cp_model.IntVar], weights: Ints) -> cp_model.LinearExpr:
    """Return the sum of the uses, each by its weight, without those of weight 0."""
    some = np.flatnonzero(weights)
    return cp_model.LinearExpr.weighted_sum(
        [uses[k] for k in some], [int(weights[k]) for k in some]
    )
