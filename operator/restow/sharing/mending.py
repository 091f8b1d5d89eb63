"""From any choice of columns to a plan that holds: who stands where, and nobody is lost.

Pods that leave take the rooms found for their class or a larger one, then any; where there is none
the column that made one leave is given up. What is left takes pending pods.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from restow.sharing.arrays import Fleet, Ints
from restow.sharing.columns import Column, bits_of
from restow.sharing.layout import Layout
from restow.sharing.matching import Matching
from restow.sharing.nesting import Pairs
from restow.sharing.problem import Placement

Seat = tuple[int, int]
"""A node, and devices as bits."""


class Mending:
    """Makes plans of one fleet.

    Parameters
    ----------
    waiting
        For each class, its pending pods.
    """

    def __init__(self, fleet: Fleet, pairs: Pairs, waiting: Sequence[Sequence[int]]) -> None:
        self._fleet, self._waiting = fleet, waiting
        self._matching = Matching(fleet, pairs)
        size = fleet.kinds.gain + fleet.kinds.cpu / 1e3
        self._largest: list[int] = np.argsort(-size, kind="stable").tolist()

    def mend(self, chosen: Sequence[Column]) -> tuple[Placement, ...]:
        """Return a plan that comes as near to the columns as it can."""
        kept = sorted(chosen, key=lambda column: -column.gain / max(column.moves, 0.1))
        while sum(column.moves for column in kept) > self._fleet.limit:
            kept.remove(next(column for column in reversed(kept) if column.moves))
        while True:
            plan = _Attempt(self, kept)
            stuck = plan.settle()
            if stuck is None:
                return plan.finish()
            kept.remove(stuck)

    @property
    def fleet(self) -> Fleet:
        """Return the fleet."""
        return self._fleet

    @property
    def largest(self) -> list[int]:
        """Return the classes, the largest first."""
        return self._largest

    def waiting(self, kind: int) -> Sequence[int]:
        """Return the pending pods of a class."""
        return self._waiting[kind]

    def match(self, net: Ints) -> list[tuple[int, int, int]]:
        """Return how many rooms go from which class to which smaller one."""
        return self._matching.match(net)


class _Attempt:
    """One try to seat all that leave under a choice of columns."""

    def __init__(self, mending: Mending, columns: Sequence[Column]) -> None:
        self._mending, self._columns = mending, columns
        self._layout = Layout(mending.fleet)
        nodes = mending.fleet.nodes
        self._gone: dict[int, list[int]] = defaultdict(list)
        self._free: dict[int, list[Seat]] = defaultdict(list)
        self._by: dict[int, Column] = {}
        self._plan: list[Placement] = []
        for column in columns:
            first = int(nodes.start[column.node])
            self._layout.leave(column)
            for b in bits_of(column.leave):
                self._gone[int(nodes.kind[first + b])].append(first + b)
                self._by[first + b] = column
        for column in columns:
            for kind, bits in column.arrive:
                self._free[kind].append((column.node, bits))
                self._layout.shift(column.node, kind, bits, -1)

    def settle(self) -> Column | None:
        """Seat all that leave; return a column to give up if somebody finds no seat."""
        self._hand_down()
        stuck = []
        for kind in self._mending.largest:
            gone, free = self._gone.get(kind, []), self._free.get(kind, [])
            while gone and free:
                self._seat(gone.pop(), free.pop())
        for kind in self._mending.largest:
            gone = self._gone.get(kind, [])
            while gone:
                seat = self._anywhere(kind)
                if seat is None:
                    stuck += [self._by[row] for row in gone]
                    break
                self._seat(gone.pop(), seat)
        return min(stuck, key=lambda column: column.gain / column.moves, default=None)

    def _hand_down(self) -> None:
        """Give rooms to smaller classes."""
        net = np.zeros(len(self._mending.fleet.pending), np.int64)
        for column in self._columns:
            for kind, number in column.net:
                net[kind] += number
        for large, small, number in self._mending.match(net):
            for _ in range(min(number, len(self._free[large]))):
                node, bits = self._free[large].pop()
                self._layout.shift(node, large, bits, 1)
                self._layout.shift(node, small, bits, -1)
                self._free[small].append((node, bits))

    def finish(self) -> tuple[Placement, ...]:
        """Seat pending pods, and return the plan."""
        left = []
        for kind in self._mending.largest:
            waiting = list(self._mending.waiting(kind))
            free = self._free.get(kind, [])
            while waiting and free:
                self._put(waiting.pop(), free.pop())
            for node, bits in free:
                self._layout.shift(node, kind, bits, 1)
            left.append((kind, waiting))
        for kind, waiting in left:
            while waiting and (seat := self._anywhere(kind)) is not None:
                self._put(waiting.pop(), seat)
        return tuple(self._plan)

    def _anywhere(self, kind: int) -> Seat | None:
        """Return a seat where nobody was to be seated; its room is taken."""
        seat = self._layout.best(kind)
        if seat is not None:
            self._layout.shift(seat[0], kind, seat[1], -1)
        return seat

    def _seat(self, row: int, seat: Seat) -> None:
        nodes = self._mending.fleet.nodes
        if seat[1] == nodes.mask[row] and nodes.start[seat[0]] <= row < nodes.start[seat[0] + 1]:
            return  # it never left
        self._put(int(nodes.pod[row]), seat)

    def _put(self, pod: int, seat: Seat) -> None:
        self._plan.append(Placement(pod=pod, node=seat[0], devices=bits_of(seat[1])))
