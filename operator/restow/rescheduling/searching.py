"""One search from one state: bound and columns, whole numbers, and an order for them.

Where every amount stands on the grid and kinds are few, once. Else in rounds: first with kinds of
like size put together, then with those that matter by themselves.
"""

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.choosing import Choosing, Chosen, near
from restow.rescheduling.columns import Column, positions
from restow.rescheduling.diving import dive
from restow.rescheduling.expanding import expand, placed
from restow.rescheduling.generation import NEAR, Best, Generation
from restow.rescheduling.grid import MOST_CELLS, Grid, grid_of
from restow.rescheduling.holes import MOST_HOLES, Holes, covers, each_its_own, holes_of
from restow.rescheduling.improving import Beside, Told
from restow.rescheduling.ordering import order
from restow.rescheduling.pricing import Desk, Prices, Use, bound_of, price
from restow.rescheduling.problem import Ints, Problem
from restow.rescheduling.table import Rows, Table, full_of, rows_of, table_of
from restow.rescheduling.volume import volume_bound

COARSE_CELLS = 20_000
"""Cells of a grid that cannot be exact: the rounds count more than their precision."""

FINE_CELLS = 700_000
"""Cells of the grid on which the bound is proven after the first round: the finer the tighter."""

COARSE_HOLES = 60
"""Holes of kinds that are put together by size."""

MOST_OWN = 250
"""Kinds that get a hole of their own."""

ROUGHLY = UNIT >> 3
"""A bound this near to the program's value is near enough for a round."""

ORDERS = 4
"""Choices of columns for which an order is looked for."""

QUICKLY, HARDER, HARD, EASING = 0.06, 0.4, 0.85, 0.1
"""Shares of the time left for a choice of columns that is easy or is not looked for, for one that
is hard, for one that is the last, and for one with an easier order."""


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
        table = table_of(problem, rows, holes_of(problem), grid, cautious=True)
        generation = Generation(table, problem.limit, meter)
        generation.run()
        bound = min(bound, generation.best.bound // UNIT)
        _Choice(problem, generation, meter, bound, tell).run()
        return bound
    rounds = _Rounds(problem, rows, grid_of(problem, full, COARSE_CELLS), meter, tell)
    with Beside(problem, meter, tell) as beside:
        bound = rounds.run(bound, beside)
        if tell(()) >= bound:
            beside.stop()
    return bound


class _Choice:
    """From columns to plans: easy choices first."""

    def __init__(
        self, problem: Problem, generation: Generation, meter: Meter, bound: int, tell: Told
    ) -> None:
        self._problem, self._generation = problem, generation
        self._meter, self._tell = meter, tell
        self._target = min(bound, generation.best.bound // UNIT)

    def run(self, share: float = HARD) -> None:
        """Choose columns and tell their plans.

        Parameters
        ----------
        share
            Of the time left, for a choice among more columns, where these do not suffice; 0 for
            none.
        """
        generation = self._generation
        frugal = generation.frugal(self._target)
        if self._among(frugal, QUICKLY) or not share:
            return
        dived = dive(generation, self._meter)
        if dived is not None and dived.gain >= self._target:
            self._among(frugal, QUICKLY, dived)
        else:
            self._among(frugal, share, dived)

    def _among(self, best: Best, share: float, known: Chosen | None = None) -> bool:
        """Choose among the columns near to `best`; return whether the target was reached."""
        if self._meter.over():
            return False
        generation = self._generation
        gap = best.bound - self._target * UNIT + (UNIT >> 10)
        columns = near(generation.columns.all, best.value, best.prices, gap)
        if known is not None:
            here = {id(column) for column in columns}
            columns += [column for column, _ in known.uses if id(column) not in here]
        choosing = Choosing(generation.table, columns, self._problem.limit)
        chosen = known
        if chosen is not None:
            choosing.start(chosen)
        if chosen is None or chosen.gain < self._target:
            chosen = choosing.most(self._target, self._meter, share) or chosen
        reached = chosen is not None and chosen.gain >= self._target
        for _ in range(ORDERS):
            if chosen is None or chosen.gain <= self._tell(()):
                break
            stuck = self._order(choosing.easiest(chosen, self._meter, EASING))
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


class _Rounds:
    """Rounds in which ever more kinds count by themselves."""

    def __init__(self, problem: Problem, rows: Rows, grid: Grid, meter: Meter, tell: Told) -> None:
        self._problem, self._rows, self._grid = problem, rows, grid
        self._meter, self._tell = meter, tell
        self._rough = self._proving(MOST_CELLS)
        self._fine: tuple[Table, Desk] | None = None

    def run(self, bound: int, beside: Beside) -> int:
        """Search until the bound is met or time is over; return the bound."""
        few = len(self._problem.kinds) <= MOST_HOLES
        own = frozenset(range(len(self._problem.kinds)) if few else ())
        first: Prices | None = None
        before: tuple[Holes, Prices] | None = None
        while not self._meter.over():
            holes = holes_of(self._problem, COARSE_HOLES, own)
            if before is not None:
                first = Prices(_carried(holes, before[0], before[1].hole), before[1].move)
            table = table_of(self._problem, self._rows, holes, self._grid, cautious=True)
            generation = Generation(table, self._problem.limit, self._meter, first)
            generation.run(NEAR if few else ROUGHLY)
            prices = generation.best.prices
            use, proven = self._proof(self._rough, holes, prices)
            bound, leaving = min(bound, proven), self._leaving(generation)
            if before is not None and not self._meter.over():
                self._fine = self._fine or self._proving(FINE_CELLS)
                use, proven = self._proof(self._fine, holes, prices)
                bound = min(bound, proven)
            _Choice(self._problem, generation, self._meter, bound, self._tell).run(
                HARD if few else HARDER if before is not None else 0
            )
            more = leaving - own
            more |= self._departing(use) - own if len(own | more) < MOST_OWN else frozenset()
            if self._tell(()) >= bound:
                break
            beside.turn()
            if self._tell(()) >= bound or not more or len(own) >= MOST_OWN:
                break
            own |= frozenset(sorted(more)[: MOST_OWN - len(own)])
            before = (holes, prices)
        return bound

    def _proving(self, cells: int) -> tuple[Table, Desk]:
        """Return what bounds are proven on: a grid of so many cells."""
        grid, own = (
            grid_of(self._problem, full_of(self._problem), cells),
            each_its_own(self._problem),
        )
        table = table_of(self._problem, self._rows, own, grid, cautious=False)
        return table, Desk(table)

    def _proof(self, on: tuple[Table, Desk], holes: Holes, prices: Prices) -> tuple[Use, int]:
        """Return the best uses where every kind counts by itself, and the bound they make.

        A kind is priced as the dearest hole that it has room for: then no use of room by small
        pods at the price of large ones looks better than it is.
        """
        table, desk = on
        each = _carried(table.holes, holes, prices.hole)
        # a kind that needs no cell is worth nothing: as many as one likes would have room
        each[table.hole[table.offset == 0]] = 0
        use = price(table, desk, Prices(each, prices.move))
        return use, bound_of(table, use, Prices(each, prices.move), self._problem.limit) // UNIT

    def _leaving(self, generation: Generation) -> frozenset[int]:
        """Return the kinds that leave in the program's solution."""
        rows = self._rows
        return frozenset(
            int(rows.kind[rows.start[column.row] + position])
            for column, share in generation.shares()
            if share > USED
            for position in column.leaving
        )

    def _departing(self, use: Use) -> frozenset[int]:
        """Return the kinds that leave in the best uses."""
        rows = self._rows
        return frozenset(
            int(rows.kind[rows.start[row] + position])
            for row in range(len(rows.nodes))
            for position in positions(use.mask[row])
        )


USED = 1e-6
"""A share below this is none."""


def _carried(into: Holes, of: Holes, prices: Ints) -> Ints:
    """Return prices for holes: each that of the dearest old hole which it has room for."""
    carried = covers(into, of) * prices[None]
    return np.asarray(carried.max(axis=1, initial=0), np.int64)
