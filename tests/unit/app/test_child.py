"""What the child was killed in is never seen, and what it said before is."""

import fcntl
import multiprocessing
import pickle
import struct
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from restow.app.child import HEAD, Child, SoFar, Task, _Reporter
from restow.packing.check import keeps_the_rules
from restow.packing.fill import fill_of, placement_of
from restow.packing.outcome import Level, LevelKind
from restow.packing.problem import Problem
from tests.support.packing import pending, problem, running

pytestmark = [pytest.mark.solver, pytest.mark.slow]

NODES = 20_000
PIPE_BYTES = 60_000
"""About what a pipe holds; a placement on so many nodes is longer."""

START_S = 60.0


def long_answer() -> Problem:
    """Return a problem whose placement does not fit in a pipe."""
    everywhere = tuple(range(NODES))
    there = running(dict.fromkeys(everywhere, 1), allowed=everywhere)
    return problem(there, pending(1, allowed=everywhere), rooms=(1,) * NODES)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(None)
    assert child.wait_ready(time.monotonic() + START_S)
    yield child
    child.kill()


def unread_bytes(child: Child) -> int:
    found = fcntl.ioctl(child._told.fileno(), termios.FIONREAD, b"\0" * 4)
    return int(struct.unpack("i", found)[0])


def test_an_answer_that_the_child_was_killed_in_is_not_seen_and_its_incumbent_is(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, hear = threading.Event(), child._hear

    def told(message: bytes) -> None:
        read.set()
        hear(message)

    monkeypatch.setattr(child, "_hear", told)
    easy = problem(pending(1), rooms=(2,))
    assert child.ask(Task(problem=easy, budget_s=0.0), None) is not None  # the next one is `told`
    read.clear()
    with child._news:  # nothing is heard: the incumbent waits, and the answer fills the pipe
        heard: list[SoFar] = []
        child._number, child._told_of, child._answer = 2, heard.append, None
        child._tasks.send_bytes(pickle.dumps((2, Task(problem=long_answer(), budget_s=0.0))))
        assert read.wait(START_S)
        while unread_bytes(child) < PIPE_BYTES:
            time.sleep(0.01)
        child._process.kill()
    child.kill()
    assert child.gone
    assert child._answer is None
    assert heard
    assert keeps_the_rules(long_answer(), heard[-1].placement(long_answer()))


def test_what_is_told_of_an_earlier_task_is_not_taken_for_the_present_one(child: Child) -> None:
    until = time.monotonic() + START_S
    one = problem(pending(1), rooms=(1,))
    first: list[SoFar] = []
    second: list[SoFar] = []
    assert child.ask(Task(problem=one, budget_s=0.0), until, first.append) is not None
    assert first
    child._tasks.send_bytes(
        pickle.dumps((1, Task(problem=one, budget_s=0.0)))
    )  # number 1 again, and then number 2
    two = problem(pending(2), rooms=(2,))
    answer = child.ask(Task(problem=two, budget_s=0.0), until, second.append)
    assert answer is not None
    assert answer.placement == (((0, 2),),)
    assert second
    assert second[-1].rows == {0: ((0, 2),)}


def test_every_incumbent_is_told_when_it_is_found_and_is_the_placement_itself() -> None:
    task = problem(running({0: 1, 2: 1}, allowed=(0, 1, 2)), pending(2), rooms=(2, 2, 2))
    first, second = fill_of((((0, 1), (2, 1)), ())), fill_of((((1, 2),), ((0, 2),)))
    theirs, ours = multiprocessing.Pipe()
    report = _Reporter(ours, 1, task)
    report(first, ())
    report(second, ())
    report(second, ())  # nothing new
    bound = Level(kind=LevelKind.MOVE, tier=0, value=2, bound=1, proven=False)
    report(second, (bound,))
    ours.close()
    told = [pickle.loads(theirs.recv_bytes()[HEAD.size :]) for _ in range(3)]
    assert [each.placement(task) for each in told] == [
        placement_of(fill) for fill in (first, second, second)
    ]
    assert [each.levels for each in told] == [(), (), (bound,)]
    with pytest.raises(EOFError):
        theirs.recv_bytes()
