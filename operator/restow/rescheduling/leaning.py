"""Planes above the best use of room: what more room can be worth at most.

Each holds everywhere, and some are close for any node: a search among departures asks them what
those still to be decided could bring.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats
from restow.rescheduling.problem import Ints

QUARTERS = 4
"""Parts in which a plane's slope is shared out between the resources."""

STEEP = (0.6, 0.75, 0.85, 0.95, 1.0, 1.15, 1.3)
"""Slopes, where one is the average of a node's whole room."""

BLOCK = 4
"""Cells along an axis that are looked at as one: the planes lie a little higher for it."""


class Planes(NamedTuple):
    """Planes above a table.

    Parameters
    ----------
    slope
        (planes, counted) a step is worth that at most, in `UNIT`s.
    height
        (planes,) where a plane starts, at no room.
    """

    slope: Ints
    height: Ints


def planes_of(best: Floats, extent: Ints) -> Planes:
    """Return planes above the best use of room.

    Parameters
    ----------
    best
        (sets, cells) what room is worth; the planes are above all sets.
    extent
        (counted,) cells along each axis.
    """
    slope = _slopes(int(best[:, -1].max()), extent)
    axes = [np.arange(0, each, BLOCK) for each in extent]
    tops = [np.minimum(axis + BLOCK - 1, each - 1) for axis, each in zip(axes, extent, strict=True)]
    value = np.max([each.reshape(tuple(extent))[np.ix_(*tops)] for each in best], axis=0)
    height = []
    for each in slope:
        below = value
        for d, axis in enumerate(axes):
            along = [1] * len(axes)
            along[d] = -1
            below = below - (axis * each[d]).reshape(along)
        height.append(int(below.max()))
    return Planes(slope, np.array(height, np.int64))


def _slopes(whole: int, extent: Ints) -> Ints:
    """Return (planes, counted) slopes: of each steepness, shared out in each way."""
    parts = [
        part for part in product(range(QUARTERS + 1), repeat=len(extent)) if sum(part) == QUARTERS
    ]
    share = np.array(parts) / QUARTERS / np.maximum(1, extent - 1)
    slopes = np.concatenate([share * whole * steep for steep in STEEP])
    return np.asarray(np.rint(slopes), np.int64)
