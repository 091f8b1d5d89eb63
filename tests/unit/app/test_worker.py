"""The worker answers whatever happens to its child."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from restow.app.vetting import INTERRUPTED
from restow.app.worker import Worker
from restow.packing.check import check
from restow.packing.incumbent import stay_put
from restow.packing.outcome import Status
from restow.packing.problem import Problem
from tests.support.packing import pending, problem, running

pytestmark = [pytest.mark.solver, pytest.mark.slow]

CAP_S = 60.0


def easy() -> Problem:
    return problem(pending(1, (8,), tier=0), running({0: 1, 1: 1}, (4,), tier=1), rooms=(8, 8))


def endless() -> Problem:
    """Return a problem that keeps every engine busy for minutes: 64 nodes without slack."""
    nodes = 64
    sizes = [(101 + 37 * k % 89, 103 + 53 * k % 97) for k in range(8 * nodes)]
    rooms = tuple(sum(size[r] for size in sizes) // nodes for r in range(2))
    return problem(
        *(pending(1, size, allowed=tuple(range(nodes))) for size in sizes),
        resources=("cpu", "memory"),
        capacity=((rooms[0], rooms[1]),) * nodes,
    )


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def killed_soon(worker: Worker) -> threading.Timer:
    pid = worker.pid()
    assert pid is not None
    timer = threading.Timer(0.5, os.kill, (pid, signal.SIGKILL))
    timer.start()
    return timer


def test_the_child_solves_and_stays(worker: Worker) -> None:
    before = worker.pid()
    assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL
    assert worker.pid() == before != os.getpid()


def test_a_child_killed_in_the_middle_leaves_its_plan_so_far_and_is_replaced(
    worker: Worker,
) -> None:
    before = worker.pid()
    timer = killed_soon(worker)
    outcome = worker.solve(endless(), budget_s=300.0, cap_s=CAP_S)
    timer.join()
    assert outcome.engine == INTERRUPTED
    assert outcome.placement != stay_put(endless())
    check(endless(), outcome)
    assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL
    assert worker.pid() != before


def test_an_overrun_is_cut_to_the_plan_so_far_and_the_next_problem_is_solved(
    worker: Worker,
) -> None:
    before = worker.pid()
    outcome = worker.solve(endless(), budget_s=300.0, cap_s=2.0)
    assert outcome.wall_s < 300.0
    assert outcome.engine == INTERRUPTED
    check(endless(), outcome)
    with pytest.raises(ProcessLookupError):
        os.kill(before or 0, 0)
    assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL


def test_a_time_that_is_over_before_the_child_is_ready_leaves_everything() -> None:
    with Worker() as worker:
        outcome = worker.solve(easy(), budget_s=10.0, cap_s=0.0)
        assert outcome.status is Status.OUT_OF_TIME
        assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL


def test_an_error_of_the_solver_is_raised_and_the_child_stays(worker: Worker) -> None:
    before = worker.pid()
    with pytest.raises(IndexError) as raised:
        worker.solve(replace(easy(), capacity=()), budget_s=10.0, cap_s=CAP_S)
    assert "Traceback" in "".join(raised.value.__notes__)
    assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL
    assert worker.pid() == before


def test_a_child_that_died_while_idle_costs_no_answer(worker: Worker) -> None:
    pid = worker.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while _alive(pid):
        time.sleep(0.01)
    assert worker.solve(easy(), budget_s=10.0, cap_s=CAP_S).status is Status.OPTIMAL


def test_the_event_loop_goes_on_while_the_child_solves(worker: Worker) -> None:
    async def both() -> int:
        ticks = 0
        solving = asyncio.create_task(
            asyncio.to_thread(worker.solve, endless(), budget_s=0.5, cap_s=CAP_S)
        )
        while not solving.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks

    assert asyncio.run(both()) > 1


def test_too_little_memory_is_an_answer_not_a_crash() -> None:
    with Worker(memory_bytes=200 << 20) as worker:
        outcome = worker.solve(easy(), budget_s=10.0, cap_s=CAP_S)
    assert outcome.status is Status.OUT_OF_TIME


def test_a_closed_worker_leaves_no_child() -> None:
    with Worker() as worker:
        pid = worker.pid()
    assert pid is not None
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
