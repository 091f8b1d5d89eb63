"""A resident child process that builds and solves, under a deadline that stands outside it.

Model building holds the GIL, and a solver may crash or use up its memory: neither may stop the
operator.
"""

import contextlib
import importlib
import multiprocessing
import os
import resource
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self, cast

from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import unsolved

SOLVER = "restow.packing.solve"
"""Imported by name in the child only: OR-Tools costs the operator 0.5 s and 60 MiB otherwise."""

START_S = 60.0
"""Longest wait for a new child; importing takes 1 s, 10 s on a machine that is busy."""

NO_ANSWER = (FutureTimeout, BrokenProcessPool, MemoryError, ImportError, SystemError)
"""How a late, dead or starved child shows.

A library that cannot be mapped is an ImportError, one that is refused memory while it is being
imported often a SystemError ("error return without exception set").
"""


class Worker:
    """Solves Problems in one child process, which is replaced when it dies or overruns.

    Parameters
    ----------
    memory_bytes
        Address space of the child (RLIMIT_AS); None for no limit. OR-Tools maps about 1 GiB.
    """

    def __init__(self, *, memory_bytes: int | None = None) -> None:
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._pid: Future[int] | None = None

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
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_confine,
                initargs=(self._memory_bytes,),
            )
            self._pid = self._pool.submit(_warm)

    def pid(self) -> int | None:
        """Return the child's process id once it is warm; None if there is none."""
        if self._pid is None:
            return None
        try:
            return self._pid.result(timeout=START_S)
        except NO_ANSWER:
            return None

    def close(self) -> None:
        """Kill the child and wait until it is gone."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pid, self._pid = self._pid, None
        if pid is not None and pid.done() and pid.exception() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid.result(), signal.SIGKILL)
            pool.shutdown(wait=True, cancel_futures=True)
        else:
            pool.shutdown(wait=False, cancel_futures=True)

    def solve(self, problem: Problem, *, budget_s: float, cap_s: float, seed: int = 0) -> Outcome:
        """Return the child's answer, or that everything stays when there is none within `cap_s`.

        Parameters
        ----------
        budget_s
            Seconds that the solver is given.
        cap_s
            Seconds after which the child is killed, counted from when it is ready.

        Raises
        ------
        ModelError
            The child found a bug of ours: an invalid model, or an answer its checker refuses.
        """
        with self._lock:
            began = time.monotonic()
            outcome = self._ask(problem, budget_s=budget_s, cap_s=cap_s, seed=seed)
            if outcome is not None:
                return outcome
            self.close()
            self.start()
            return unsolved(problem, wall_s=time.monotonic() - began, engine="none")

    def _ask(self, problem: Problem, *, budget_s: float, cap_s: float, seed: int) -> Outcome | None:
        """Return the child's answer; None if it died, ran out of memory or overran."""
        for _ in range(2):  # a child that died while idle shows only now: once more with a new one
            self.start()
            if self._pool is None or self.pid() is None:
                self.close()
                continue
            try:
                asked = self._pool.submit(_solve, problem, budget_s, seed)
            except BrokenProcessPool:
                self.close()
                continue
            try:
                return asked.result(timeout=cap_s)
            except NO_ANSWER:
                return None
        return None


def _confine(memory_bytes: int | None) -> None:
    """Limit the child's memory, leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _die_with_parent() -> None:
    """End when the parent does: a killed one closes no pool, and its child would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _warm() -> int:
    """Import the solver, get it ready, and return the child's process id."""
    importlib.import_module(SOLVER).get_ready()
    return os.getpid()


def _solve(problem: Problem, budget_s: float, seed: int) -> Outcome:
    """Solve in the child."""
    solver = importlib.import_module(SOLVER)
    return cast("Outcome", solver.solve(problem, budget_s=budget_s, seed=seed))
