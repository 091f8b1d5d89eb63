"""Column generation under prices that change smoothly with size, where kinds are many.

Prices are linear between some sizes, the knots, in each resource: what is needed of a kind counts
at the knots around it, so that the program has a row for each knot and not for each kind
(aggregated balance; the dual is restricted). Its columns are of kinds as large as they are, and its
prices near to those of the program in which each kind has a row: that one needs a few rounds from
there, where it needs dozens from prices of kinds put together.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from restow.packing.patterns.arrays import Floats
from restow.packing.patterns.meter import Meter
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.columns import Column, Duals
from restow.rescheduling.generation import NEAR, UNKNOWN, Best, Generation
from restow.rescheduling.master import Balance
from restow.rescheduling.opening import Need
from restow.rescheduling.pricing import Desk, Prices
from restow.rescheduling.problem import Ints
from restow.rescheduling.sampling import Sampling
from restow.rescheduling.table import Table

MOST_KNOTS = 40
"""Of all resources together, or so."""

GLANCES = 4_000
"""Ways to depart that are looked at on one node: enough for a good one."""

PARTS = 64
"""Of one, in which holes count at knots: what adds up to nothing does so exactly."""

FEW = 6
"""It ends where one node of so many finds a better column."""

MORE, SLACK = 6, UNIT // 10
"""Rounds after that, for columns so little worse: whole numbers need a choice."""


class Knots:
    """A balance with rows for some sizes instead of one for each hole."""

    def __init__(self, table: Table) -> None:
        size = np.zeros((len(table.holes), table.needs.shape[1]), np.int64)
        np.maximum.at(size, table.hole, table.needs)
        each = max(3, round(MOST_KNOTS ** (1 / size.shape[1])))
        weight = np.ones((len(size), 1))
        for column in size.T:
            hats = _hats(column, _quantiles(column, each))
            weight = (weight[:, :, None] * hats[:, None, :]).reshape(len(size), -1)
        self._weight = weight[:, weight.any(axis=0)]

    def __len__(self) -> int:
        """Return how many knots there are."""
        return len(self._weight.T)

    def open(self, holes: Iterable[int]) -> None:
        """Do nothing: each hole lies between knots."""

    def nested(self) -> Iterable[tuple[int, int]]:
        """Return no pairs: what is a little larger counts a little more."""
        return ()

    def entries(self, need: Need) -> list[tuple[int, float]]:
        """Return the knots around the holes needed, and how much they count there."""
        total = sum((many * self._weight[hole] for hole, many in need), start=np.zeros(len(self)))
        return [(int(knot), float(total[knot])) for knot in np.flatnonzero(total)]

    def carried(self, prices: Ints) -> Ints:
        """Return (holes,) prices, linear between (knots,) prices."""
        return np.rint(self._weight @ prices).astype(np.int64)


def _quantiles(sizes: Ints, many: int) -> Floats:
    """Return 0 and sizes up to the largest, as many in between any two as between others."""
    return np.unique(np.concatenate([[0.0], np.quantile(sizes, np.linspace(0, 1, many))]))


def _hats(sizes: Ints, knots: Floats) -> Floats:
    """Return (sizes, knots) how much each counts at the two knots around it."""
    found = np.zeros((len(sizes), len(knots)))
    if len(knots) == 1:
        return found + 1
    low = np.clip(np.searchsorted(knots, sizes, side="right") - 1, 0, len(knots) - 2)
    part = (sizes - knots[low]) / (knots[low + 1] - knots[low])
    part = np.rint(part * PARTS) / PARTS
    each = np.arange(len(sizes))
    found[each, low], found[each, low + 1] = 1 - part, part
    return found


class Smoothing(Generation):
    """Column generation under smooth prices.

    Attributes
    ----------
    value
        Of the program at its end, in gains. No bound: only columns of samples are in it.
    """

    def __init__(
        self, table: Table, limit: int, meter: Meter, columns: Sequence[Column] = ()
    ) -> None:
        super().__init__(table, limit, meter, columns)
        free = Prices(np.zeros(len(table.holes), np.int64), 0)
        self._best = Best(prices=free, value=np.zeros_like(table.now), bound=UNKNOWN)
        self.desk = Desk(table, GLANCES)
        self._sampling = Sampling(table)
        self.value = 0.0

    def _balance(self) -> Balance:
        return Knots(self.table)

    def run(self, near: int = NEAR, share: float = 1.0) -> None:
        """Generate columns until next to none is better, and some more that are nearly as good."""
        del near  # what some kinds make of the prices is no bound
        rows, until = len(self.table.now), (1 - share) * self._meter.left()
        while (value := self._solved()) is not None:
            self.value, outer = value, self.master.duals()
            self._best = Best(prices=outer.prices, value=outer.row, bound=UNKNOWN)
            if self._sampled(outer) * FEW < rows or self._meter.left() <= until:
                break
        for _ in range(MORE):
            if self._meter.left() <= until:
                break
            self._sampled(Duals(self.best.prices, self.best.value - SLACK))

    def _sampled(self, than: Duals) -> int:
        """Look for columns with arrivals of some kinds; return how many are new and better."""
        prices = than.prices
        come = self._sampling.some(prices.hole)
        use = self._priced(Prices(come, prices.move), prices.hole)
        return self.columns.extend(self.desk, use, than)
