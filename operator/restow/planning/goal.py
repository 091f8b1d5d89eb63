"""What rescheduling is to reach, and who finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Protocol

from restow.core.ids import NodeName
from restow.fragmentation.measure import Measured
from restow.fragmentation.shapes import TargetShape
from restow.policies.rescheduling import Objective
from restow.rescheduling.engine import Outcome
from restow.rescheduling.problem import Problem

FREE = Fraction(0)
"""No price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What rescheduling is to reach.

    Parameters
    ----------
    shapes
        What there should be room for. Only Defragment asks for it; Balance for the main resource
        of the first one.
    limit
        Most pods that may move.
    fragmentation, copies
        Defragment: as few moves as possible to bring fragmentation that low, or to have room for
        so many copies of the only shape. None for as much room as possible.
    price
        What an ordinary migration has to gain: of Defragment in cores, devices or bytes of the
        main resource of the first shape, by its weight; of Consolidate in nodes.
    drain
        Nodes that Drain is about.
    utilization
        Share of a node's main resource that Balance wants pods to ask for at most.
    """

    shapes: tuple[TargetShape, ...]
    limit: int
    objective: Objective = Objective.DEFRAGMENT
    fragmentation: float | None = None
    copies: int | None = None
    price: Fraction = FREE
    drain: frozenset[NodeName] = frozenset()
    utilization: float = 1.0

    @property
    def reaching(self) -> bool:
        """Whether as few moves as possible are wanted."""
        balancing = self.objective is Objective.BALANCE
        return balancing or self.fragmentation is not None or self.copies is not None

    @property
    def due(self) -> Fraction:
        """What an ordinary migration has to gain, as gains are counted."""
        return self.price * (self.shapes[0].whole if self.objective is Objective.DEFRAGMENT else 1)

    def spare(self, total: int) -> int:
        """Return what of a node's main resource Balance wants to be free."""
        share = Fraction(self.utilization).limit_denominator(10_000)
        return ceil((1 - share) * total)

    def worth(self, measured: Sequence[Measured], unit: Fraction) -> int:
        """Return what room must be worth, in units of the problem of rescheduling.

        Raises
        ------
        ValueError
            Copies of several shapes are asked for.
        """
        if self.copies is not None:
            (shape,) = self.shapes
            return int(self.copies * shape.weight * shape.takes.of(shape.main) // unit)
        free = sum(each.shape.weight * each.free for each in measured)
        return ceil((1 - (self.fragmentation or 0.0)) * free / unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a solver answers.

    Parameters
    ----------
    least
        No plan with fewer moves reaches the goal; 0 where there is none.
    """

    outcome: Outcome
    least: int = 0
    wall_s: float


class Rescheduler(Protocol):
    """Solves within a time budget in seconds; never raises for lack of time."""

    def __call__(self, problem: Problem, budget_s: float, goal: int | None) -> Solved:
        """Return the plan that gains most, or the cheapest one that makes room worth `goal`."""
