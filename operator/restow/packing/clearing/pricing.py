"""From prices of holes to the best column of each node, and the bound that they prove together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.packing.clearing.ground import (
    DEEP,
    UNKNOWN,
    Found,
    Grid,
    Ground,
    Offers,
    Task,
    room_of,
)
from restow.packing.clearing.holes import Holes
from restow.packing.clearing.master import Column
from restow.packing.clearing.searching import SHIFT, appraise, search
from restow.packing.clearing.yard import Ints, Yard

UNIT = 1 << 20
"""One of the goal, in the integers of prices."""

CELLS = 192
"""Cells along an axis of the grid."""


class Priced(NamedTuple):
    """What prices say.

    Parameters
    ----------
    bound
        What no plan can do with less than, in `UNIT`s.
    columns
        The best column of each node that has one that pays.
    """

    bound: int
    columns: list[Column]


class Pricing:
    """Finds columns on one yard; keeps its arrays from price to price."""

    def __init__(self, yard: Yard, holes: Holes) -> None:
        self._yard, self._holes = yard, holes
        nodes, counted = yard.free.shape
        pods = int(np.max(np.diff(yard.start), initial=0))
        most = yard.free.copy()
        np.add.at(most, np.repeat(np.arange(nodes), np.diff(yard.start)), yard.need)
        most = np.maximum(most.max(axis=0, initial=0), 1)
        asked = np.array([each.need for each in yard.waiting], np.int64)
        many = np.array([each.pods for each in yard.waiting], np.int64)
        weight = (asked * many[:, None]).sum(axis=0) / most
        axis = np.argsort(-weight, kind="stable")[:2].astype(np.int64)
        step = -(-most[axis] // CELLS)
        top = most[axis] // step
        if counted == 1:
            axis, step, top = np.append(axis, axis), np.append(step, most + 1), np.append(top, 0)
        self._axis, self._step, self._top = axis, step, top
        wide = -(-yard.need[:, axis] // step)
        self._ground = Ground(yard.free, yard.start, yard.need, wide)
        self._worth = np.zeros((int(top[0]) + 1) * (int(top[1]) + 1), np.int64)
        self._room = room_of(counted, pods)
        self.found = Found(
            value=np.zeros(nodes, np.int64),
            more=np.zeros(nodes, np.int64),
            gone=np.zeros((nodes, DEEP + 1), np.int64),
            come=np.zeros((nodes, DEEP + 1), np.int64),
        )

    def look(self, wanted: NDArray[np.float64], last: int) -> Priced:
        """Return what prices say of the nodes before `last`; `wanted` are in the goal's units."""
        price = np.rint(wanted * UNIT).astype(np.int64)
        cells = self._holes.size[:, self._axis] // self._step
        price[(cells == 0).all(axis=1)] = 0  # any number of them could come
        offered = self._offered(price)
        yard, holes = self._yard, self._holes
        dear, which = holes.worth(price, yard.need)
        fee = yard.cost * UNIT + np.where(yard.lands, dear, 0)
        offers = Offers(
            np.ascontiguousarray(holes.size[offered]),
            price[offered],
            holes.most[offered],
            np.ascontiguousarray(holes.welcome[offered]),
        )
        appraise(cells[offered], offers.price, self._top, self._worth)
        grid = Grid(
            self._axis, self._step, self._top, self._worth, _slope(cells[offered], offers.price)
        )
        search(Task(self._ground, offers, grid, fee, self._room, self.found), 0, last)
        paid = int(self.found.value[:last].sum() + self.found.more[:last].sum())
        columns = [
            self._column(int(n), offered, which) for n in np.flatnonzero(self.found.value[:last])
        ]
        return Priced(int((price * holes.asked).sum()) - paid, columns)

    def _offered(self, price: Ints) -> NDArray[np.intp]:
        """Return the holes that may pay: no smaller one, wherever it may be, is as dear."""
        kept: list[int] = []
        size, holes = self._holes.size, self._holes
        order = np.lexsort((size.sum(axis=1), -price))
        for hole in order[price[order] > 0]:
            rivals = [k for k in kept if holes.open[k]]
            if not (size[rivals] <= size[hole]).all(axis=1).any():
                kept.append(int(hole))
        return np.array(kept, np.intp)

    def _column(self, node: int, offered: NDArray[np.intp], which: Ints) -> Column:
        yard, found = self._yard, self.found
        first = int(yard.start[node])
        gone = tuple(first + int(k) for k in found.gone[node, 1 : 1 + found.gone[node, 0]])
        come = found.come[node, 1 : 1 + found.come[node, 0]]
        return Column(
            node=node,
            gone=gone,
            come=tuple(int(hole) for hole in offered[come]),
            taken=tuple(self.taken(pod, int(which[pod])) for pod in gone),
            cost=int(yard.cost[list(gone)].sum()),
        )

    def taken(self, pod: int, otherwise: int) -> int:
        """Return the hole that a pod that leaves needs: that of its own size, if it is known."""
        if not self._yard.lands[pod]:
            return -1
        own = self._holes.named(tuple(int(need) for need in self._yard.need[pod]))
        return otherwise if own is None else own


def _slope(cells: Ints, price: Ints) -> Ints:
    """Return the most that a cell is worth in each direction; `UNKNOWN` where one takes none."""
    slopes = []
    for along in (cells[:, 0], cells[:, 1], cells.sum(axis=1)):
        if (along == 0).any():
            slopes.append(UNKNOWN)
        else:
            slopes.append(int((-(-(price << SHIFT) // np.maximum(along, 1))).max(initial=0)))
    return np.array(slopes, np.int64)
