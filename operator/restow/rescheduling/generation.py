"""Column generation: the uses that matter, the prices that tell, and the bound they prove."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column, Columns, Duals
from restow.rescheduling.master import Balance, Master
from restow.rescheduling.opening import Opened
from restow.rescheduling.pricing import Desk, Prices, Use, bound_of, price
from restow.rescheduling.problem import Ints
from restow.rescheduling.table import Table

INWARD = 0.3
"""How far prices are drawn from the program's towards the best ones known (Wentges 1997)."""

THRIFT = 0.25
"""What all migrations within the limit together cost the program, in gains.

Where the limit is slack a migration costs nothing, and columns full of needless ones would be as
good as any: whole numbers are hard to find among them.
"""

FRUGAL = 8
"""Rounds of columns for as few migrations as possible."""

SPARE = 3
"""Migrations more than in fractions that a thrifty plan in whole numbers may have."""

NEAR = UNIT >> 10
"""A bound this near to the program's value is as good as met."""

FIRST = tuple((size, move) for size in (0.3, 0.6, 1.0, 1.5) for move in (0.1, 0.4, 0.8))
"""First prices: of what the largest pod takes of a whole node, and of a migration, in gains."""


CELLS_PER_S, PODS_PER_S, COLUMNS_PER_S = 1_000_000_000, 300_000, 300_000
"""At which rates work is booked: arrivals looked at, pods that might leave, columns solved for."""

LARGE = 20_000
"""Cells of a grid on which only every third of the first prices is tried."""


@dataclass(slots=True, kw_only=True)
class Best:
    """The best prices so far, what each row is worth under them, and the bound, in `UNIT`s."""

    prices: Prices
    value: Ints
    bound: int


UNKNOWN = 1 << 62
"""The bound of prices of which none is known."""

WHOLE = 1e-6
"""A value this little below a whole number is one."""


class Generation:
    """Column generation on one table, to be gone on with as long as there is time.

    Attributes
    ----------
    reached
        The most that the program of the columns so far may gain in whole numbers.
    ended
        Whether no column makes the program better.

    Parameters
    ----------
    columns
        Columns to begin with, from a table with the same holes, and fewer of them; where there are
        none some prices are tried.
    """

    def __init__(
        self,
        table: Table,
        limit: int,
        meter: Meter,
        columns: Sequence[Column] = (),
    ) -> None:
        self.table, self.limit, self._meter = table, limit, meter
        self.columns = Columns(table)
        self.desk = Desk(table)
        self._best: Best | None = None
        self._known = 0
        self.reached, self.ended = 0, False
        reward = -int(table.rows.fee.min(initial=0))
        top = int(table.worth.max(initial=0) + table.rows.emptied.max(initial=0)) + reward
        self.columns.take(columns)
        for prices in () if columns else self._guesses(max(1, top)):
            self.columns.extend(self.desk, self.look(prices))
        self._thrift = THRIFT / max(1, limit)
        self.master = Master(
            table,
            limit,
            self._balance(),
            penalty=2.0 * max(1, top),
            thrift=self._thrift,
        )

    def _balance(self) -> Balance:
        """Return the balance of the program: each hole has a row, or gets one when it is needed."""
        return Opened(self.table.holes)

    @property
    def best(self) -> Best:
        """Return the best prices and their bound."""
        assert self._best is not None  # noqa: S101 - set by the first guess
        return self._best

    def run(self, near: int = NEAR, share: float = 1.0) -> None:
        """Generate columns until the bound is nearer than that to the program's value.

        Parameters
        ----------
        share
            Of what is left, to stop after that; to be gone on with.
        """
        until = (1 - share) * self._meter.left()
        while self._meter.left() > until:
            value = self._solved()
            if value is not None:
                self.reached = math.floor(value + THRIFT + WHOLE)
            if value is None or not self._improve(self.master.duals(), round(value * UNIT), near):
                self.ended = True
                break
        prices = self.best.prices
        if self.best.bound < UNKNOWN:
            self.look(Prices(prices.hole, max(0, prices.move - round(self._thrift * UNIT))))

    def frugal(self, target: int) -> Best:
        """Return the program's own prices where gains beyond the target are for nothing.

        Their bound is one for plans of the columns that there are, with next to no more migrations
        than the program makes, in gains less what its thrift makes a migration cost.
        """
        self.master.cap(target)
        for _ in range(FRUGAL):
            if self._meter.over() or not self.widen():
                break
        return self.program()

    def program(self) -> Best:
        """Return the program's own prices, and their bound for plans of the columns there are.

        That is: with next to no more migrations than the program makes.
        """
        moves = math.ceil(sum(column.moves * share for column, share in self.shares())) + SPARE
        prices, value = self.master.duals()
        bound = int(value @ self.table.rows.number) + prices.move * min(moves, self.limit)
        return Best(prices=prices, value=value, bound=bound)

    def widen(self) -> bool:
        """Solve the program and add the columns that its prices favour; return whether any is."""
        if self._solved() is None:
            return False
        use = self._priced(self.master.prices())
        return self.columns.extend(self.desk, use) > 0

    def shares(self) -> list[tuple[Column, float]]:
        """Solve the program, and return how much of each column it uses; nothing if it gives up."""
        if self._solved() is None:
            return []
        return list(zip(self.master.columns, self.master.shares(), strict=True))

    def look(self, prices: Prices) -> Use:
        """Find the best uses under prices, and keep them, and the bound if it is lower."""
        use = self._priced(prices)
        bound = bound_of(self.table, use, prices, self.limit)
        if self._best is None or bound < self._best.bound:
            self._best = Best(prices=prices, value=use.value, bound=bound)
        return use

    def _improve(self, outer: Duals, value: int, near: int) -> bool:
        """Look for better uses between the program's prices and the best; return whether any is."""
        for inward in (INWARD, 0.0):
            best = self.best.prices
            out = outer.prices
            hole = np.rint((1 - inward) * out.hole + inward * best.hole).astype(np.int64)
            use = self.look(Prices(hole, round((1 - inward) * out.move + inward * best.move)))
            # the bound pays for the limit what the program's thrift does not earn
            if self.best.bound - round(THRIFT * UNIT) - value <= near:
                return False
            if self.columns.extend(self.desk, use, outer):
                return True
        return False

    def _priced(self, prices: Prices, leaving: Ints | None = None) -> Use:
        use = price(self.table, self.desk, prices, leaving)
        offers = sum(int(offers.serves.sum()) for offers in self.desk.offers)
        looked = len(self.table.worth) * (1 + offers)
        self._meter.book(looked / CELLS_PER_S + len(self.table.leaving) / PODS_PER_S)
        return use

    def _solved(self) -> float | None:
        """Enter the new columns and return the program's value."""
        self.master.extend(self.columns.all[self._known :])
        self._known = len(self.columns.all)
        self._meter.book(self._known / COLUMNS_PER_S)
        return self.master.solve()

    def _guesses(self, top: int) -> Iterator[Prices]:
        part = self.table.share / max(float(self.table.share.max(initial=0)), 1e-9)
        for size, move in FIRST[:: 1 if len(self.table.worth) < LARGE else 3]:
            hole = np.rint(part * (size * top / 2 * UNIT)).astype(np.int64)
            yield Prices(hole, round(move * UNIT))
