"""Holes: room for a pod of some size. Prices are per hole, and a pod needs one no larger than it.

For a bound a pod that leaves may take a hole of any known size that it could not be smaller than:
the more sizes are known, the less is given away. All sizes asked for are known from the start,
those of pods that leave in a plan in the making are added.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restow.packing.clearing.ground import DEEP
from restow.packing.clearing.yard import Ints, Yard

STEPS = 12
"""Sizes along each of two resources that are known at first."""


class Holes:
    """The known sizes, which only become more.

    Attributes
    ----------
    size
        (holes, counted) amounts.
    asked, most
        (holes,) how many are needed for pods that wait, and the most pods of one node that can be
        of that size.
    open
        (holes,) whether a pod that leaves may take it: no rule of its own says where it is.
    welcome
        (holes, nodes) 1 where it may be.
    """

    def __init__(self, yard: Yard, spread: float) -> None:
        nodes, counted = yard.free.shape
        self.size = np.zeros((0, counted), np.int64)
        self.asked = np.zeros(0, np.int64)
        self.most = np.zeros(0, np.int64)
        self.open = np.zeros(0, np.bool_)
        self.welcome = np.zeros((0, nodes), np.int64)
        self._known: dict[tuple[int, ...], int] = {}
        for each in yard.waiting:
            welcome = np.ones(nodes, np.int64)
            welcome[[n for n in range(yard.own) if n not in each.nodes]] = 0
            self._enter(each.need, welcome, each.pods, each.pods)
        self.waiting = len(self.size)
        for size in _sizes(yard, spread):
            self.add(size)

    def __len__(self) -> int:
        return len(self.size)

    def named(self, size: tuple[int, ...]) -> int | None:
        """Return the open hole of exactly that size."""
        return self._known.get(size)

    def add(self, size: tuple[int, ...]) -> int | None:
        """Add an open hole of that size and return its name; None if it is known."""
        if size in self._known:
            return None
        self._known[size] = len(self.size)
        return self._enter(size, np.ones(self.welcome.shape[1], np.int64), 0, DEEP)

    def _enter(self, size: tuple[int, ...], welcome: Ints, asked: int, most: int) -> int:
        self.size = np.vstack([self.size, np.array(size, np.int64)])
        self.asked = np.append(self.asked, asked)
        self.most = np.append(self.most, most)
        self.open = np.append(self.open, asked == 0)
        self.welcome = np.vstack([self.welcome, welcome])
        return len(self.size) - 1

    def into(self, hole: int) -> Iterator[tuple[int, int]]:
        """Yield (smaller, larger) pairs with the last of which the hole is one, none in between."""
        size = self.size[hole]
        below = np.flatnonzero((self.size[:hole] <= size).all(axis=1) & self.open[:hole])
        for one in _extreme(self.size[below]):
            yield int(below[one]), hole
        if self.open[hole]:
            above = np.flatnonzero((self.size[:hole] >= size).all(axis=1))
            for one in _extreme(-self.size[above]):
                yield hole, int(above[one])

    def worth(self, price: Ints, need: Ints) -> tuple[Ints, Ints]:
        """Return per pod that leaves the price of a hole for it, and which hole that is, or -1.

        The dearest of those that it could not be smaller than: so valid, and most is asked.
        """
        dear, which = np.zeros(len(need), np.int64), np.full(len(need), -1, np.int64)
        for hole in np.argsort(price, kind="stable"):
            if price[hole] > 0 and self.open[hole]:
                fits = (need >= self.size[hole]).all(axis=1)
                dear[fits], which[fits] = price[hole], hole
        return dear, which


def _extreme(sizes: Ints) -> NDArray[np.intp]:
    """Return which of the sizes are below no other."""
    if not len(sizes):
        return np.zeros(0, np.intp)
    below: NDArray[np.int64] = np.all(sizes[:, None, :] <= sizes[None, :, :], axis=2).astype(int)
    return np.flatnonzero(below.sum(axis=1) == 1)  # but itself


def _sizes(yard: Yard, spread: float) -> Iterator[tuple[int, ...]]:
    """Yield sizes of pods that may leave, coarsely, of those for which there are few holes."""
    counted = yard.need.shape[1]
    if not len(yard.need):
        return
    marks = [
        np.unique(np.quantile(yard.need[:, r], np.linspace(0, 1, STEPS + 1)[:-1]).astype(np.int64))
        for r in range(min(2, counted))
    ]
    for first in marks[0]:
        for second in marks[1] if counted > 1 else (0,):
            size = np.zeros(counted, np.int64)
            size[0] = first
            if counted > 1:
                size[1] = second
            if (yard.free >= size).all(axis=1).sum() < spread:
                yield tuple(int(each) for each in size)
