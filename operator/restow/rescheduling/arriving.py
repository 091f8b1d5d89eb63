"""The best use of every amount of free room: an unbounded knapsack, filled in one pass."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats
from restow.packing.patterns.compiled import compiled, inlined
from restow.rescheduling.problem import Ints

UNIT = 1 << 20
"""One of gain, in the integers of prices."""


class Offers(NamedTuple):
    """Who may arrive.

    Parameters
    ----------
    needs, offset
        (ways, counted) steps and (ways,) cells that one takes.
    reward
        (ways,) what one is worth, in `UNIT`s.
    name
        (ways,) how the way is called.
    serves
        (ways,) is filled: whether one is worth more than others that would have room in its place.
    """

    needs: Ints
    offset: Ints
    reward: Ints
    name: Ints
    serves: Ints


@compiled
def arrive(worth: Ints, coordinates: Ints, offers: Offers, best: Floats, line: Floats) -> None:
    """Fill in the best use of each cell's room.

    Line by line of cells that differ in the last coordinate only: what arrives has filled lines
    before, but for what takes nothing else, which comes last and goes through its own line.

    Parameters
    ----------
    worth
        (cells,) of room that stays free, in gains.
    coordinates
        (cells, counted) steps of each cell.
    best
        (cells,) is filled: the most that room is worth, in `UNIT`s. Whole numbers, in floating
        point since every processor finds the larger of two such at once.
    line
        (cells of a line,) to work in.
    """
    long = line.shape[0]
    for way in range(offers.offset.shape[0]):
        offers.serves[way] = 1
    for start in range(0, worth.shape[0], long):
        for k in range(long):
            line[k] = worth[start + k] * UNIT
        for own in range(2):
            for way in range(offers.offset.shape[0]):
                if comes(coordinates, offers, way, start, own):
                    offset, need = offers.offset[way], offers.needs[way, -1]
                    if offset == start + need and worth[offset] == 0:
                        offers.serves[way] = line[need] < offers.reward[way]
                    if offers.serves[way] == 1:
                        fill(best, line, offers, way, start)
        for k in range(long):
            best[start + k] = line[k]


@inlined
def comes(coordinates: Ints, offers: Offers, way: int, start: int, own: int) -> bool:
    """Return whether one may arrive on a line, and takes of it only or not as asked."""
    last = coordinates.shape[1] - 1
    fits: bool = offers.serves[way] == 1 and offers.needs[way, last] <= coordinates[-1, last]
    fits = fits and (offers.offset[way] == offers.needs[way, last]) == (own == 1)
    for d in range(last):
        fits = fits and offers.needs[way, d] <= coordinates[start, d]
    return fits


@inlined
def fill(best: Floats, line: Floats, offers: Offers, way: int, start: int) -> None:
    """Let one arrive wherever on the line that is worth more."""
    long, offset = line.shape[0], offers.offset[way]
    need, reward = offers.needs[way, -1], offers.reward[way] * 1.0
    if offset == need:
        for k in range(need, long):
            line[k] = max(line[k], reward + line[k - need])
    else:
        # no sign: an index that might be negative keeps them from being done at once
        here, there = np.uint64(need), np.uint64(start + need - offset)
        for k in range(np.uint64(long - need)):
            line[here + k] = max(line[here + k], reward + best[there + k])


class Traced(NamedTuple):
    """Who arrives where the room of some cells is used best.

    Parameters
    ----------
    cell
        (asked,) the cells.
    start
        (asked + 1,) is filled: where the names of each begin.
    name
        (arrivals,) is filled, if there is room for all; `start` says how much is needed.
    """

    cell: Ints
    start: Ints
    name: Ints


@compiled
def trace(worth: Ints, coordinates: Ints, offers: Offers, best: Floats, traced: Traced) -> None:
    """Fill in who arrives: of those who might come first, the dearest."""
    many = 0
    for asked in range(traced.cell.shape[0]):
        traced.start[asked] = many
        cell = traced.cell[asked]
        while best[cell] > worth[cell] * UNIT:
            comes = -1
            for way in range(offers.offset.shape[0]):
                fits = offers.serves[way] == 1
                for d in range(coordinates.shape[1]):
                    fits = fits and offers.needs[way, d] <= coordinates[cell, d]
                if (
                    fits
                    and offers.reward[way] + best[cell - offers.offset[way]] == best[cell]
                    and (comes < 0 or offers.reward[way] > offers.reward[comes])
                ):
                    comes = way
            if many < traced.name.shape[0]:
                traced.name[many] = offers.name[comes]
            many += 1
            cell -= offers.offset[comes]
    traced.start[traced.cell.shape[0]] = many


def arrivals(
    worth: Ints, coordinates: Ints, offers: Offers, best: Floats, cells: Ints
) -> list[list[int]]:
    """Return the names of those who arrive where the room of each cell is used best."""
    known = 0
    while True:
        traced = Traced(cells, np.zeros(len(cells) + 1, np.int64), np.zeros(known, np.int64))
        trace(worth, coordinates, offers, best, traced)
        if traced.start[-1] <= known:
            names, start = traced.name.tolist(), traced.start.tolist()
            return [names[a:b] for a, b in pairwise(start)]
        known = int(traced.start[-1])
