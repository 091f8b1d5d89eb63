"""Who solves the parts of a round: this process one after the other, or others side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from restow.packing.effort import Effort
from restow.packing.fill import Fill
from restow.packing.outcome import Placement
from restow.packing.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A region as a problem of its own, and what may be spent on it; can be sent elsewhere.

    Parameters
    ----------
    start
        The feasible fill that it is in.
    nodes
        Whether the nodes that are touched count.
    """

    problem: Problem
    start: Fill
    effort: Effort
    nodes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The best placement of a task that was found, never worse than its start, and what it took.

    `spent` is in the unit of the effort.
    """

    placement: Placement
    spent: float


class Crew(Protocol):
    """Solves parts of problems."""

    @property
    def width(self) -> int:
        """How many parts are solved side by side."""

    def solve(self, tasks: Sequence[Task]) -> list[Solved | None]:
        """Return what became of each task, in order; None of one that nobody had time for."""


class Alone:
    """The present process, which solves one part after the other."""

    width = 1

    def __init__(self, solve_part: Callable[[Task], Solved]) -> None:
        self._solve_part = solve_part

    def solve(self, tasks: Sequence[Task]) -> list[Solved | None]:
        """Solve them all here."""
        return [self._solve_part(task) for task in tasks]
