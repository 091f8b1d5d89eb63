"""Column generation where there are too many kinds to have a row for each.

It goes on from columns and prices of `smoothing`. A kind gets a row when a column needs
its hole. What one without a row costs is guessed, so that it leaves only where that is likely to
pay; now and then, and when nothing more is found so, it is looked for where nothing is guessed:
that proves the bound.
"""

from collections.abc import Sequence

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column, Duals
from restow.rescheduling.generation import INWARD, THRIFT, Best, Generation
from restow.rescheduling.master import Balance
from restow.rescheduling.opening import Opened
from restow.rescheduling.pricing import Prices
from restow.rescheduling.sampling import Sampling
from restow.rescheduling.table import Table

PROVING = 6
"""One look of so many is one that proves."""


class Learning(Generation):
    """Column generation that learns which kinds matter.

    Parameters
    ----------
    begin, columns
        Prices and columns to begin with.
    """

    def __init__(
        self, table: Table, limit: int, meter: Meter, begin: Best, columns: Sequence[Column]
    ) -> None:
        self._opened = Opened(table.holes)
        super().__init__(table, limit, meter, columns)
        self._best = begin
        self._turn, self._found = 0, True
        self._sampling = Sampling(table)

    def _balance(self) -> Balance:
        return self._opened

    def widen(self) -> bool:
        """Solve the program and add the columns that its prices favour; return whether any is."""
        return self._solved() is not None and self._guess(self.master.duals(), 0.0)

    def _improve(self, outer: Duals, value: int, near: int) -> bool:
        self._turn += 1
        if self._found and self._turn % PROVING:
            self._found = self._guess(outer, INWARD)
            return True
        use = self.look(outer.prices)
        if self.best.bound - round(THRIFT * UNIT) - value <= near:
            return False
        if not self._found:
            self._found = self.columns.extend(self.desk, use, outer) > 0
        return self._found

    def _guess(self, outer: Duals, inward: float) -> bool:
        """Look for columns under guessed prices; return whether any is new."""
        best, move = self.best.prices.hole, outer.prices.move
        guess = self._opened.guessed(self.master.paid())
        come, leave = (
            np.rint((1 - inward) * hole + inward * best).astype(np.int64)
            for hole in (outer.prices.hole, guess)
        )
        come = self._sampling.some(come * self._opened.has_row())
        use = self._priced(Prices(come, move), np.maximum(come, leave))
        than = Duals(Prices(guess, move), outer.row)
        return self.columns.extend(self.desk, use, than) > 0
