"""Column generation where there are too many kinds to have a row for each.

It goes on from columns for kinds of like size put together. A kind gets a row when a column needs
its hole. What one without a row costs is guessed, so that it leaves only where that is likely to
pay; now and then, and when nothing more is found so, it is looked for where nothing is guessed:
that proves the bound.
"""

from collections.abc import Sequence

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column, Duals
from restow.rescheduling.generation import INWARD, THRIFT, Generation
from restow.rescheduling.pricing import Prices
from restow.rescheduling.table import Table

PROVING = 4
"""One look of so many is one that proves."""


class Learning(Generation):
    """Column generation that learns which kinds matter.

    Parameters
    ----------
    first
        Prices to begin with.
    columns
        From a table whose holes are the first ones of this.
    """

    def __init__(
        self, table: Table, limit: int, meter: Meter, first: Prices, columns: Sequence[Column]
    ) -> None:
        super().__init__(table, limit, meter, first, columns)
        self._turn, self._found = 0, True

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
        best, guess, move = self.best.prices.hole, self.master.guess(), outer.prices.move
        come, leave = (
            np.rint((1 - inward) * hole + inward * best).astype(np.int64)
            for hole in (outer.prices.hole, guess)
        )
        come *= self.master.has_row()
        use = self._priced(Prices(come, move), np.maximum(come, leave))
        than = Duals(Prices(guess, move), outer.row)
        return self.columns.extend(self.desk, use, than) > 0
