"""The plan so far, checked in the operator's process while the solver looks for a better one."""

import threading
import time

from restow.app.child import SoFar
from restow.core.errors import ModelError
from restow.packing.check import check
from restow.packing.outcome import Outcome, Status
from restow.packing.problem import Problem
from restow.packing.unsolved import bounded, glanced

INTERRUPTED = "interrupted"
"""Name of the engine, for the record, where the plan so far is the answer."""

REST = 9
"""After a plan was checked, so many times as long as that took none is, unless it is the last."""

LAST = 2
"""So many times as long as the last check took, before the time is over, what is there is checked
without a rest."""


class Vetting:
    """Checks what the child tells in one solve, the newest first, in a thread of its own.

    Parameters
    ----------
    until
        When the child is killed, on the monotonic clock; None if it never is.
    """

    def __init__(self, problem: Problem, until: float | None) -> None:
        self._problem = problem
        self._until = until
        self._news = threading.Condition()
        self._newest: SoFar | None = None
        self._busy = self._ended = self._hurry = False
        self._thread: threading.Thread | None = None
        self._accepted: Outcome | None = None
        self._glanced: Outcome | None = None
        self._failure: Exception | None = None

    def hear(self, so_far: SoFar) -> None:
        """Take note of what the child has found; returns at once."""
        with self._news:
            self._newest = so_far
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._news.notify_all()

    def heard(self) -> bool:
        """Return whether the child told anything."""
        return self._thread is not None

    def last(self, until: float | None) -> Outcome | None:
        """Return the last plan that the checker accepts; None if it accepts none.

        Parameters
        ----------
        until
            If the one told last is not checked by then, on the monotonic clock, the one accepted
            before it is returned, if there is one. None to wait for it.

        Raises
        ------
        Exception
            Whatever the checks ended with, if they did before one was accepted: a bug.
        """
        with self._news:
            self._hurry = True
            self._news.notify_all()
            longest = None if until is None else until - time.monotonic()
            self._news.wait_for(self._idle, longest)
            if self._accepted is None:
                self._news.wait_for(lambda: self._accepted is not None or self._idle())
            if self._accepted is None and self._failure is not None:
                raise self._failure
            return self._accepted

    def end(self) -> None:
        """Check nothing more."""
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _idle(self) -> bool:
        return self._ended or (self._newest is None and not self._busy)

    def _run(self) -> None:
        try:
            self._check_all()
        except Exception as error:  # noqa: BLE001 - it is raised where the plan is asked for
            with self._news:
                self._failure, self._ended = error, True
                self._news.notify_all()

    def _check_all(self) -> None:
        rested_at, took = 0.0, 0.0
        while (so_far := self._next(rested_at, took)) is not None:
            began = time.monotonic()
            outcome = self._judged(so_far)
            now = time.monotonic()
            took = now - began
            rested_at = now + REST * took
            with self._news:
                self._accepted = outcome or self._accepted
                self._busy = False
                self._news.notify_all()

    def _next(self, rested_at: float, took: float) -> SoFar | None:
        """Wait for what is to be checked next; None at the end."""
        due = rested_at if self._until is None else min(rested_at, self._until - LAST * took)
        with self._news:
            self._news.wait_for(lambda: self._ended or self._newest is not None)
            while not (self._ended or self._hurry) and (rest := due - time.monotonic()) > 0:
                self._news.wait(rest)
            if self._ended:
                return None
            self._busy, so_far, self._newest = True, self._newest, None
            return so_far

    def _judged(self, so_far: SoFar) -> Outcome | None:
        """Return the plan so far as an outcome; None if the checker refuses it."""
        try:
            outcome = bounded(self._problem, self._cheap(so_far), so_far.levels)
            check(self._problem, outcome)
        except ModelError:
            return None
        return outcome

    def _cheap(self, so_far: SoFar) -> Outcome:
        """Return it with the bounds that cost nothing; often only others are new."""
        placement = so_far.placement(self._problem)
        if self._glanced is None or self._glanced.placement != placement:
            found = Outcome(
                status=Status.FEASIBLE,
                placement=placement,
                levels=(),
                wall_s=0.0,
                engine=INTERRUPTED,
                spent=0.0,
            )
            self._glanced = glanced(self._problem, found)
        return self._glanced
