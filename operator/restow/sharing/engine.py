"""The whole search: prices and a bound, columns, a dive, whole numbers, and a plan that holds.

There is always an answer, if only to place what fits beside what runs; each better one is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from restow.packing.effort import Effort
from restow.packing.patterns.meter import Meter
from restow.sharing.arrays import UNIT, fleet_of
from restow.sharing.check import check
from restow.sharing.choosing import Choosing
from restow.sharing.columns import Column
from restow.sharing.diving import dive, nearest
from restow.sharing.generation import Generation, Left
from restow.sharing.greedy import Greedy
from restow.sharing.mending import Mending
from restow.sharing.pooling import Pooling, pools_of, running
from restow.sharing.problem import Placement, Problem

APPROACH, DEEP, FINISH, DIVE = 0.25, 0.4, 0.5, 0.75
"""Shares of the effort after which each step ends, one after the other."""

GREEDY, GREEDIER = 0.2, 0.3
"""Shares of the effort after which the greedy plans end."""

POOLED = 0.25
"""Share of the effort for first prices."""

CHOSEN = 0.8
"""Share of the effort after which the last prices must do for the choice of columns."""

MOST_COLUMNS = 8_000
"""Columns that CP-SAT chooses among, those of least reduced cost."""

CHOOSING = 0.97
"""Share of what is left that a choice may take: the last plan is mended and checked after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to do, what it gains, and how much anything could, in thousandths of a device.

    Parameters
    ----------
    plan
        The pods that move, and those that were pending and start.
    bound
        No plan within the limit gains more.
    """

    plan: tuple[Placement, ...]
    gain: int
    bound: int

    @property
    def proven(self) -> bool:
        """Return whether no plan is better."""
        return self.gain >= self.bound


Report = Callable[[Outcome], None]


def untold(_: Outcome) -> None:
    """Tell nobody."""


def share(problem: Problem, effort: Effort, report: Report = untold, workers: int = 1) -> Outcome:
    """Return the best plan found within the effort.

    Parameters
    ----------
    report
        Is told every better plan.
    workers
        Threads that CP-SAT may use.

    Raises
    ------
    ModelError
        The problem is overfilled to begin with, or the checker refuses a plan: a bug.
    """
    return _Engine(problem, effort, report, workers).run()


class _Engine:
    """One call: keeps the best plan."""

    def __init__(self, problem: Problem, effort: Effort, report: Report, workers: int) -> None:
        self._problem, self._report, self._workers = problem, report, workers
        self._meter = Meter(effort)
        self._total = self._meter.left()
        self._fleet = fleet_of(problem)
        self._bound = int(self._fleet.kinds.gain @ self._fleet.pending)
        self._plan: tuple[Placement, ...] = ()
        self._gain = self._moves = 0

    def run(self) -> Outcome:
        if not self._bound:
            return self._outcome()
        generation = self._priced()
        waiting = self._waiting()
        self._mending = Mending(self._fleet, generation.master.pairs, waiting)
        self._offer(())
        self._take(Greedy(self._fleet, waiting).run(generation.columns.all, self._until(GREEDY)))
        generation.approach(self._until(APPROACH))
        self._take(Greedy(self._fleet, waiting).run(generation.columns.all, self._until(GREEDIER)))
        if generation.solved(self._until(FINISH)) is not None:
            self._offer(nearest(generation))
        self._finish(generation)
        if self._until(DEEP)() > 0:
            generation.deepen()
            generation.approach(self._until(DEEP))
            self._finish(generation)
        chosen = dive(generation, self._until(DIVE))
        self._offer(chosen)
        self._choose(generation, chosen)
        return self._outcome()

    def _priced(self) -> Generation:
        """Return column generation at the prices of the pools, or of what each class gains."""
        fleet, (pools, pool_of) = self._fleet, pools_of(self._problem, self._fleet)
        most = fleet.running + fleet.pending
        pooling = Pooling(pools, fleet.kinds, fleet.full, fleet.running, most)
        found = pooling.solve(running(self._problem, pool_of), self._until(POOLED))
        price = fleet.kinds.gain * UNIT if found is None else np.rint(found[0] * UNIT)
        return Generation(fleet, price.astype(np.int64), self._meter)

    def _finish(self, generation: Generation) -> None:
        """Complete the program's columns, and round its solution."""
        generation.finish(self._until(FINISH))
        self._bound = min(self._bound, generation.bound)
        self._offer(nearest(generation))

    def _choose(self, generation: Generation, chosen: Sequence[Column]) -> None:
        """Let CP-SAT choose among the columns of least reduced cost."""
        duals = generation.solved(self._until(CHOSEN)) or generation.last
        if duals is None or self._meter.over():
            return
        columns = generation.columns.all
        cost = [duals.reduced(column) for column in columns]
        near = np.argsort(-np.array(cost, np.int64), kind="stable")[:MOST_COLUMNS]
        here = dict.fromkeys([*chosen, *(columns[at] for at in near.tolist())])
        pairs = generation.master.pairs
        choosing = Choosing(self._fleet, pairs, self._workers, self._offer)
        choosing.choose(list(here), chosen, self._meter, CHOOSING)

    def _offer(self, chosen: Sequence[Column]) -> None:
        """Make a plan of columns, and keep it if it is better."""
        self._take(self._mending.mend(chosen))

    def _take(self, plan: tuple[Placement, ...]) -> None:
        """Keep a plan if it gains more, or as much with fewer moves."""
        gain = check(self._problem, plan)
        moves = sum(self._problem.pods[step.pod].node is not None for step in plan)
        if (gain, -moves) > (self._gain, -self._moves):
            self._plan, self._gain, self._moves = plan, gain, moves
            self._report(self._outcome())

    def _until(self, part: float) -> Left:
        """Return what says how much is left until a share of the effort is spent."""
        return lambda: self._meter.left() - (1 - part) * self._total

    def _waiting(self) -> list[list[int]]:
        waiting: list[list[int]] = [[] for _ in self._problem.kinds]
        for p, pod in enumerate(self._problem.pods):
            if pod.node is None:
                waiting[pod.kind].append(p)
        return waiting

    def _outcome(self) -> Outcome:
        return Outcome(plan=self._plan, gain=self._gain, bound=max(self._gain, self._bound))
