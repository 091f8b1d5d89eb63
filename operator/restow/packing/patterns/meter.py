"""What a call of the engine has spent: seconds, or work where answers must be repeatable."""

import time
from collections.abc import Callable

from ortools.sat.python import cp_model

from restow.packing.effort import Effort

PATTERNS_PER_S = 20_000
"""Nodes packed in a second; with `CHANGES_PER_S`, the rate at which work is booked."""

CHANGES_PER_S = 10_000_000
"""Changes of places tried by annealing in a second."""


class Meter:
    """Counts work, and seconds where the effort is in seconds."""

    def __init__(self, effort: Effort, clock: Callable[[], float] = time.monotonic) -> None:
        self.effort = effort
        self._clock = clock
        self._began = clock()
        self._work = 0.0

    @property
    def spent(self) -> float:
        """Return the work booked, in units of a second on an idle machine."""
        return self._work

    def left(self) -> float:
        """Return what is left of the effort, the scarcer of seconds and work."""
        left = [limit for limit in (self.seconds_left(), self._work_left()) if limit is not None]
        return min(left, default=0.0)

    def over(self) -> bool:
        """Return whether nothing is left."""
        return self.left() <= 0

    def book(self, work: float) -> None:
        """Add work done elsewhere."""
        self._work += work

    def book_patterns(self, nodes: int) -> None:
        """Add the packing of `nodes` nodes."""
        self._work += nodes / PATTERNS_PER_S

    def book_changes(self, changes: int) -> None:
        """Add `changes` of places tried."""
        self._work += changes / CHANGES_PER_S

    def limit(self, solver: cp_model.CpSolver, share: float) -> None:
        """Let `solver` use `share` of what is left."""
        seconds, work = self.seconds_left(), self._work_left()
        if seconds is not None:
            solver.parameters.max_time_in_seconds = max(0.001, share * seconds)
        if work is not None:
            solver.parameters.max_deterministic_time = max(0.001, share * work)

    def solver(self, share: float, *, presolved: bool = False) -> cp_model.CpSolver:
        """Return a solver on one thread for `share` of what is left; leans on its linear program.

        For choices among columns: all of the program from the start, and no search for symmetries.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self.effort.seed
        solver.parameters.cp_model_presolve = presolved
        solver.parameters.linearization_level = 2
        solver.parameters.symmetry_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.add_lp_constraints_lazily = False
        self.limit(solver, share)
        return solver

    def rest(self, share: float) -> Effort:
        """Return `share` of what is left as an effort."""
        seconds, work = self.seconds_left(), self._work_left()
        return Effort(
            seconds=None if seconds is None else max(0.001, share * seconds),
            work=None if work is None else max(0.001, share * work),
            seed=self.effort.seed,
        )

    def seconds_left(self) -> float | None:
        """Return what is left of the seconds; None where only work counts."""
        limit = self.effort.seconds
        return None if limit is None else limit - (self._clock() - self._began)

    def _work_left(self) -> float | None:
        return None if self.effort.work is None else self.effort.work - self._work
