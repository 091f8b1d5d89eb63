"""The linear program over all patterns that count, where they can be listed.

Its value is lower than that of prices over every pattern, since patterns that leave more room empty
than all nodes together do have no part in it.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.compiled import compiled
from restow.packing.patterns.knapsack import UNIT
from restow.packing.patterns.master import INWARD, NEAR, between
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.narrowing import parted
from restow.packing.patterns.pricing import HIGHEST
from restow.packing.patterns.program import Duals, Program

AT_ONCE = 30
"""Most columns that a set of nodes adds in one round."""

PER_S = 4_000_000
"""Patterns of which the worth is told in a second."""


class _Priced(NamedTuple):
    """Prices of pods and rows, what each pattern is worth at them per set, and their bound."""

    pods: Ints
    rows: Ints
    worth: list[Ints]
    bound: int


@compiled
def tell_worth(listed: Ints, home: Ints, placed: Ints, moved: Ints, worth: Ints) -> None:
    """Write down what each of the (patterns, classes) counts is worth where `home` may stay.

    `placed` and `moved` are the worths of a pod that has a place and of one away from home.
    """
    for k in range(listed.shape[0]):
        total = 0
        for c in range(listed.shape[1]):
            total += listed[k, c] * placed[c]
            if listed[k, c] > home[c]:
                total += (listed[k, c] - home[c]) * moved[c]
        worth[k] = total


class Enumerated:
    """The bound of the patterns listed, and which of them a placement of some gain can use.

    Parameters
    ----------
    level
        With exactly as many pods of each class as must have a place.
    listed
        Per set of nodes (patterns, classes) all its patterns that count, as counts of pods; at
        least one each.
    """

    def __init__(self, level: Level, listed: list[Ints], meter: Meter) -> None:
        self._level = level
        self._listed = listed
        self._meter = meter
        nothing = np.zeros(len(level.pods.most), np.int64)
        self._best = self._priced(nothing, np.zeros(len(level.rows.most), np.int64))
        self._lower()

    @property
    def bound(self) -> int:
        """Return a gain that no placement of these patterns betters."""
        return int(self._best.bound // UNIT)

    def within(self, gain: int) -> list[Ints]:
        """Return per set the (patterns, classes, 2) ones that reaching `gain` can use."""
        gap = self._best.bound - gain * UNIT
        return [
            parted(self._level, n, self._listed[n][worth >= worth.max() - gap])
            for n, worth in enumerate(self._best.worth)
        ]

    def _priced(self, pods: Ints, rows: Ints) -> _Priced:
        level, found = self._level, []
        placed = level.gain.placed * UNIT - pods - rows @ level.rows.placed
        moved = level.gain.moved * UNIT - rows @ level.rows.moved
        for listed, home in zip(self._listed, level.nodes.home, strict=True):
            worth = np.zeros(len(listed), np.int64)
            tell_worth(listed, home, placed, moved, worth)
            found.append(worth)
        best = np.array([worth.max() for worth in found])
        bound = pods @ level.pods.most + rows @ level.rows.most + best @ level.nodes.number
        self._meter.book(sum(map(len, found)) / PER_S)
        return _Priced(pods, rows, found, int(bound))

    def _lower(self) -> None:
        """Solve the linear program by column generation, from no column at all."""
        program = Program(self._level)
        program.relax(HIGHEST)
        self._add(program, self._best, AT_ONCE)
        while not self._meter.over():
            value = program.solve()
            if value is None or self._best.bound / UNIT - value < NEAR:
                return
            duals = program.duals()
            if not any(self._extend(program, duals, inward) for inward in (INWARD, 0.0)):
                return

    def _extend(self, program: Program, duals: Duals, inward: float) -> bool:
        """Add patterns worth most between the program's prices and the best; say if any is new."""
        priced = self._priced(
            between(duals.pods, self._best.pods, inward),
            between(duals.rows, self._best.rows, inward),
        )
        if priced.bound < self._best.bound:
            self._best = priced
        return self._add(program, priced, 1)

    def _add(self, program: Program, priced: _Priced, within: int) -> bool:
        """Add patterns of each set, so near to its best; say if any is new."""
        found = False
        for n, worth in enumerate(priced.worth):
            first = np.argpartition(-worth, min(AT_ONCE, len(worth)) - 1)[:AT_ONCE]
            first = first[worth[first] >= worth.max() - within * UNIT]
            for pattern in parted(self._level, n, self._listed[n][first]):
                found = program.add(n, pattern) is not None or found
        return found
