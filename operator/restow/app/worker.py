"""A resident child process that builds and solves, under a deadline that stands outside it.

Model building holds the GIL, and a solver may crash or use up its memory: neither may stop the
operator, and neither loses the plan so far.
"""

import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from restow.app.child import Child, Task, nobody
from restow.app.vetting import INTERRUPTED, Vetting
from restow.app.workshop import need_dask
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import unsolved

START_S = 60.0
"""Longest that a new child may take; importing takes 1 s, 10 s on a machine that is busy."""

ASKED = 2
"""How many children are asked, at most: one that dies before it has anything is replaced once."""


class Worker:
    """Solves Problems in one child process, which is replaced when it dies or overruns.

    Parameters
    ----------
    memory_bytes
        Address space of the child (RLIMIT_AS); None for no limit. OR-Tools maps about 1 GiB.
    dask_scheduler
        Address of the Dask cluster that solves parts of large problems; empty for local processes.

    Raises
    ------
    InputError
        `dask_scheduler` is given, and `distributed` is not installed.
    """

    def __init__(self, *, memory_bytes: int | None = None, dask_scheduler: str = "") -> None:
        if dask_scheduler:
            need_dask()
        self._memory_bytes = memory_bytes
        self._dask_scheduler = dask_scheduler
        self._lock = threading.Lock()
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the child unless it runs, and have it import the solver; does not wait for it."""
        self._running()

    def pid(self) -> int | None:
        """Return the child's process id once it is warm; None if there is none."""
        child = self._child
        return child.pid if child is not None and self.wait_warm() else None

    def wait_warm(self) -> bool:
        """Wait until the child is warm, and return whether it is."""
        return self._running().wait_ready(time.monotonic() + START_S)

    def close(self) -> None:
        """Kill the child and wait until it is gone."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def solve(
        self,
        problem: Problem,
        *,
        budget_s: float,
        cap_s: float | None,
        deterministic: bool = False,
        seed: int = 0,
    ) -> Outcome:
        """Return the child's answer, or the best it had when it died or `cap_s` were over.

        What it has is checked here while it goes on (`Vetting`). Without a plan that the checker
        accepts, or if it is to be repeatable, everything stays.

        Parameters
        ----------
        budget_s
            Seconds from the call that the solver is given; if `deterministic`, units of work.
        cap_s
            Seconds from the call until the child is killed; one that is still starting goes on.
            For half as long as this is after the budget, what it told last is waited for to be
            checked, if something else is. None to wait for its answer: work ends, too.

        Raises
        ------
        ModelError
            The child found a bug of ours: an invalid model, or an answer its checker refuses.
        """
        with self._lock:
            began = time.monotonic()
            task = Task(problem=problem, budget_s=budget_s, deterministic=deterministic, seed=seed)
            until = None if cap_s is None else began + cap_s
            vetting = Vetting(problem, until)
            try:
                outcome = self._ask(task, until, vetting)
                if outcome is None and vetting.heard():
                    outcome = vetting.last(
                        None if cap_s is None else began + cap_s + (cap_s - budget_s) / 2
                    )
            finally:
                vetting.end()
            self.start()
            wall_s = time.monotonic() - began
            if outcome is None:
                return unsolved(problem, wall_s=wall_s, engine="none")
            if outcome.engine == INTERRUPTED:
                outcome = replace(outcome, wall_s=wall_s, spent=wall_s)
            return outcome

    def _ask(self, task: Task, until: float | None, vetting: Vetting) -> Outcome | None:
        """Return the child's answer; None where what it told `vetting` has to do."""
        for _ in range(ASKED):
            child = self._running()
            start = child.began + START_S
            if not child.wait_ready(start if until is None else min(until, start)):
                if not child.gone and time.monotonic() < start:
                    return None  # it is not its fault that the time is over
                self.close()
                continue
            outcome = child.ask(task, until, nobody if task.deterministic else vetting.hear)
            if outcome is not None:
                return outcome
            self.close()
            over = until is not None and time.monotonic() >= until
            if over or vetting.heard():
                return None
        return None

    def _running(self) -> Child:
        """Return the child; a new one if there is none or it has died."""
        if self._child is not None and self._child.gone:
            self.close()
        if self._child is None:
            self._child = Child(self._memory_bytes, self._dask_scheduler)
        return self._child
