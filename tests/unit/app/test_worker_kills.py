"""Whenever the child is killed, the worker answers, and the answer holds."""

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest

from restow.app.deciding import CAP
from restow.app.worker import Worker
from restow.packing.check import check
from restow.packing.outcome import Status
from restow.packing.problem import Problem
from tests.support.packing import pending, problem, running

pytestmark = [pytest.mark.solver, pytest.mark.slow]

KILLS = int(os.environ.get("RESTOW_KILLS", "10"))
"""How many solves are killed; a child takes a second or more to start."""

BUDGET_S, PATIENT_S = 0.6, 60.0
LATEST_KILL_S = 0.7
"""After the budget: some children have answered by then, and die while they idle."""


def crowded(rng: random.Random) -> Problem:
    """Return a random problem whose nodes are about full: some proven at once, others never."""
    nodes = rng.choice((2, 4, 8, 16, 32))
    everywhere = tuple(range(nodes))
    sizes = [(rng.randint(1, 30), rng.randint(1, 30)) for _ in range(3 * nodes)]
    there = [
        running({rng.randrange(nodes): rng.randint(1, 2)}, size, allowed=everywhere, tier=1)
        for size in sizes
    ]
    waiting = [
        pending(rng.randint(1, 3), size, allowed=everywhere, tier=rng.randint(0, 1))
        for size in rng.sample(sizes, nodes)
    ]
    used = [[0, 0] for _ in everywhere]
    for pods in there:
        for node, count in pods.running:
            for r in range(2):
                used[node][r] += count * pods.demand[r]
    slack = rng.choice((5, 20, 60))
    return problem(
        *there,
        *waiting,
        resources=("cpu", "memory"),
        capacity=tuple((cpu + slack, memory + slack) for cpu, memory in used),
    )


def killed_in(worker: Worker, seconds: float) -> threading.Timer:
    """Kill the child that is there now, warm or still starting."""
    child = worker._child
    assert child is not None

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


def test_every_solve_answers_and_holds_whenever_the_child_is_killed() -> None:
    rng = random.Random(5)
    engines: Counter[str] = Counter()
    latest = 0.0
    easy = problem(pending(1, (8,), tier=0), running({0: 1, 1: 1}, (4,), tier=1), rooms=(8, 8))
    with Worker() as worker:
        for _ in range(KILLS):
            task = crowded(rng)
            worker.start()
            if rng.random() < 0.75:
                worker.pid()  # the others are killed, or asked, while they start
            began = time.monotonic()
            timer = killed_in(worker, rng.uniform(0.0, LATEST_KILL_S))
            outcome = worker.solve(task, budget_s=BUDGET_S, cap_s=CAP * BUDGET_S)
            latest = max(latest, time.monotonic() - began)
            check(task, outcome)
            engines[outcome.engine] += 1
            timer.join()
            if rng.random() < 0.5:
                after = worker.solve(easy, budget_s=PATIENT_S, cap_s=PATIENT_S)
                assert after.status is Status.OPTIMAL
    assert engines.total() == KILLS
    told = f"{KILLS} kills: {dict(engines)}"
    print(f"{told}, latest answer after {latest:.2f} s of {1.1 * BUDGET_S:.2f} s")
