"""The holes that a program has a row for: all where they are few, else those that columns need."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from restow.rescheduling.holes import Holes, dearest, strictly
from restow.rescheduling.problem import Ints

FEW = 400
"""Holes that all have a row from the start."""


NEVER = 1e15
"""More than any price: of what has no room."""

Need = tuple[tuple[int, int], ...]
"""(hole, number) departures less arrivals."""


class Opened:
    """Holes with a row, in the order in which they got it.

    Attributes
    ----------
    which
        The holes.
    """

    def __init__(self, holes: Holes) -> None:
        self._holes = holes
        self.which: list[int] = []
        self._row: dict[int, int] = {}
        self._told = 0
        size = [modes.max(axis=0) for modes in holes.largest]
        self._size = np.maximum(np.array(size, np.float64), 1.0)
        self._covers = np.zeros((len(holes), 0), bool)
        self._part = np.zeros((len(holes), 0), np.float32)
        if len(holes) <= FEW:
            self.open(range(len(holes)))

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.which)

    def entries(self, need: Need) -> list[tuple[int, float]]:
        """Return the rows that holes needed count in, and how much."""
        return [(self._row[hole], float(many)) for hole, many in need]

    def has_row(self) -> NDArray[np.bool_]:
        """Return (holes,) which holes have a row."""
        mask = np.zeros(len(self._holes), bool)
        mask[self.which] = True
        return mask

    def open(self, holes: Iterable[int]) -> None:
        """Give rows to those of `holes` that have none."""
        new = [hole for hole in dict.fromkeys(holes) if hole not in self._row]
        if not new:
            return
        for hole in new:
            self._row[hole] = len(self.which)
            self.which.append(hole)
        some, every = np.array(new, np.int64), np.arange(len(self._holes))
        covers = self._holes.inside(some, every).T
        part = np.ones((len(every), len(some)))
        for size in self._size.T:
            part = np.minimum(part, size[:, None] / size[None, some])
        part[~self._holes.inside(every, some)] = NEVER
        self._covers = np.concatenate([self._covers, covers], axis=1)
        self._part = np.concatenate([self._part, part.astype(np.float32)], axis=1)

    def nested(self) -> list[tuple[int, int]]:
        """Return rows (small, large) next inside each other, one of which is new since last time.

        Such pairs are enough: what lies inside each other does so by way of pairs.
        """
        inside = strictly(self._covers[self.which].T)
        order = np.argsort(self._size[self.which].sum(axis=1), kind="stable")
        pairs: set[tuple[int, int]] = set()
        for new in range(self._told, len(self.which)):
            pairs |= {(new, large) for large in _first(inside, order[inside[new, order]])}
            pairs |= {(small, new) for small in _first(inside.T, order[inside[order, new]][::-1])}
        self._told = len(self.which)
        return sorted(pairs)

    def carried(self, prices: Ints) -> Ints:
        """Return (holes,) prices for (rows,) prices: of the dearest that each has room for."""
        return dearest(self._covers, prices)

    def guessed(self, prices: Ints) -> Ints:
        """Return (holes,) prices that (rows,) prices make likely.

        At least what is carried; and a part of what a hole costs that has room for it: the part
        that it takes of the resource of which it takes least.
        """
        likely = (self._part * (prices[None] + 1).astype(np.float32)).min(axis=1, initial=NEVER)
        likely[likely >= NEVER] = 0
        guess: Ints = np.maximum(self.carried(prices), likely.astype(np.int64))
        guess[self.which] = prices
        return guess


def _first(inside: NDArray[np.bool_], rows: NDArray[np.intp]) -> list[int]:
    """Return the rows that lie in no other's reach, of some that come after who reaches them."""
    found: list[int] = []
    while len(rows):
        found.append(int(rows[0]))
        rows = rows[1:][~inside[rows[0], rows[1:]]]
    return found
