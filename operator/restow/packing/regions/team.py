"""Parts solved side by side, by whatever an Executor stands for; here when it fails."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from typing import Protocol

from restow.core.errors import ModelError
from restow.packing.regions.crew import Solved, Task

LATE, LATE_S = 1.5, 0.25
"""How many times its seconds, and how many more, an answer may take: others may be busy."""

LATE_IN_A_ROW = 8
"""So many answers late in a row, and nobody is waited for any more."""

GONE_S = 60.0
"""The same, for each unit, where work counts: whoever does not answer by then is gone."""

SolvePart = Callable[[Task], Solved]
"""A function that can be sent to other processes."""


class Workshop(Protocol):
    """Other processes, here or elsewhere, which may be on their way, or gone."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """How the executor says that it, or a process of it, is gone."""

    def executor(self) -> Executor | None:
        """Return what hands work to them; None while there are none. Does not wait."""

    def width(self) -> int:
        """Return how many there are."""

    def lost(self) -> None:
        """Take note that the executor has failed."""


class Team:
    """A crew of other processes; this one stands in for them."""

    def __init__(self, solve_part: SolvePart, workshop: Workshop) -> None:
        self._solve_part = solve_part
        self._workshop = workshop
        self._gone: tuple[type[Exception], ...] = (CancelledError, *workshop.failures)
        self._late = 0

    @property
    def width(self) -> int:
        """How many parts are solved side by side."""
        return 1 if self._workshop.executor() is None else max(1, self._workshop.width())

    def solve(self, tasks: Sequence[Task]) -> list[Solved | None]:
        """Return what became of each task, in order.

        Where answers must be repeatable, all of them are solved, here if need be. Where seconds
        count, those that did not come back are left out, but for the first.
        """
        found = list(self._gathered(tasks))
        for index, task in enumerate(tasks):
            if found[index] is None and (task.effort.seconds is None or not index):
                found[index] = self._solve_part(task)
        return found

    def _gathered(self, tasks: Sequence[Task]) -> Iterator[Solved | None]:
        executor = self._workshop.executor()
        if executor is None:
            yield from (None for _ in tasks)
            return
        futures = [self._sent(executor, task) for task in tasks]
        for task, future in zip(tasks, futures, strict=True):
            yield None if future is None else self._answer(task, future)

    def _sent(self, executor: Executor, task: Task) -> "Future[Solved] | None":
        try:
            return executor.submit(self._solve_part, task)
        except self._workshop.failures:
            self._workshop.lost()
            return None

    def _answer(self, task: Task, future: "Future[Solved]") -> Solved | None:
        """Return the answer; None of one that is late, or whose process or cluster is gone."""
        work, seconds = task.effort.work or 0.0, task.effort.seconds
        longest = GONE_S * (1 + work) if seconds is None else LATE * seconds + LATE_S
        try:
            answer = future.result(longest)
        except ModelError:
            raise
        except TimeoutError:
            future.cancel()
            self._late += 1
            if seconds is None or self._late >= LATE_IN_A_ROW:
                self._workshop.lost()
            return None
        except self._gone:
            self._workshop.lost()
            return None
        self._late = 0
        return answer
