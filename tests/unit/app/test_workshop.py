"""Parts solved elsewhere are the parts solved here, whoever dies meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client

from benchmarks.priority_matters.clusters import Shape, draw
from benchmarks.priority_matters.large import POLICY
from benchmarks.priority_matters.workloads import NOW
from restow.app.worker import Worker
from restow.app.workshop import Workshop, _local, likeness, processes, workshop_of
from restow.core.errors import InputError
from restow.packing.check import check
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.regions.crew import Crew, Solved, Task
from restow.packing.solve import crew_of, get_ready, solve
from restow.planning.formulate import formulate

pytestmark = [pytest.mark.solver, pytest.mark.slow]

WORK = 1.0
OPEN_S = 60.0
WORKERS = 3


class Dask:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.scheduler = _dask("scheduler", "--port", "0", "--no-dashboard", file=self.file)
        once = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
        self.workers = [_dask("worker", *once, file=self.file) for _ in range(WORKERS)]

    def address(self) -> str:
        """Where the scheduler is, once all workers are there."""
        with Client(scheduler_file=str(self.file), timeout=OPEN_S) as client:  # type: ignore[no-untyped-call]  # not annotated
            client.wait_for_workers(WORKERS, timeout=OPEN_S)
            return str(client.scheduler.address)

    def workshop(self) -> Workshop:
        """A workshop of all workers, open."""
        workshop = workshop_of(self.address())
        assert workshop is not None
        assert workshop.wait_open(OPEN_S)
        return workshop

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def _dask(role: str, *arguments: str, file: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--scheduler-file", str(file)]
    return subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    cluster = Dask(tmp_path)
    try:
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="module")
def task() -> Problem:
    """A cluster too large for one model, in which not all pods fit."""
    get_ready()
    shape = Shape(nodes=130, utilisation=1.03, priorities=2, rules=True, seed=1)
    return formulate(draw(shape), POLICY, NOW).problem


@pytest.fixture(scope="module")
def expected(task: Problem) -> Outcome:
    """What this process finds on its own."""
    outcome = solved(task, crew_of(None))
    assert outcome.engine == "regions"
    return outcome


def solved(task: Problem, crew: Crew) -> Outcome:
    outcome = solve(task, budget_s=WORK, deterministic=True, crew=crew)
    check(task, outcome)
    return replace(outcome, wall_s=0.0)


class Killing:
    """A crew of which a process is killed in the middle of its third round."""

    def __init__(self, crew: Crew, process: "subprocess.Popen[bytes] | int") -> None:
        self._crew = crew
        self._process = process
        self.rounds = 0

    @property
    def width(self) -> int:
        return self._crew.width

    def solve(self, tasks: Sequence[Task]) -> list[Solved | None]:
        self.rounds += 1
        if self.rounds == 3:
            pid = self._process if isinstance(self._process, int) else self._process.pid
            os.kill(pid, signal.SIGKILL)
        return self._crew.solve(tasks)


def test_local_processes_find_what_one_finds_also_when_one_is_killed(
    task: Problem, expected: Outcome
) -> None:
    workshop = local()
    crew = Killing(crew_of(workshop), pids(workshop)[0])
    assert crew.width == 2
    assert solved(task, crew) == expected
    assert crew.rounds > 3
    workshop.lost()


def local() -> Workshop:
    """Two processes, however many cores there are."""
    workshop = Workshop(lambda: _local(2), ())
    assert workshop.wait_open(OPEN_S)
    return workshop


def pids(workshop: Workshop) -> list[int]:
    executor = workshop.executor()
    assert executor is not None
    return [executor.submit(os.getpid).result() for _ in range(8)]


def test_a_dask_cluster_finds_what_one_process_finds_also_when_a_worker_is_killed(
    dask: Dask, task: Problem, expected: Outcome
) -> None:
    crew = Killing(crew_of(dask.workshop()), dask.workers[0])
    assert crew.width == WORKERS
    assert solved(task, crew) == expected
    assert crew.rounds > 3
    assert crew.width == WORKERS  # it was not given up


def test_without_its_scheduler_the_rest_is_solved_here(
    dask: Dask, task: Problem, expected: Outcome
) -> None:
    crew = Killing(crew_of(dask.workshop()), dask.scheduler)
    assert solved(task, crew) == expected
    assert crew.width == 1


def test_the_solvers_process_asks_a_cluster_and_goes_on_where_there_is_none(
    dask: Dask, task: Problem, expected: Outcome
) -> None:
    for address in (dask.address(), "tcp://127.0.0.1:9"):
        with Worker(dask_scheduler=address) as worker:
            outcome = worker.solve(task, budget_s=WORK, cap_s=None, deterministic=True)
        assert replace(outcome, wall_s=0.0) == expected


def test_where_seconds_count_a_round_is_as_wide_as_the_workshop(task: Problem) -> None:
    workshop = local()
    outcome = solve(task, budget_s=1.0, crew=crew_of(workshop))
    check(task, outcome)
    workshop.lost()


def test_a_workshop_that_cannot_be_opened_costs_nothing() -> None:
    def broken() -> None:
        raise OSError("no route to host")

    workshop = Workshop(broken, ())  # type: ignore[arg-type]
    while workshop.executor() is not None or workshop._opened is not None:
        time.sleep(0.01)
    assert workshop.width() == 0


def test_an_address_without_the_package_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"restow\[dask\]"):
        Worker(dask_scheduler="tcp://dask:8786")


def test_processes_are_as_many_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("restow.app.workshop.CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)))
    assert processes() == 6
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    assert processes() == 3
    (tmp_path / "memory.max").write_text(f"{(1 << 30) + 700 * (1 << 20)}\n")
    assert processes() == 2
    (tmp_path / "memory.max").write_text(f"{512 << 20}\n")
    assert processes() == 1


def test_processes_that_are_not_alike_say_so() -> None:
    assert any(each.startswith("ortools ") for each in likeness())
