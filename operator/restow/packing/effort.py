"""What an engine is, what a call of it may spend, and what it answers."""

from dataclasses import dataclass
from typing import Final, Protocol

from ortools.sat.python import cp_model

from restow.packing.fill import Fill
from restow.packing.goals import Goal, Hold

DIGITS: Final = 9
"""Behind the point, of a solve's deterministic time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much one call of the solver may spend, and its seed.

    Parameters
    ----------
    seconds
        Wall clock; None for no limit.
    work
        CP-SAT's deterministic time, about a second per unit on an idle machine; None for no limit.
    """

    seconds: float | None
    work: float | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call of the solver found.

    Parameters
    ----------
    fill
        The best placement found; None if none was.
    bound
        Proven bound of the goal; None if the solver has none.
    spent
        Deterministic time spent.
    """

    fill: Fill | None
    bound: int | None
    spent: float


def work_of(solver: cp_model.CpSolver) -> float:
    """Return the deterministic time of a solve; as CP-SAT adds it up, the last digits vary."""
    return round(solver.response_proto.deterministic_time, DIGITS)


class Engine(Protocol):
    """Solves one goal at a time within holds; a CP-SAT model, for one.

    Parameters
    ----------
    near
        Whether it does better when it looks at a few nodes at a time first.
    one_in
        Of so many levels one needs time, the others next to none.
    """

    near: bool
    one_in: int

    def hold(self, hold: Hold) -> int:
        """Put `hold` in force and return its name."""

    def drop(self, name: int) -> None:
        """Take a hold out of force."""

    def optimise(
        self,
        goal: Goal,
        *,
        hint: Fill,
        limit: int,
        effort: Effort,
        nodes: frozenset[int] | None = None,
    ) -> Answer:
        """Solve for `goal` from the feasible `hint`; `limit` cannot be bettered.

        With `nodes`, only these change, and the answer has no bound.
        """
