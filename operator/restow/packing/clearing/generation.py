"""Column generation: the columns that matter, the prices that tell, and the bound they prove."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from restow.packing.clearing.holes import Holes
from restow.packing.clearing.master import Column, Master
from restow.packing.clearing.pricing import UNIT, Pricing
from restow.packing.clearing.yard import Yard
from restow.packing.patterns.meter import Meter

INWARD = 0.5
"""How far prices are drawn from the program's towards the best ones known (Wentges 1997)."""

FIRST = (0.4, 0.6, 0.8)
"""First prices of holes of which there are few, in the cost of a move."""

FEW = 30
"""Nodes with room for a pod below which there are few such holes."""

LEVELS = (1.0, 2.0, 4.0)
"""What a lack costs at most, in the dearest move, one after the other."""

NEAR = 1e-6
"""What the program's value may be off."""

NODES_PER_S = 20_000
"""Nodes searched in a second, at which rate work is booked."""


class Generation:
    """Column generation on one yard, to be gone on with as long as there is time.

    Attributes
    ----------
    last
        The nodes before this one are looked at.
    shares
        How much the last solution uses of each column that there was.
    lacks
        Whether somebody finds no hole in it.
    bound
        What no plan can do with less than, in the goal's units; of the nodes looked at.
    """

    def __init__(self, yard: Yard, meter: Meter) -> None:
        self.yard = yard
        pods = sum(each.pods for each in yard.waiting)
        self._plenty = 2 * pods + 100
        self.holes = Holes(yard, self._plenty)
        self.pricing = Pricing(yard, self.holes)
        self.last = yard.own
        self._dearest = float(yard.cost.max(initial=1))
        self.master = Master(self.holes, self._dearest * LEVELS[0])
        self._known: set[tuple[int, tuple[int, ...], tuple[int, ...]]] = set()
        self._best: NDArray[np.float64] = np.zeros(len(self.holes))
        self._bound = 0
        self._level = 0
        self.shares: list[float] = []
        self.lacks = False
        few = np.array([self._rooms(size) < FEW for size in self.holes.size])
        for part in FIRST:
            if not meter.over():
                self.look(few * part * self._dearest, meter)

    @property
    def bound(self) -> int:
        """Return the bound, rounded up: a plan's value is an integer."""
        return -(-self._bound // UNIT)

    def run(self, target: int, meter: Meter) -> None:
        """Generate columns until the bound reaches the program's value, or the target."""
        while not meter.over() and self.bound < target:
            value = self.solved(meter)
            if value is None or self.bound >= np.ceil(value - NEAR) or not self._improve(meter):
                return

    def finer(self) -> bool:
        """Ask more of the program: return whether there was anything to ask.

        Pods that leave in its solution need holes of their own size. Else a lack costs more.
        """
        used = zip(self.master.columns, self.shares, strict=False)  # some are new
        if self.learn(pod for column, share in used if share > NEAR for pod in column.gone):
            return True
        if not self.lacks or self._level + 1 == len(LEVELS):
            return False
        self._level += 1
        self.master.dearer(LEVELS[self._level] / LEVELS[self._level - 1])
        return True

    def everywhere(self, meter: Meter) -> None:
        """Look at the nodes elsewhere as well, from the same prices on."""
        self.last, self._bound = len(self.yard.free), 0
        self.look(self._best, meter)

    def at_home(self, bound: int) -> None:
        """Look at the problem's own nodes only, whose bound is known."""
        self.last, self._bound = self.yard.own, bound * UNIT
        self.master.confine(self.last)

    def _improve(self, meter: Meter) -> bool:
        """Look for columns between the program's prices and the best; return whether any is new."""
        outer = self.master.prices()
        for inward in (INWARD, 0.0):
            if self.look((1 - inward) * outer + inward * self._best, meter):
                return True
        return False

    def look(self, prices: NDArray[np.float64], meter: Meter) -> bool:
        """Look for columns under prices, keep the better bound; return whether a column is new."""
        meter.book(self.last / NODES_PER_S)
        priced = self.pricing.look(prices, self.last)
        if priced.bound > self._bound:
            self._bound, self._best = priced.bound, prices
        return sum(map(self._enter, priced.columns)) > 0

    def _enter(self, column: Column) -> bool:
        key = (column.node, column.gone, tuple(sorted(column.come)))
        if key in self._known:
            return False
        self._known.add(key)
        self.master.add(column)
        return True

    def solved(self, meter: Meter) -> float | None:
        """Solve the program, and return its value; None if there was not the time."""
        meter.book(len(self.master.columns) / (NODES_PER_S * 10))
        value = self.master.solve(meter.seconds_left())
        self.shares = [] if value is None else self.master.shares()
        self.lacks = value is not None and self.master.lacks()
        return value

    def _rooms(self, size: NDArray[np.int64]) -> int:
        return int((self.yard.free[: self.last] >= size).all(axis=1).sum())

    def learn(self, gone: Iterable[int]) -> bool:
        """Let pods need holes of their own size from now on, where there is not room on most nodes.

        Return whether any is new.
        """
        holes, known = self.holes, len(self.holes)
        for pod in gone:
            size = self.yard.need[pod]
            if self.yard.lands[pod] and self._rooms(size) < self._plenty:
                holes.add(tuple(int(each) for each in size))
        if len(holes) == known:
            return False
        self.master.grow()
        self._best = np.concatenate([self._best, self._inherited(known)])
        new = {tuple(size) for size in holes.size[known:].tolist()}
        for number, column in enumerate(self.master.columns):
            if any(tuple(self.yard.need[pod].tolist()) in new for pod in column.gone):
                taken = zip(column.gone, column.taken, strict=True)
                self.master.correct(
                    number, tuple(self.pricing.taken(pod, hole) for pod, hole in taken)
                )
        return True

    def _inherited(self, known: int) -> NDArray[np.float64]:
        """Return for each new hole the best price of one that is no larger."""
        holes, prices = self.holes, []
        for size in holes.size[known:]:
            below = (holes.size[:known] <= size).all(axis=1) & holes.open[:known]
            prices.append(float(self._best[below].max(initial=0.0)))
        return np.array(prices)
