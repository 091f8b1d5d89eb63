"""Deciding a level choice by choice: which pods have a place, where few choices are left.

Where nearly all pods must have a place in nearly all of the room, few choices of pods are left: on
8 nodes at u 1.05, say, one or two of the 300 pairs that could be missing. Each leaves so little
room empty that all fillings of the nodes can be listed, and no node may leave more empty than all
do together.
"""

import numpy as np

from restow.packing.patterns.aggregate import Aggregate
from restow.packing.patterns.arrays import Ints, Level, Rows
from restow.packing.patterns.closing import MOST_PATTERNS, Closed, Partition
from restow.packing.patterns.enumerated import Enumerated
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.narrowing import Narrowed, listed, parted

MOST_CHOICES = 16

MOST_FILLINGS = 1_000_000
"""Of all nodes; the linear program takes a second and a half then."""

TIGHT = (0.5, 0.25, 0.125)
"""Shares of the room that may stay empty in all, of which a node may have the whole, where fillings
are too many: what is left is often enough to find a placement."""

SHARE = 0.6
"""Of what is left, for one look."""

MOST_EMPTY = 0.1
"""Share of a node's room: where more may stay empty in all, fillings are too many to be listed."""


class Branching:
    """Bounds and placements of one level by choices of pods."""

    def __init__(self, level: Level, meter: Meter) -> None:
        self._level = level
        self._meter = meter
        self._whole = Aggregate(level, meter)
        self._branches: dict[bytes, _Branch] = {}

    def narrow(self, top: int, gain: int) -> Narrowed:
        """Lower `top`, the bound, towards `gain`, which is known to be reached."""
        until = (1 - SHARE) * self._meter.left()
        while top > gain and self._meter.left() > until:
            choices = self._whole.choices(top, MOST_CHOICES)
            if choices is None:
                break
            impossible = True
            for counts in choices:
                closed = self._branch(counts).reach(top)
                if closed.patterns is not None:
                    return Narrowed(top=top, patterns=closed.patterns)
                if self._meter.left() <= until:
                    return Narrowed(top=top)
                impossible &= closed.impossible
            if not impossible:
                break
            top -= 1
        return Narrowed(top=top)

    def _branch(self, counts: Ints) -> "_Branch":
        mark = counts.tobytes()
        if mark not in self._branches:
            self._branches[mark] = _Branch(self._level, counts, self._meter)
        return self._branches[mark]


class _Branch:
    """One choice of pods: how many of each class have a place."""

    def __init__(self, level: Level, counts: Ints, meter: Meter) -> None:
        self._level = _exactly(level, counts)
        self._spare = level.nodes.room.T @ level.nodes.number - counts @ level.pods.demand
        self._meter = meter
        fillings = self._fillings(1.0, MOST_FILLINGS)
        self._never = fillings is not None and not all(map(len, fillings))
        self._program: Enumerated | None = None
        if fillings is not None and not self._never:
            self._program = Enumerated(self._level, fillings, meter)

    def reach(self, gain: int) -> Closed:
        """Return whether this choice gains so much."""
        if self._never or (self._program is not None and self._program.bound < gain):
            return Closed(impossible=True)
        patterns = None if self._program is None else self._program.within(gain)
        if patterns is None or sum(map(len, patterns)) > MOST_PATTERNS:
            return self._tight(gain)
        return Partition(self._level, patterns, presolved=False).solve(gain, self._meter)

    def _tight(self, gain: int) -> Closed:
        """Look among those fillings that leave least empty; that there is none says nothing."""
        for share in TIGHT:
            fillings = self._fillings(share, MOST_PATTERNS)
            if fillings is not None and all(map(len, fillings)):
                patterns = [parted(self._level, n, pods) for n, pods in enumerate(fillings)]
                closed = Partition(self._level, patterns, presolved=False).solve(gain, self._meter)
                return Closed(patterns=closed.patterns)
        return Closed()

    def _fillings(self, share: float, most: int) -> list[Ints] | None:
        spare = (self._spare * share).astype(np.int64)
        if (spare >= MOST_EMPTY * self._level.nodes.room.max(axis=0)).any():
            return None
        return listed(self._level, spare, most, self._meter)


def _exactly(level: Level, counts: Ints) -> Level:
    """Return the level with just these pods, which keep all rows that no move has a weight in."""
    kept = (level.rows.moved != 0).any(axis=1)
    return level._replace(
        pods=level.pods._replace(most=counts, least=counts),
        rows=Rows(level.rows.placed[kept], level.rows.moved[kept], level.rows.most[kept]),
    )
