"""The child process of the worker: what it is asked, what it tells, and how it is heard.

Both pipes carry whole messages with their length in front. The parent reads them in a thread that
a dead child ends: whatever was torn off is never seen, and nothing that is sent can hang.
"""

import atexit
import contextlib
import gc
import importlib
import multiprocessing
import os
import pickle
import resource
import signal
import struct
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from multiprocessing.connection import Connection
from typing import cast

from restow.app.orphans import die_with_parent
from restow.app.workshop import workshop_of
from restow.packing.fill import Fill, placement_of, stay_fill
from restow.packing.outcome import Level, Outcome, Placement
from restow.packing.problem import Problem

SOLVER = "restow.packing.solve"
"""Imported by name in the child only: OR-Tools costs the operator 0.5 s and 60 MiB otherwise."""

STARVED = (MemoryError, ImportError, SystemError)
"""How a child that is out of memory shows.

A library that cannot be mapped is an ImportError, one that is refused memory while it is being
imported often a SystemError ("error return without exception set").
"""

LAST_S = 1.0
"""Longest wait for a killed child to be gone, and for what it said last."""

Row = tuple[tuple[int, int], ...]
"""Of a placement: per node of a class, its pods there."""

HEAD = struct.Struct(">QB")
"""What every message of the child begins with: the number of the task, and the kind."""


class _Kind(IntEnum):
    READY = 0
    SO_FAR = 1
    ANSWER = 2
    ERROR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """What the child had found when it told of it.

    Parameters
    ----------
    rows
        Of the placement, by class, those in which something happens.
    levels
        That count moves, as far as there are bounds for them.
    """

    rows: Mapping[int, Row]
    levels: tuple[Level, ...]

    def placement(self, problem: Problem) -> Placement:
        """Return the whole placement."""
        return tuple(self.rows.get(c, pods.running) for c, pods in enumerate(problem.classes))


def nobody(_so_far: SoFar) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the child is asked, as `packing.solve.solve` takes it.

    Parameters
    ----------
    asked_at
        On the monotonic clock, which processes share: seconds count from then.
    """

    problem: Problem
    budget_s: float
    deterministic: bool = False
    seed: int = 0
    asked_at: float = field(default_factory=time.monotonic)

    def budget_left(self) -> float:
        """Return what is left of the budget now."""
        if self.deterministic:
            return self.budget_s
        return max(0.0, self.budget_s - (time.monotonic() - self.asked_at))


class Child:
    """A spawned process that solves one Problem after the other, as the parent sees it.

    Parameters
    ----------
    memory_bytes
        Limit of its address space; None for no limit.
    dask_scheduler
        Address of the cluster that solves parts of large problems; empty for local processes.
    """

    def __init__(self, memory_bytes: int | None, dask_scheduler: str = "") -> None:
        context = multiprocessing.get_context("spawn")
        tasks, self._tasks = context.Pipe(duplex=False)
        self._told, told = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve,
            args=(tasks, told, memory_bytes, dask_scheduler),
            name="restow-solver",
        )  # no daemon: those may have no processes of their own
        self._news = threading.Condition()
        self._number = 0
        self._ready = self._gone = False
        self._told_of: Callable[[SoFar], None] = nobody
        self._answer: tuple[_Kind, bytes] | None = None
        self._sender: threading.Thread | None = None
        self._process.start()
        atexit.register(self.kill)  # before multiprocessing waits for it
        self.began = time.monotonic()
        tasks.close()
        told.close()  # so that the end of the child is the end of its messages
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return cast("int", self._process.pid)

    @property
    def gone(self) -> bool:
        """Whether it has died."""
        return self._gone

    def wait_ready(self, until: float) -> bool:
        """Wait until it can solve, or is gone, or `until` on the monotonic clock."""
        self._wait(lambda: self._ready, until)
        return self._ready and not self._gone

    def ask(
        self, task: Task, until: float | None, hear: Callable[[SoFar], None] = nobody
    ) -> Outcome | None:
        """Return its answer; None if it died or there is none at `until`: then it is to be killed.

        Parameters
        ----------
        hear
            Is told what the child tells meanwhile, up to its end, in another thread.

        Raises
        ------
        ModelError
            Whatever the solver raised; how it came about is in the notes.
        """
        with self._news:
            self._number += 1
            self._answer = None
            self._told_of = hear
        message = pickle.dumps((self._number, task))
        self._sender = threading.Thread(target=self._send, args=(message,), daemon=True)
        self._sender.start()  # a child that hangs does not read, and would hang the sender
        answer = self._wait_answer(until)
        if answer is None:
            return None
        kind, body = answer
        said = pickle.loads(body)  # noqa: S301 - from a process of our own
        if kind is _Kind.ERROR:
            raise said
        return cast("Outcome", said)

    def kill(self) -> None:
        """Kill it, and wait until it is gone and all that it said is heard."""
        atexit.unregister(self.kill)
        self._process.kill()
        for thread, pipe in ((self._reader, self._told), (self._sender, self._tasks)):
            if thread is not None:
                thread.join(2 * LAST_S)
            if thread is None or not thread.is_alive():
                pipe.close()

    def _wait_answer(self, until: float | None) -> tuple[_Kind, bytes] | None:
        self._wait(lambda: self._answer is not None, until)
        return self._answer

    def _wait(self, come: Callable[[], bool], until: float | None) -> None:
        longest = None if until is None else until - time.monotonic()
        with self._news:
            self._news.wait_for(lambda: come() or self._gone, longest)

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it is dead, and `_listen` finds out
            self._tasks.send_bytes(message)

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._hear(self._told.recv_bytes())
        self._process.join(LAST_S)
        with self._news:
            self._gone = True
            self._news.notify_all()

    def _hear(self, message: bytes) -> None:
        number, kind = HEAD.unpack_from(message)
        body = message[HEAD.size :]
        with self._news:
            if kind == _Kind.READY:
                self._ready = True
            elif number != self._number:
                return
            elif kind == _Kind.SO_FAR:
                self._told_of(cast("SoFar", pickle.loads(body)))  # noqa: S301
            else:
                self._answer = _Kind(kind), body
            self._news.notify_all()


def serve(
    tasks: Connection, told: Connection, memory_bytes: int | None, dask_scheduler: str
) -> None:
    """Solve what is asked, in the child, until the parent closes the pipe or memory is used up."""
    _confine(memory_bytes)
    try:
        solver = importlib.import_module(SOLVER)
        solver.get_ready()
        crew = solver.crew_of(workshop_of(dask_scheduler))
        gc.freeze()  # what was imported is not looked through again and again
        told.send_bytes(HEAD.pack(0, _Kind.READY))
        while True:
            number, task = pickle.loads(tasks.recv_bytes())  # noqa: S301
            report = _Reporter(told, number, task.problem)
            kind, said = _Kind.ANSWER, None
            try:
                said = solver.solve(
                    task.problem,
                    budget_s=task.budget_left(),
                    deterministic=task.deterministic,
                    seed=task.seed,
                    report=report,
                    crew=crew,
                )
            except STARVED:
                raise
            except Exception as error:  # noqa: BLE001 - it is raised again in the parent
                error.add_note("".join(traceback.format_exception(error)))
                kind, said = _Kind.ERROR, error
            told.send_bytes(HEAD.pack(number, kind) + pickle.dumps(said))
    except (EOFError, OSError, *STARVED):
        os._exit(1)


class _Reporter:
    """Tells the parent each incumbent of one task, and each bound, when it is found."""

    def __init__(self, told: Connection, number: int, problem: Problem) -> None:
        self._told = told
        self._number = number
        self._homes = stay_fill(problem)
        self._last: tuple[Fill, tuple[Level, ...]] | None = None

    def __call__(self, fill: Fill, levels: tuple[Level, ...]) -> None:
        if self._last is not None and fill is self._last[0] and levels == self._last[1]:
            return
        self._last = fill, levels
        changed = [c for c, home in enumerate(self._homes) if fill[c] != home]
        rows = placement_of([fill[c] for c in changed])
        so_far = SoFar(rows=dict(zip(changed, rows, strict=True)), levels=levels)
        self._told.send_bytes(HEAD.pack(self._number, _Kind.SO_FAR) + pickle.dumps(so_far))


def _confine(memory_bytes: int | None) -> None:
    """Limit the child's memory, leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
