"""Where parts of large problems are solved: in processes beside the solver's, or by a Dask cluster.

Opened when it is needed first, in a thread, since both take seconds; until then, and whenever it is
lost, the solver's process does the work itself.
"""

import importlib
import importlib.util
import math
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from restow.app.orphans import die_with_parent
from restow.core.errors import InputError

SOLVER: Final = "restow.packing.solve"
"""Imported by name, by those that solve: OR-Tools costs 0.5 s and 60 MiB."""

AGAIN_S: Final = 10.0
"""Pause before a workshop that was lost, or could not be opened, is opened again."""

CONNECT_S: Final = 10.0

MOST_PROCESSES: Final = 8
PROCESS_BYTES: Final = 300 << 20
"""What a process that solves needs."""
OWN_BYTES: Final = 1 << 30
"""What the operator and the solver's process need."""

QUIET: Final = "ignore:resource_tracker"
"""For the process that cleans up behind a pool: that its owner was killed is nothing to report."""

CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An executor, how many it works side by side, and how it is given up."""

    executor: Executor
    width: int
    close: Callable[[], None]


class Workshop:
    """A workshop that is opened in the background, and again when it was lost.

    Parameters
    ----------
    opening
        Opens it; may take long, and raises one of `failures`, or OSError, when it cannot.
    failures
        How its executor says that it, or a process of it, is gone.
    """

    def __init__(
        self, opening: Callable[[], Opened], failures: tuple[type[Exception], ...]
    ) -> None:
        self.failures: tuple[type[Exception], ...] = (*failures, BrokenExecutor, OSError)
        self._opening = opening
        self._opened: Future[Opened] | None = None
        self._again_at = 0.0

    def executor(self) -> Executor | None:
        """Return what hands work to it; None while it is not open. Does not wait."""
        opened = self._ready()
        return None if opened is None else opened.executor

    def width(self) -> int:
        """Return how many parts it solves side by side; 0 while it is not open."""
        opened = self._ready()
        return 0 if opened is None else opened.width

    def wait_open(self, seconds: float) -> bool:
        """Wait until it is open or cannot be opened, and return whether it is."""
        end = time.monotonic() + seconds
        while self._ready() is None and time.monotonic() < end:
            time.sleep(0.01)
        return self._ready() is not None

    def lost(self) -> None:
        """Give it up; it is opened again after a while."""
        opened, self._opened = self._ready(), None
        self._again_at = time.monotonic() + AGAIN_S
        if opened is not None:
            threading.Thread(target=opened.close, daemon=True).start()

    def _ready(self) -> Opened | None:
        if self._opened is None:
            if time.monotonic() < self._again_at:
                return None
            self._opened = opened = Future[Opened]()
            threading.Thread(target=self._open, args=(opened,), daemon=True).start()
        if not self._opened.done():
            return None
        try:
            return self._opened.result()
        except self.failures:
            self._opened, self._again_at = None, time.monotonic() + AGAIN_S
            return None

    def _open(self, opened: "Future[Opened]") -> None:
        try:
            opened.set_result(self._opening())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is asked for
            opened.set_exception(error)


def workshop_of(dask_scheduler: str) -> Workshop | None:
    """Return the Dask cluster's, or else that of local processes; None where one core is all."""
    if dask_scheduler:
        return _dask(dask_scheduler)
    count = processes()
    return None if count < 2 else Workshop(lambda: _local(count), ())


def processes() -> int:
    """Return how many processes may solve side by side here: one core and some memory for each."""
    cores = len(os.sched_getaffinity(0))
    quota = _cgroup("cpu.max").split()
    if len(quota) == 2 and quota[0] != "max":
        cores = min(cores, math.ceil(int(quota[0]) / int(quota[1])))
    memory = _cgroup("memory.max").strip()
    if memory.isdecimal():
        cores = min(cores, (int(memory) - OWN_BYTES) // PROCESS_BYTES)
    return max(1, min(cores, MOST_PROCESSES))


def _cgroup(name: str) -> str:
    """Return a file of the container's own group; empty where there is none (or cgroup v1)."""
    path = CGROUP / name
    return path.read_text() if path.is_file() else ""


def _local(count: int) -> Opened:
    """Start processes that solve, and wait until all of them can."""
    os.environ["PYTHONWARNINGS"] = QUIET
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
    )
    for ready in [pool.submit(likeness) for _ in range(count)]:
        ready.result()
    return Opened(
        executor=pool, width=count, close=lambda: pool.shutdown(wait=False, cancel_futures=True)
    )


def _begin() -> None:
    die_with_parent()
    importlib.import_module(SOLVER).get_ready()


def likeness() -> tuple[str, ...]:
    """Return what must be alike for two processes to solve alike, and get ready to solve."""
    solver = importlib.import_module(SOLVER)
    solver.get_ready()
    versions: tuple[str, ...] = solver.versions()
    return versions


def need_dask() -> None:
    """Make sure that a Dask cluster can be asked.

    Raises
    ------
    InputError
        The optional package is not installed.
    """
    if importlib.util.find_spec("distributed") is None:
        raise InputError(
            where="command line",
            field="--dask-scheduler",
            problem="the package distributed is not installed",
            remedy="install restow[dask], or leave the option out",
        )


def _dask(address: str) -> Workshop:
    distributed: Any = importlib.import_module("distributed")
    exceptions: Any = importlib.import_module("distributed.client")
    killed = importlib.import_module("distributed.scheduler").KilledWorker

    def opening() -> Opened:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
        there = client.run(likeness)
        others = [worker for worker, each in there.items() if each != likeness()]
        if others or not there:
            client.close()
            raise OSError(f"of {len(there)} workers at {address}, {len(others)} are not like us")
        return Opened(
            executor=client.get_executor(pure=False, retries=1),
            width=sum(client.nthreads().values()),
            close=client.close,
        )

    return Workshop(opening, (killed, exceptions.FutureCancelledError, RuntimeError, ValueError))
