"""Columns: one use of a node each, as "these leave, those arrive"."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import le, sub
from typing import NamedTuple

import numpy as np

from restow.rescheduling.arriving import UNIT
from restow.rescheduling.departing import WORD
from restow.rescheduling.pricing import Desk, Prices, Use, comers
from restow.rescheduling.problem import Ints, worth
from restow.rescheduling.table import Table

Mark = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Row, positions that leave, ways in which others arrive."""


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
        What the node's free room is worth more than now, less the fees of those who leave.
    cost
        Of the migrations of those who leave.
    waiting
        Arrivals for which there is no room before somebody has left.
    need
        (hole, number) departures less arrivals: what other nodes have to take in.
    """

    row: int
    leaving: tuple[int, ...]
    arriving: tuple[int, ...]
    gain: int
    cost: int
    waiting: int
    need: tuple[tuple[int, int], ...] = field(compare=False, repr=False)

    @property
    def mark(self) -> Mark:
        """Return what tells the column from others of its table."""
        return self.row, self.leaving, self.arriving

    @property
    def moves(self) -> int:
        """Return how many pods leave."""
        return len(self.leaving)


class Duals(NamedTuple):
    """The program's duals, in `UNIT`s: prices, and (rows,) worth of a node."""

    prices: Prices
    row: Ints


LEAST = UNIT >> 20
"""A use this little better than the program's own is not."""


class Columns:
    """The columns found so far, each once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.all: list[Column] = []
        self._known: set[Mark] = set()
        # lists: their items are asked for one by one
        self._came = list(zip(table.hole.tolist(), table.place.tolist(), strict=True))
        self._stood = list(zip(table.leaving.tolist(), table.rows.mode.tolist(), strict=True))

    def extend(self, desk: Desk, use: Use, than: Duals | None = None) -> int:
        """Enter the uses that are worth something; return how many are new.

        A use that does not fit in every resource, although the grid takes it for one, is left out.

        Parameters
        ----------
        than
            Only uses that are better than the program's own at these duals.
        """
        marks: list[Mark] = []
        rows = np.flatnonzero(use.value > 0)
        arriving = comers(self.table, desk, rows, use.cell[rows])
        for row, comes in zip(rows.tolist(), arriving, strict=True):
            come = [] if use.shut[row] else comes
            mark = self._mark(row, positions(use.mask[row]), come)
            if mark is not None:
                marks.append(mark)
        found = [column for column in _columns(self.table, marks, than) if column is not None]
        self._known.update(each.mark for each in found)
        self.all += found
        return len(found)

    def take(self, columns: Sequence[Column]) -> None:
        """Enter columns of another table, of whose holes this one has all, by the same numbers."""
        marks = [each.mark for each in columns]
        self._known.update(marks)
        self.all += [column for column in _columns(self.table, marks, None) if column is not None]

    def _mark(self, row: int, leaving: tuple[int, ...], arriving: list[int]) -> Mark | None:
        """Return what names a use; None if it is known, or is that nothing happens."""
        gone, come = self._net(row, leaving, arriving)
        mark = (row, self._settled(row, gone), tuple(sorted(come)))
        return None if mark in self._known or not (gone or come) else mark

    def _net(
        self, row: int, leaving: tuple[int, ...], arriving: list[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return both without those who would leave a place only to come back to it."""
        start, gone, come = int(self.table.rows.start[row]), list(leaving), list(arriving)
        for position in leaving:
            stood = self._stood[start + position]
            for way in come:
                if self._came[way] == stood:
                    gone.remove(position)
                    come.remove(way)
                    break
        return tuple(gone), tuple(come)

    def _settled(self, row: int, leaving: tuple[int, ...]) -> tuple[int, ...]:
        """Return `leaving` with the first, the cheapest, of pods that take each other's place."""
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


def _columns(table: Table, marks: list[Mark], than: Duals | None) -> Iterator[Column | None]:
    """Yield the column of each mark, None where it does not fit or is not better."""
    if not marks:
        return
    rows = np.array([row for row, _, _ in marks])
    start = table.rows.start[rows]
    before = table.rows.free[rows]
    gone = np.array([len(leaving) for _, leaving, _ in marks])
    come = np.array([len(arriving) for _, _, arriving in marks])
    leaver = np.repeat(np.arange(len(marks)), gone)
    comer = np.repeat(np.arange(len(marks)), come)
    pods = start[leaver] + np.array([p for _, leaving, _ in marks for p in leaving], np.int64)
    ways = np.array([way for _, _, arriving in marks for way in arriving], np.int64)
    room = before.copy()
    np.add.at(room, comer, -table.takes[ways])
    after = room.copy()
    np.add.at(after, leaver, table.sizes[pods])
    there = np.diff(table.rows.start)[rows] - gone + come
    gain = worth(table.shapes, np.maximum(after, 0)) + table.rows.emptied[rows] * (there == 0)
    gain -= table.now[rows]
    np.add.at(gain, leaver, -table.rows.fee[pods])
    cost = np.zeros(len(marks), np.int64)
    np.add.at(cost, leaver, table.rows.cost[pods])
    good = (after >= 0).all(axis=1)
    if than is not None:
        paid = than.prices.move * gone + than.row[rows]
        np.add.at(paid, leaver, than.prices.hole[table.leaving[pods]])
        np.add.at(paid, comer, -than.prices.hole[table.hole[ways]])
        good &= gain * UNIT - paid > LEAST
    for k, (row, leaving, arriving) in enumerate(marks):
        waits = 0 if not good[k] or (room[k] >= 0).all() else _waiting(table, row, arriving)
        yield (
            Column(
                row=row,
                leaving=leaving,
                arriving=arriving,
                gain=int(gain[k]),
                cost=int(cost[k]),
                waiting=waits,
                need=_needed(table, row, leaving, arriving),
            )
            if good[k]
            else None
        )


def _needed(
    table: Table, row: int, leaving: tuple[int, ...], arriving: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Return (hole, number) departures less arrivals."""
    start = int(table.rows.start[row])
    need = Counter(int(table.leaving[start + position]) for position in leaving)
    need.subtract(int(table.hole[way]) for way in arriving)
    return tuple((hole, many) for hole, many in sorted(need.items()) if many)


def _waiting(table: Table, row: int, arriving: tuple[int, ...]) -> int:
    """Return how many arrivals find no room before somebody has left, the small ones first."""
    room, ways, waiting = table.rows.free[row].tolist(), np.array(arriving, np.int64), 0
    for takes in table.takes[ways[np.argsort(table.offset[ways], kind="stable")]].tolist():
        if all(map(le, takes, room)):
            room = list(map(sub, room, takes))
        else:
            waiting += 1
    return waiting
