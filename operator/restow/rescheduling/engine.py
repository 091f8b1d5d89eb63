"""The whole search: greedy first, bound and columns, whole numbers, then an order.

There is always an answer, if only to do nothing, and it is never worse than the greedy one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from restow.packing.effort import Effort
from restow.packing.patterns.meter import Meter
from restow.rescheduling.check import check
from restow.rescheduling.compaction import compacted
from restow.rescheduling.greedy import greedy, never
from restow.rescheduling.improving import Told
from restow.rescheduling.occupancy import Occupancy
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Problem
from restow.rescheduling.searching import search
from restow.rescheduling.volume import UNBOUNDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to do, what it gains, and how much anything could.

    Parameters
    ----------
    steps
        Migrations, waves ascending.
    before, after
        Worth of free room; afterwards less the fees of those who moved.
    bound
        No plan within the limit is worth more.
    """

    steps: tuple[Step, ...]
    before: int
    after: int
    bound: int

    @property
    def proven(self) -> bool:
        """Return whether no plan is better."""
        return self.after >= self.bound


SEARCHING = 0.93
"""Share of the seconds in which something new is begun; the last step then may take its time."""

GREEDILY = 0.2
"""Share of the seconds that the first greedy search may take."""

Report = Callable[[Outcome], None]


def untold(_: Outcome) -> None:
    """Tell nobody."""


def reschedule(problem: Problem, effort: Effort, report: Report = untold) -> Outcome:
    """Return the best plan found within the effort.

    Parameters
    ----------
    report
        Is told every better plan.

    Raises
    ------
    ModelError
        The checker refuses the plan: a bug.
    """
    seconds = None if effort.seconds is None else effort.seconds * SEARCHING
    return _Engine(problem, Meter(replace(effort, seconds=seconds)), report).run()


def idle(problem: Problem) -> Outcome:
    """Return the outcome of doing nothing, of which nothing is proven."""
    before = problem.worth_now()
    return Outcome(steps=(), before=before, after=before, bound=UNBOUNDED)


class _Engine:
    """One call: keeps the best plan, and goes on from where it ends while something is left."""

    def __init__(self, problem: Problem, meter: Meter, report: Report) -> None:
        self._problem, self._meter, self._report = problem, meter, report
        self._before = problem.worth_now()
        self._bound = UNBOUNDED
        self._steps: tuple[Step, ...] = ()
        self._gain = 0
        self._rank = (0, 0, 0)

    def run(self) -> Outcome:
        if not self._problem.movers or self._problem.limit <= 0:
            self._bound = 0
            return self._outcome()
        self._offer(greedy(self._problem, over=self._greedily()))
        self._bound = search(self._problem, self._meter, self._told(()))
        while self._gain < self._bound and self._steps and not self._meter.over():
            before, steps = self._gain, self._steps
            onward = _after(self._problem, steps)
            if onward.limit > 0:
                search(onward, self._meter, self._told(steps))
            self._offer(greedy(self._problem, self._steps, self._meter.over))
            if self._gain <= before:
                break
        self._steps = compacted(self._problem, self._steps)
        return self._outcome()

    def _greedily(self) -> Callable[[], bool]:
        """Return what stops the first greedy search: it is there to have an answer, not the best.

        Where work is counted, the greedy search is too little of it to be.
        """
        seconds = self._meter.effort.seconds
        if seconds is None:
            return never
        return lambda: self._meter.left() < (1 - GREEDILY) * seconds

    def _told(self, steps: tuple[Step, ...]) -> Told:
        """Return what takes in plans that go on from `steps`, and says the best gain from there."""
        start = self._worth(steps)
        last = steps[-1].wave + 1 if steps else 0

        def tell(more: tuple[Step, ...]) -> int:
            self._offer((*steps, *(replace(step, wave=step.wave + last) for step in more)))
            return self._gain - start

        return tell

    def _worth(self, steps: tuple[Step, ...]) -> int:
        return check(self._problem, steps) - self._before

    def _offer(self, steps: tuple[Step, ...]) -> None:
        """Keep a plan if it gains more, or as much with cheaper or fewer migrations."""
        gain = self._worth(steps)
        rank = (gain, -self._cost(steps), -len(steps))
        if rank > self._rank:
            self._gain, self._steps, self._rank = gain, steps, rank
            self._report(self._outcome())

    def _cost(self, steps: tuple[Step, ...]) -> int:
        return sum(self._problem.movers[step.mover].cost for step in steps)

    def _outcome(self) -> Outcome:
        return Outcome(
            steps=self._steps,
            before=self._before,
            after=self._before + self._gain,
            bound=self._before + max(self._gain, self._bound),
        )


def _after(problem: Problem, steps: tuple[Step, ...]) -> Problem:
    """Return what is left of a problem once the steps are done."""
    now = Occupancy(problem)
    for step in steps:
        now.move(step.mover, step.node, step.mode)
        now.settle()
    paid = {step.mover for step in steps}
    movers = tuple(
        replace(mover, node=now.node(m), mode=now.mode(m), fee=0 if m in paid else mover.fee)
        for m, mover in enumerate(problem.movers)
    )
    free = tuple(tuple(row) for row in now.free.tolist())
    return replace(problem, free=free, movers=movers, limit=problem.limit - len(steps))
