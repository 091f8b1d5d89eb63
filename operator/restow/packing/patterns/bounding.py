"""Bounds of a level by prices: where the descent starts, and how far it goes."""

from collections.abc import Callable, Iterator

import numpy as np

from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.knapsack import UNIT
from restow.packing.patterns.master import Master, keep
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.pricing import (
    Descent,
    Prices,
    Whole,
    descend,
    descent,
    evaluate,
    slack_of,
)

BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the first of two resources in a pod's size."""

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Prices of a pod of average size that are tried where nothing tells it."""

ROUND = 10
"""Steps of a descent between two looks at the meter."""


Used = list[list[tuple[int, Ints]]]
"""Per set of nodes, the (count, pattern) pairs of a placement."""


class Bounding:
    """The prices of one level and the lowest bound of its gain found so far."""

    def __init__(self, level: Level, meter: Meter, start: Callable[[], Used]) -> None:
        self._level = level
        self._meter = meter
        self._turn = 0
        self._known = start
        self._master: Master | None = None
        self._at_end = False
        self.descent: Descent = descent(level)
        self._start()

    @property
    def bound(self) -> int:
        """Return the best bound of the gain so far."""
        return int(self.descent.best.bound[0] // UNIT)

    @property
    def columns(self) -> list[tuple[int, Ints]]:
        """Return the (set of nodes, pattern) pairs of the linear program; none before `solve`."""
        return [] if self._master is None else self._master.columns

    def descend(self, target: int, steps: int, *, until: float = 0.0) -> bool:
        """Descend, `steps` times at most, until the bound is below `target`; say whether it is.

        Stops when no more than `until` is left of the effort.
        """
        at = self.descent
        at.prices.pods[:] = at.best.pods / UNIT
        at.prices.rows[:] = at.best.rows / UNIT
        at.prices.areas[:] = at.best.areas / UNIT
        for direction in at.direction:
            direction[:] = 0
        at.pace[:] = (1.0, 0.0)
        while self.bound >= target and steps > 0 and self._meter.left() > until:
            done = descend(self._level, at, target, min(steps, ROUND), self._turn)
            self._turn += done
            self._meter.book_patterns(done * len(self._level.nodes.number))
            steps -= ROUND
        return self.bound < target

    def solve(self, target: int, rounds: int, *, until: float = 0.0) -> bool:
        """Solve the linear program likewise; return whether it is at its end."""
        if self._master is None:
            self._master = Master(self._level, self._known())
        while self.bound >= target and rounds > 0 and not self._at_end:
            if self._meter.left() <= until:
                break
            self._at_end = self._master.lower(self.descent, self._turn)
            self._turn += 1
            self._meter.book_patterns(5 * len(self._level.nodes.number))
            rounds -= 1
        return self._at_end

    def _start(self) -> None:
        """Begin with the prices that pods of their size have in the best of some surrogates."""
        for prices in _sized(self._level):
            if self._meter.over() and self.descent.best.bound[0] < np.iinfo(np.int64).max:
                break
            whole = Whole(*map(_whole, prices))
            slack = slack_of(self._level, 0.0)
            bound = evaluate(self._level, self.descent, whole, self._turn, slack)
            self._meter.book_patterns(len(self._level.nodes.number))
            self._turn += 1
            if bound < self.descent.best.bound[0]:
                keep(self.descent.best, bound, whole)


def _whole(prices: Floats) -> Ints:
    return np.rint(prices * UNIT).astype(np.int64)


def _sized(level: Level) -> Iterator[Prices]:
    """Yield prices under which a pod is worth as much as it is large."""
    total = np.maximum(1, level.nodes.room.T @ level.nodes.number)
    areas = np.zeros(len(level.areas.most))
    yield Prices(np.zeros(len(level.pods.most)), np.zeros(len(level.rows.most)), areas)
    for blend in _blends(len(total)):
        size = (level.pods.demand * (blend / total)).sum(axis=1)
        size /= max(1e-12, float(size.mean()))
        for scale in SCALES:
            yield _at(level, size * scale)


def _blends(resources: int) -> list[Floats]:
    if resources == 2:
        return [np.array([share, 1.0 - share]) for share in BLENDS]
    return [*np.eye(resources), np.full(resources, 1.0 / max(1, resources))]


def _at(level: Level, worth: Floats) -> Prices:
    """Return prices at which a coming pod of each class is worth `worth`, where it may be."""
    rows = np.array([_price(level, r, worth) for r in range(len(level.rows.most))])
    value = level.gain.placed + np.where(level.gain.moved < 0, level.gain.moved, 0)
    pods = value - rows @ (level.rows.placed + np.minimum(0, level.rows.moved)) - worth
    pods = np.where(level.pods.least > 0, pods, np.maximum(0, pods))
    return Prices(pods, rows, np.zeros(len(level.areas.most)))


def _price(level: Level, r: int, worth: Floats) -> float:
    """Return what the last pod that a row asks for is worth; 0 for a row that asks for none."""
    weights = -level.rows.placed[r]
    if not (weights > 0).any() or (level.rows.moved[r] != 0).any():
        return 0.0
    wanted, last = -int(level.rows.most[r]), 0.0
    for c in np.argsort(worth / np.maximum(1, weights)):
        if weights[c] > 0 and wanted > 0:
            wanted -= int(weights[c] * level.pods.most[c])
            last = float(worth[c] / weights[c])
    return last
