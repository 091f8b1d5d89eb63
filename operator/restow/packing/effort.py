"""What a call of an engine may spend, and what it answers."""

from dataclasses import dataclass

from restow.packing.fill import Fill


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
