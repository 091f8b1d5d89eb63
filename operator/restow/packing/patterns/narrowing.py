"""Lowering the bound of a level where next to no room may stay empty."""

from dataclasses import dataclass

import numpy as np

from restow.packing.patterns.aggregate import Aggregate
from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.closing import MOST_PATTERNS, Closed, Partition
from restow.packing.patterns.filling import Most, fillings, scarcest
from restow.packing.patterns.meter import Meter

STEPS_PER_S = 40_000_000
SHARE = 0.4
"""Steps of the search for fillings in a second; share of what is left that one may use."""

MOST_STEPS = 24_000_000
"""Halves of patterns take 100 MB then."""


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """A bound of the gain; patterns that reach it, if they were found on the way."""

    top: int
    patterns: list[list[tuple[int, Ints]]] | None = None


def narrow(level: Level, top: int, gain: int, meter: Meter) -> Narrowed:
    """Lower `top`, the bound, towards `gain`, which is known to be reached."""
    if not len(level.pods.most):
        return Narrowed(top=top)
    whole = Aggregate(level, meter)
    top = max(gain, whole.top(top))
    while top > gain and not meter.over():
        closed = _filled(level, whole, top, meter)
        if not closed.impossible:
            return Narrowed(top=top, patterns=closed.patterns)
        top -= 1
    return Narrowed(top=top)


def _filled(level: Level, whole: Aggregate, top: int, meter: Meter) -> Closed:
    """Decide whether all nodes can be filled as `top` demands; often one pod tells that not."""
    spare, sets = whole.spare(top), range(len(level.nodes.number))
    if any(scarcest(level, node, spare) is None for node in sets):
        return Closed()
    share = level.pods.demand / np.maximum(1, level.nodes.room.max(axis=0))
    largest = int(np.argmax(share.min(axis=1)))
    if whole.certain(largest, top):
        found = _listed(level, spare, meter, largest)
        if found is None:
            return Closed()
        if not any(map(len, found)):
            return Closed(impossible=True)
    found = _listed(level, spare, meter, None)
    if found is None:
        return Closed()
    if not all(map(len, found)):
        return Closed(impossible=True)
    return Partition(level, found, presolved=False).solve(top, meter)


def _listed(level: Level, spare: Ints, meter: Meter, beside: int | None) -> list[Ints] | None:
    """Return per set all patterns that leave next to nothing empty; None if they are not known."""
    found: list[Ints] = []
    for node in range(len(level.nodes.number)):
        steps = int(min(MOST_STEPS, SHARE * meter.left() * STEPS_PER_S))
        most = Most(patterns=MOST_PATTERNS - sum(map(len, found)), steps=steps)
        here = None if steps <= 0 else fillings(level, node, spare, most, beside)
        meter.book(SHARE * steps / STEPS_PER_S)
        if here is None:
            return None
        found.append(here)
    return found
