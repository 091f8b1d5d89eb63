"""One search from one state: bound and columns, whole numbers, and an order for them.

Where kinds are few, once. Else first with kinds of like size put together, then, from the columns
and prices of that, with each as large as it is: under smooth prices, and then under its own.
"""

from typing import Self

from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.choosing import Choosing, Chosen, near
from restow.rescheduling.columns import Column
from restow.rescheduling.diving import dive
from restow.rescheduling.expanding import expand, placed
from restow.rescheduling.generation import NEAR, Best, Generation
from restow.rescheduling.grid import FINEST_CELLS, MOST_CELLS, grid_of
from restow.rescheduling.holes import (
    MOST_HOLES,
    Holes,
    beside_own,
    each_its_own,
    holes_of,
)
from restow.rescheduling.improving import Beside, Told
from restow.rescheduling.learning import Learning
from restow.rescheduling.ordering import order
from restow.rescheduling.pricing import Desk, Prices, bound_of, price
from restow.rescheduling.problem import Ints, Problem
from restow.rescheduling.seeking import THOROUGH
from restow.rescheduling.smoothing import Smoothing
from restow.rescheduling.table import Rows, Table, full_of, rows_of, table_of
from restow.rescheduling.volume import volume_bound

COARSE_CELLS = 20_000
"""Cells of a grid that cannot be exact: the rounds count more than their precision."""

FINE_CELLS = 700_000
"""Cells of the grid on which each kind has its size."""

COARSE_HOLES = 60
"""Holes of kinds that are put together by size."""

SMOOTHING, LEARNING = 0.5, 0.3
"""Shares of the time left for columns under smooth prices, and for those in which each kind has its
own, before each choice."""

TIGHT = 0.98
"""A program of which the value is such a part of the bound does not prove a lower one."""

CLOSE = UNIT >> 2
"""Reduced cost of columns with which that begins, and to choose from while more might come."""

ROUGHLY = UNIT >> 3
"""A bound this near to the program's value is near enough for a round."""

ORDERS = 4
"""Choices of columns for which an order is looked for."""

QUICKLY, HARD = 0.06, 0.85
"""Shares of the time left for a choice of columns that is easy or is not looked for, and for one
that is hard."""

HASTILY, EASING = 0.02, 0.1
"""The same for one with an easier order: of a plan that others are to follow, and of the last."""


def search(problem: Problem, meter: Meter, tell: Told) -> int:
    """Tell plans, the best one last, and return a bound on the gain of any.

    Parameters
    ----------
    tell
        Is given the steps of each plan that is found.
    """
    rows, full = rows_of(problem), full_of(problem)
    grid, bound = grid_of(problem, full), volume_bound(problem)
    if len(problem.kinds) <= MOST_HOLES and grid.exact:
        table = table_of(problem, rows, each_its_own(problem), grid, cautious=True)
        generation = Generation(table, problem.limit, meter)
        generation.run()
        bound = min(bound, generation.best.bound // UNIT)
        _Choice(problem, generation, meter, bound, tell).run()
        return bound
    roughly = _Roughly(problem, rows, full, meter, tell)
    with Beside(problem, meter, tell) as beside:
        bound = roughly.run(bound, beside)
        if tell(()) >= bound:
            beside.stop()
    return bound


class _Choice:
    """From columns to plans: easy choices first.

    Attributes
    ----------
    best
        The best choice known.
    """

    def __init__(
        self, problem: Problem, generation: Generation, meter: Meter, bound: int, tell: Told
    ) -> None:
        self._problem, self._generation = problem, generation
        self._meter, self._tell = meter, tell
        self._bound, self._target = bound, min(bound, generation.reached)
        self._easing = EASING
        self.best: Chosen | None = None

    def go_on(self, before: Self) -> None:
        """Begin with the choice of another, of whose columns this one has all."""
        if before.best is not None:
            here = {column.mark: column for column in self._generation.columns.all}
            uses = [(here.get(column.mark), times) for column, times in before.best.uses]
            known = tuple((column, times) for column, times in uses if column is not None)
            if len(known) == len(uses):
                self.best = Chosen(uses=known, gain=before.best.gain)

    def run(self, share: float = HARD) -> None:
        """Choose columns and tell their plans.

        Parameters
        ----------
        share
            Of the time left, for a choice among more columns, where these do not suffice; 0 for
            none.
        """
        generation = self._generation
        self._easing = EASING if share else HASTILY
        if self._target < self._bound or not generation.ended:  # nor would a dive come to an end
            self._among(generation.program(), share or QUICKLY, CLOSE)
            return
        frugal = generation.frugal(self._target)
        if self._among(frugal, QUICKLY) or not share:
            return
        dived = dive(generation, self._meter)
        if dived is not None and (self.best is None or dived.gain > self.best.gain):
            self.best = dived
        reached = self.best is not None and self.best.gain >= self._target
        self._among(frugal, QUICKLY if reached else share)

    def _among(self, near_to: Best, share: float, gap: int | None = None) -> bool:
        """Choose among the columns near to `near_to`; return whether the target was reached.

        Those are near that a plan which reaches the target can use, or those within `gap`.
        """
        if self._meter.over():
            return False
        generation, known = self._generation, self.best
        most = near_to.bound - self._target * UNIT + (UNIT >> 10) if gap is None else gap
        columns = near(generation.columns.all, near_to.value, near_to.prices, most)
        if known is not None:
            here = {id(column) for column in columns}
            columns += [column for column, _ in known.uses if id(column) not in here]
        choosing = Choosing(generation.table, columns, self._problem.limit)
        chosen = known
        if chosen is not None and gap is None:  # of other columns it would only keep CP-SAT busy
            choosing.start(chosen)
        if chosen is None or chosen.gain < self._target:
            chosen = choosing.most(self._target, self._meter, share) or chosen
        self.best = chosen
        reached = chosen is not None and chosen.gain >= self._target
        for _ in range(ORDERS):
            if chosen is None or chosen.gain <= self._tell(()):
                break
            stuck = self._order(choosing.easiest(chosen, self._meter, self._easing))
            if not stuck:
                break
            choosing.forbid(stuck)
            chosen = choosing.most(self._target, self._meter, share)
        return reached

    def _order(self, chosen: Chosen) -> list[Column]:
        """Tell the plan of a choice; return the columns that stand in each other's way."""
        table = self._generation.table
        cost = [mover.cost for mover in self._problem.movers]
        found = order(self._problem, *expand(table, chosen, cost))
        if self._tell(found.steps) >= self._target:
            return []
        return [column for node, column in placed(table, chosen) if node in found.stuck]


class _Roughly:
    """Where amounts are rounded, or kinds of like size put together, at first."""

    def __init__(self, problem: Problem, rows: Rows, full: Ints, meter: Meter, tell: Told) -> None:
        self._problem, self._rows, self._full = problem, rows, full
        self._meter, self._tell = meter, tell
        self._few = len(problem.kinds) <= MOST_HOLES

    def run(self, bound: int, beside: Beside) -> int:
        """Search until the bound is met or time is over; return the bound."""
        problem, few = self._problem, self._few
        holes = each_its_own(problem) if few else holes_of(problem, COARSE_HOLES)
        table = self._table(holes, COARSE_CELLS, cautious=True)
        generation = Generation(table, problem.limit, self._meter)
        generation.run(NEAR if few else ROUGHLY)
        if few:
            bound = self._proof(generation.best.prices, MOST_CELLS, bound)
        first = _Choice(problem, generation, self._meter, bound, self._tell)
        first.run(HARD if few else 0)
        if self._tell(()) < bound:
            beside.turn()
        if few or self._tell(()) >= bound or self._meter.over():
            return bound
        smooth = self._smooth(holes, generation)
        if smooth.value < TIGHT * bound:
            bound = self._proof(self._each(smooth.best.prices), FINE_CELLS, bound)
        learning, choice = self._learning(smooth), first
        while not (self._meter.over() or learning.ended or self._tell(()) >= bound):
            learning.run(share=LEARNING)
            bound = self._promised(learning, bound)
            before, choice = choice, _Choice(problem, learning, self._meter, bound, self._tell)
            choice.go_on(before)
            choice.run()
        return bound

    def _promised(self, learning: Learning, bound: int) -> int:
        """Return the lower of a bound and the one that is proven where columns promise it."""
        promised = learning.best.bound // UNIT
        if promised >= bound:
            return bound
        # but for how amounts were rounded
        cells = FINEST_CELLS if promised <= learning.reached else FINE_CELLS
        return self._proof(self._each(learning.best.prices), cells, bound)

    def _smooth(self, holes: Holes, before: Generation) -> Smoothing:
        """Generate columns of kinds as large as they are under prices smooth in size."""
        best = before.best
        table = self._table(beside_own(holes, self._problem), FINE_CELLS, cautious=True)
        columns = near(before.columns.all, best.value, best.prices, UNIT >> 1)
        smooth = Smoothing(table, self._problem.limit, self._meter, columns)
        smooth.run(share=SMOOTHING)
        return smooth

    def _learning(self, smooth: Smoothing) -> Learning:
        """Return a program in which each kind has its own row, with columns to begin with."""
        best = smooth.best
        columns = near(smooth.columns.all, best.value, best.prices, CLOSE)
        return Learning(smooth.table, self._problem.limit, self._meter, best, columns)

    def _each(self, prices: Prices) -> Prices:
        """Return the prices of the holes of kinds only, the last ones."""
        return Prices(prices.hole[-len(self._problem.kinds) :], prices.move)

    def _proof(self, prices: Prices, cells: int, bound: int) -> int:
        """Return the lower of a bound and the one that prices of kinds make."""
        table = self._table(each_its_own(self._problem), cells, cautious=False)
        # a kind that needs no cell is worth nothing: as many as one likes would have room
        prices.hole[table.hole[table.offset == 0]] = 0
        use = price(table, Desk(table, THOROUGH), prices)
        return min(bound, bound_of(table, use, prices, self._problem.limit) // UNIT)

    def _table(self, holes: Holes, cells: int, *, cautious: bool) -> Table:
        answers = len({kind.nodes for kind in self._problem.kinds})  # of who may be where: a table
        grid = grid_of(self._problem, self._full, cells // answers)
        return table_of(self._problem, self._rows, holes, grid, cautious=cautious)
