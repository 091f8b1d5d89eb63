"""The fewest migrations that reach a goal: searches with ever better limits.

What free room can be worth grows with the limit, so each search tells on which side of its limit
the least one lies: its plan reaches the goal, or its bound does not.
"""

import time
from dataclasses import dataclass, replace

from restow.packing.effort import Effort
from restow.rescheduling.engine import Outcome, idle, reschedule
from restow.rescheduling.problem import Problem

SHARE = 0.35
"""Share of the time left that one search may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The cheapest plan that reaches the goal; the best one where none was found.

    Parameters
    ----------
    reached
        Whether the plan does.
    least
        No plan with fewer migrations reaches the goal; more than the limit where none within it
        does.
    """

    outcome: Outcome
    reached: bool
    least: int

    @property
    def proven(self) -> bool:
        """Return whether no plan with fewer migrations reaches the goal."""
        return self.reached and len(self.outcome.steps) <= self.least


def reach(problem: Problem, goal: int, effort: Effort) -> Reached:
    """Return the plan with the fewest migrations after which free room is worth `goal`.

    Raises
    ------
    ModelError
        The checker refuses a plan: a bug.
    """
    if problem.worth_now() >= goal:
        return Reached(outcome=idle(problem), reached=True, least=0)
    search = _Reaching(problem, goal, effort)
    search.run()
    return search.answer()


class _Reaching:
    def __init__(self, problem: Problem, goal: int, effort: Effort) -> None:
        self._problem, self._goal, self._effort = problem, goal, effort
        self._began = time.monotonic()
        self._spent = 0.0
        self._least = 0
        self._best: Outcome | None = None
        self._most: Outcome | None = None
        self._seen: dict[int, int] = {}

    def run(self) -> None:
        """Search until the best plan needs no more than the least number, or time is over."""
        low, high = 0, self._problem.limit
        self._look(high)
        while self._best is not None and self._least < len(self._best.steps):
            low, high = max(low, self._least), len(self._best.steps) - 1
            if low > high or not self._left():
                return
            limit = self._guess(low, high)
            if not self._look(limit):
                low = limit + 1

    def answer(self) -> Reached:
        """Return the best plan found."""
        outcome = self._best or self._most
        assert outcome is not None  # noqa: S101 - the first search has set one of them
        return Reached(outcome=outcome, reached=self._best is not None, least=self._least)

    def _look(self, limit: int) -> bool:
        """Search within a limit; return whether the goal was reached."""
        share = self._share()
        self._spent += share.work or 0.0
        outcome = reschedule(replace(self._problem, limit=limit), share)
        self._seen[limit] = outcome.after
        if outcome.bound < self._goal:
            self._least = max(self._least, limit + 1)
        if outcome.after < self._goal:
            self._most = self._most or outcome
            return False
        if self._best is None or len(outcome.steps) < len(self._best.steps):
            self._best = outcome
        return True

    def _guess(self, low: int, high: int) -> int:
        """Return the limit at which a straight line between two searches reaches the goal."""
        over = min((n for n, worth in self._seen.items() if worth >= self._goal), default=high)
        under = max((n for n, worth in self._seen.items() if worth < self._goal), default=None)
        if under is None or under >= over:
            return (low + high) // 2
        rise = self._seen[over] - self._seen[under]
        guess = under + -(-(self._goal - self._seen[under]) * (over - under) // max(1, rise))
        return min(high, max(low, guess))

    def _left(self) -> bool:
        share = self._share()
        return any(left is not None and left > LEAST for left in (share.seconds, share.work))

    def _share(self) -> Effort:
        seconds, work = self._effort.seconds, self._effort.work
        if seconds is not None:
            seconds = max(LEAST, SHARE * (seconds - (time.monotonic() - self._began)))
        if work is not None:
            work = max(LEAST, SHARE * (work - self._spent))
        return replace(self._effort, seconds=seconds, work=work)


LEAST = 0.05
"""Seconds, or units of work, below which no search is begun."""
