"""Column generation: the uses that matter, the prices that tell, and the bound they prove.

First inside a box: pods and moves are traded outside a little above and below the best prices
known, so that the program's prices stay near them; the box moves where the bound falls. Then
closed: only uses that balance count, and those are added that the program's own prices favour.
Where that finds nothing any more, both are done once more with a closer look at each node.
"""

from collections.abc import Callable

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.sharing.arrays import UNIT, Fleet, Ints
from restow.sharing.columns import Columns
from restow.sharing.master import Duals, Master
from restow.sharing.nesting import lifted
from restow.sharing.pricing import SIZES, Pricing, Uses

INWARD = 0.5
"""How far prices are drawn from the program's towards the best ones known (Wentges 1997)."""

WIDTH, NARROWEST = 30.0, 2.0
"""First width of the box, and least, in thousandths of a device."""

WIDER, NARROWER = 1.5, 0.9
"""What the width is multiplied by after a good step, and after one that is none."""

GOOD = 0.3
"""A step that gains this share of what the program promised is a good one."""

NEAR = 20.0
"""Prices this near to the program's value, in thousandths of a device, are good enough."""

STUCK = 15
"""Rounds in a row in which prices and program come no nearer, before generation in the box ends."""

FIRST = (10.0, 20.0, 40.0, 60.0, 80.0, 120.0, 160.0, 240.0, 320.0, 480.0, 640.0, 1000.0)
"""First prices of a move, in thousandths of a device."""

LEAST = 60.0
"""Least first price of a move: at lower ones any exchange pays as well as any other."""

LITTLE = 3.0
"""A round of closed generation that gains less, in thousandths of a device, gains nothing."""

PATIENCE, PATIENCE_FAR, FAR = 3, 15, 0.02
"""Rounds in a row that gain nothing, before closed generation ends: few where the program is near
to what the prices promise, more where it lacks this share of it."""

COLUMNS_PER_S, NODES_PER_S, DEEP_NODES_PER_S = 30_000, 10_000, 3_000
"""At which rates work is booked: columns solved for, nodes priced, nodes looked at closely."""

Left = Callable[[], float]
"""Says how much of the effort is left for a step."""


class Generation:
    """Column generation on one fleet, to be gone on with as long as there is time.

    Parameters
    ----------
    price
        (kinds,) first prices.

    Attributes
    ----------
    bound
        Proven: no plan gains more, in thousandths of a device.
    value, last
        Of the program when it was last solved: its value, in thousandths of a device, and duals.
    """

    def __init__(self, fleet: Fleet, price: Ints, meter: Meter) -> None:
        self.fleet, self._meter = fleet, meter
        self.columns, self.pricing, self.master = Columns(fleet), Pricing(fleet), Master(fleet)
        self._floor = np.zeros(len(fleet.nodes.cpu), np.int64)
        self.value = 0.0
        self.last: Duals | None = None
        self.bound = int(fleet.kinds.gain @ fleet.pending)
        self._price, self._move = lifted(price, self.master.pairs), 0
        self._best = self._look(self._price, 0)
        self._first()

    def _first(self) -> None:
        """Look for the best price of a move at the first prices of classes."""
        best: float | None = None
        for move in FIRST:
            at = self._look(self._price, round(move * UNIT))
            if best is not None and at > best:
                break
            best, self._move = at, round(max(move, LEAST) * UNIT)
            self._best = at
            if self._meter.over():
                break

    def approach(self, left: Left) -> None:
        """Generate columns in the box until prices are good enough."""
        width, least, idle = WIDTH, float("inf"), 0
        while left() > 0 and idle < STUCK:
            self.master.box(self._price, self._move, width)
            duals = self.solved(left)
            if duals is None or self._best - self.value < NEAR:
                break
            idle = idle + 1 if self._best - self.value > least - LITTLE else 0
            least = min(least, self._best - self.value)
            price = (1 - INWARD) * duals.price + INWARD * self._price
            price = np.rint(price).astype(np.int64)
            move = round((1 - INWARD) * duals.move + INWARD * self._move)
            at = self._look(price, move)
            if at < self._best:
                good = at < self._best - GOOD * (self._best - self.value)
                width *= WIDER if good else 1.0
                self._best, self._price, self._move = at, price, move
            else:
                width = max(width * NARROWER, NARROWEST)
        self.master.close()

    def finish(self, left: Left) -> None:
        """Generate columns that the closed program favours, until they gain next to nothing."""
        self.master.close()
        idle, before = 0, 0.0
        while left() > 0:
            duals = self.solved(left)
            if duals is None or not self.widen(duals):
                break
            idle = idle + 1 if self.value - before < LITTLE else 0
            before = self.value
            far = self._best - self.value > FAR * self._best
            if idle >= (PATIENCE_FAR if far else PATIENCE):
                break

    def deepen(self) -> None:
        """Look more closely at each node from now on; the best prices are to be found anew."""
        self.pricing.deep = True
        self._best = self._look(self._price, self._move)

    def solved(self, left: Left) -> Duals | None:
        """Enter the new columns and solve; return the duals, or None if the program gives up."""
        for column in self.columns.all[len(self.master.columns) :]:
            self.master.add(column)
        self._meter.book(len(self.columns.all) / COLUMNS_PER_S)
        value = self.master.solve(self._seconds(left))
        if value is None:
            return None
        self.value, self.last = value, self.master.duals()
        return self.last

    def widen(self, duals: Duals) -> int:
        """Add the columns that the program's own duals favour; return how many are new."""
        uses = self._uses(duals.price, duals.move, duals.node)
        return len(self.columns.extend(uses))

    def _uses(self, price: Ints, move: int, floor: Ints) -> Uses:
        rate = DEEP_NODES_PER_S if self.pricing.deep else NODES_PER_S
        self._meter.book(len(floor) / rate)
        return self.pricing.price(price, move, floor)

    def _seconds(self, left: Left) -> float | None:
        return None if self._meter.effort.seconds is None else max(0.01, left())

    def _look(self, price: Ints, move: int) -> float:
        """Keep the best use of each node; return what all nodes and what is priced are worth.

        That is a bound as far as the uses are the best ones there are, which nobody proves; the
        proven one, from what uses are worth at most, is kept.
        """
        uses = self._uses(price, move, self._floor)
        self.bound = min(self.bound, self.pricing.bound(price, move, uses))
        best = uses.worth.argmax(axis=1)
        uses.size[np.arange(SIZES)[None] != best[:, None]] = -1
        self.columns.extend(uses)
        priced = self.pricing.priced(price, move)
        return (int(uses.worth.max(axis=1).sum()) + priced) / UNIT
