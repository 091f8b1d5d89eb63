"""Columns: one use of a node each, as "these leave, those arrive"."""

from dataclasses import dataclass, field

import numpy as np

from restow.rescheduling.departing import WORD
from restow.rescheduling.pricing import Desk, Use, arrivals
from restow.rescheduling.problem import Ints, worth
from restow.rescheduling.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One use of a node of one row.

    Parameters
    ----------
    row
        The row.
    leaving
        Positions of the row's pods that leave, ascending.
    arriving
        Ways in which others arrive, ascending.
    gain
        What the node's free room is worth more than now.
    waiting
        Arrivals for which there is no room before somebody has left.
    need
        (holes,) departures less arrivals: what other nodes have to take in.
    """

    row: int
    leaving: tuple[int, ...]
    arriving: tuple[int, ...]
    gain: int
    waiting: int
    need: Ints = field(compare=False, repr=False)

    @property
    def moves(self) -> int:
        """Return how many pods leave."""
        return len(self.leaving)


class Columns:
    """The columns found so far, each once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.all: list[Column] = []
        self._known: set[tuple[int, tuple[int, ...], tuple[int, ...]]] = set()

    def add(self, row: int, leaving: tuple[int, ...], arriving: tuple[int, ...]) -> bool:
        """Enter a use of a row, if it fits in every resource; return whether it is new."""
        leaving, arriving = self._net(row, leaving, arriving)
        leaving = self._settled(row, leaving)
        mark = (row, leaving, tuple(sorted(arriving)))
        if mark in self._known or not (leaving or arriving):
            return False
        self._known.add(mark)
        column = _column(self.table, *mark)
        if column is not None:
            self.all.append(column)
        return column is not None

    def extend(self, desk: Desk, use: Use, least: int) -> int:
        """Enter the uses that are worth more than `least`; return how many are new."""
        found = 0
        for row in np.flatnonzero(use.value > least):
            leaving = positions(use.mask[row])
            found += self.add(
                int(row), leaving, tuple(arrivals(self.table, desk, int(row), int(use.cell[row])))
            )
        return found

    def _net(
        self, row: int, leaving: tuple[int, ...], arriving: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return both without those who would leave a place only to come back to it."""
        rows, table = self.table.rows, self.table
        start, gone, come = int(rows.start[row]), list(leaving), list(arriving)
        for position in leaving:
            hole, mode = table.leaving[start + position], rows.mode[start + position]
            for way in come:
                if table.hole[way] == hole and table.place[way] == mode:
                    gone.remove(position)
                    come.remove(way)
                    break
        return tuple(gone), tuple(come)

    def _settled(self, row: int, leaving: tuple[int, ...]) -> tuple[int, ...]:
        """Return `leaving` with the first of pods that are the same, so that it is found again."""
        rows = self.table.rows
        start = int(rows.start[row])
        settled: list[int] = []
        for position in leaving:
            first = position
            while (
                first > 0
                and (not settled or first - 1 > settled[-1])
                and rows.kind[start + first - 1] == rows.kind[start + position]
                and rows.mode[start + first - 1] == rows.mode[start + position]
            ):
                first -= 1
            settled.append(first)
        return tuple(settled)


def positions(mask: Ints) -> tuple[int, ...]:
    """Return the positions of the pods in a (words,) mask."""
    return tuple(
        w * WORD + b for w, word in enumerate(mask.tolist()) for b in range(WORD) if word >> b & 1
    )


def _column(
    table: Table, row: int, leaving: tuple[int, ...], arriving: tuple[int, ...]
) -> Column | None:
    """Return the column, None if the grid took it for one but some resource does not suffice."""
    start = int(table.rows.start[row])
    need = np.zeros(len(table.holes), np.int64)
    free = table.rows.free[row].copy()
    for position in leaving:
        need[table.leaving[start + position]] += 1
        free += table.sizes[start + position]
    room, waiting = table.rows.free[row].copy(), 0
    for way in sorted(arriving, key=lambda way: int(table.offset[way])):
        need[table.hole[way]] -= 1
        size = table.holes.largest[table.hole[way]][table.place[way]]
        free -= size
        room -= size
        if (room < 0).any():
            room += size
            waiting += 1
    if (free < 0).any():
        return None
    gain = int(worth(table.shapes, free) - table.now[row])
    return Column(
        row=row, leaving=leaving, arriving=arriving, gain=gain, waiting=waiting, need=need
    )
