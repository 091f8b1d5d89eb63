"""Lowering the bound of a level where next to no room may stay empty."""

from dataclasses import dataclass

import numpy as np

from restow.packing.patterns.aggregate import Aggregate
from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.closing import MOST_PATTERNS, Closed, Partition
from restow.packing.patterns.filling import Most, fillings
from restow.packing.patterns.meter import Meter

SCARCE = 1e-3
"""Share of a node's room: where less may stay empty, fillings are looked for at once."""

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
    spare = whole.spare(top)
    if not all(_scarce(room, spare) for room in level.nodes.room):
        return Closed()
    share = level.pods.demand / np.maximum(1, level.nodes.room.max(axis=0))
    largest = int(np.argmax(share.min(axis=1)))
    if whole.certain(largest, top):
        found = listed(level, spare, MOST_PATTERNS, meter, beside=largest)
        if found is None:
            return Closed()
        if not any(map(len, found)):
            return Closed(impossible=True)
    found = listed(level, spare, MOST_PATTERNS, meter)
    if found is None:
        return Closed()
    if not all(map(len, found)):
        return Closed(impossible=True)
    patterns = [parted(level, node, pods) for node, pods in enumerate(found)]
    return Partition(level, patterns, presolved=False).solve(top, meter)


def _scarce(room: Ints, spare: Ints) -> bool:
    """Return whether of some resource so little may stay empty that one look is worth it."""
    return bool((spare < SCARCE * room).any())


def listed(
    level: Level, spare: Ints, most: int, meter: Meter, *, beside: int | None = None
) -> list[Ints] | None:
    """Return per set its fillings, as `fillings` does; None if they are more than `most` or so."""
    found: list[Ints] = []
    known: dict[bytes, Ints] = {}
    for node, room in enumerate(level.nodes.room):
        there = level.nodes.home[node] + level.nodes.comers[node]
        mark = np.concatenate([room, np.minimum(there, level.pods.most)]).tobytes()
        if mark not in known:
            steps = int(min(MOST_STEPS, SHARE * meter.left() * STEPS_PER_S))
            limit = Most(patterns=most - sum(map(len, found)), steps=steps)
            here = None if steps <= 0 else fillings(level, node, spare, limit, beside)
            meter.book(SHARE * steps / STEPS_PER_S)
            if here is None:
                return None
            known[mark] = here
        found.append(known[mark])
        if sum(map(len, found)) > most:
            return None
    return found


def parted(level: Level, node: int, pods: Ints) -> Ints:
    """Return (patterns, classes, 2) of a set's (patterns, classes) counts: who stays, who comes."""
    stay = np.minimum(pods, level.nodes.home[node])
    return np.stack([stay, pods - stay], axis=2)
