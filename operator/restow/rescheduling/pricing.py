"""The best use of every node under prices, exactly: who leaves, who arrives, what is gained.

One table holds, for every amount of free room, the most that arrivals and what stays free can be
worth; per row of nodes, the ways to depart are followed one pod at a time. Prices and values are
integers, in `UNIT`s: the bound they make holds exactly.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.rescheduling.arriving import UNIT, Offers, arrivals, arrive
from restow.rescheduling.departing import WORD, Found, Pods, Scale, Task, depart, ways_of
from restow.rescheduling.grid import MOST_CELLS
from restow.rescheduling.leaning import planes_of
from restow.rescheduling.problem import Ints
from restow.rescheduling.seeking import LOOKS, seek, trail_of
from restow.rescheduling.table import Table


class Prices(NamedTuple):
    """What a hole of each kind costs, (holes,), and what a migration costs; in `UNIT`s."""

    hole: Ints
    move: int


class Use(NamedTuple):
    """The best use of each row.

    Parameters
    ----------
    value
        (rows,) gain beyond what is there now, less prices paid; at least 0.
    mask
        (rows, words) which of the row's pods leave.
    cell
        (rows,) room after they have left.
    shut
        (rows,) whether nobody arrives, although there is room that would pay.
    """

    value: Ints
    mask: Ints
    cell: Ints
    shut: NDArray[np.bool_]


class Desk:
    """Room to work in for one table; kept from price to price.

    Parameters
    ----------
    best
        (sets, cells) the best use of room.
    offers
        For each set, who might have arrived.
    """

    def __init__(self, table: Table, looks: int = LOOKS) -> None:
        cells, sets = len(table.worth), len(table.welcome)
        pods = int(np.max(np.diff(table.rows.start), initial=0))
        words = max(1, -(-pods // WORD))
        self.large = cells > MOST_CELLS
        self.best = np.zeros((sets, cells))
        self.line = np.zeros(int(table.coordinates[-1, -1]) + 1)
        self.offers: list[Offers] = []
        self.ways = ways_of(1 if self.large else cells, words, len(table.steps))
        self.trail = trail_of(pods, len(table.steps), looks)
        self.found = Found(
            value=np.zeros(len(table.now), np.int64),
            mask=np.zeros((len(table.now), words), np.int64),
            cell=np.zeros(len(table.now), np.int64),
        )


def price(table: Table, desk: Desk, prices: Prices, leaving: Ints | None = None) -> Use:
    """Return the best use of each row under prices.

    Parameters
    ----------
    leaving
        (holes,) what a departure costs, where it is not what an arrival is paid: such a use proves
        nothing.
    """
    desk.offers = []
    for s, welcome in enumerate(table.welcome):
        ways = _worthwhile(table, np.flatnonzero(welcome & (prices.hole[table.hole] > 0)), prices)
        reward = prices.hole[table.hole[ways]]
        offers = Offers(
            table.needs[ways], table.offset[ways], reward, ways, np.ones(len(ways), np.int64)
        )
        arrive(table.worth, table.coordinates, offers, desk.best[s], desk.line)
        desk.offers.append(offers)
    hole = prices.hole if leaving is None else leaving
    fee = hole[table.leaving] + prices.move + table.rows.fee * UNIT
    return _leave(table, desk, fee)


def _worthwhile(table: Table, ways: Ints, prices: Prices) -> Ints:
    """Return the ways to arrive without those that need as much as another for a lower price.

    Nor those that need nothing at all. The small ones come first.
    """
    ways = ways[table.offset[ways] > 0]
    needs, reward = table.needs[ways], prices.hole[table.hole[ways]]
    order = np.lexsort((*needs.T, -reward))  # who could be better comes first
    kept: list[int] = []
    for way in order:
        if not (needs[kept] <= needs[way]).all(axis=1).any():
            kept.append(int(way))
    return ways[sorted(kept, key=lambda way: int(table.offset[ways[way]]))]


def _leave(table: Table, desk: Desk, fee: Ints) -> Use:
    """Return who should leave each row, where the best use of room stands on the desk.

    Parameters
    ----------
    fee
        (pods of all rows,) price of each departure.
    """
    scale = Scale(table.steps, table.strides, 0 if table.cautious else 1)
    pods = Pods(table.rows.start, table.sequence, table.frees, fee)
    task = Task(scale, pods, table.free, table.set_of, desk.best, desk.ways, desk.found)
    if desk.large:
        seek(task, planes_of(desk.best, table.coordinates[-1] + 1), desk.trail)
    else:
        depart(task)
    found = desk.found
    use = Use(
        found.value - table.now * UNIT,
        found.mask.copy(),
        found.cell.copy(),
        np.zeros(len(table.now), bool),
    )
    if table.rows.emptied.any():
        _empty(table, fee, use)
    return use


def _empty(table: Table, fee: Ints, use: Use) -> None:
    """Let all leave a node, and nobody come, where that is the best use of it."""
    start, emptied = table.rows.start, table.rows.emptied
    paid, freed = (
        np.concatenate([np.zeros_like(each[:1]), np.cumsum(each, axis=0)])
        for each in (fee, table.frees)
    )
    room = table.free + freed[start[1:]] - freed[start[:-1]]
    up = 0 if table.cautious else table.steps - 1
    cell = ((room + up) // table.steps) @ table.strides
    value = (table.worth[cell] + emptied - table.now) * UNIT - (paid[start[1:]] - paid[start[:-1]])
    best = (emptied > 0) & (value > use.value)
    use.value[best], use.cell[best], use.shut[best] = value[best], cell[best], True
    for row in np.flatnonzero(best):
        pods = int(start[row + 1] - start[row])
        for word in range(use.mask.shape[1]):
            bits = min(WORD, max(0, pods - word * WORD))
            use.mask[row, word] = (1 << bits) - 1


def bound_of(table: Table, use: Use, prices: Prices, limit: int) -> int:
    """Return a bound on the gain of any plan, in `UNIT`s.

    Lagrangian duality: no plan gains more than every row by itself, plus the price of the limit.
    """
    return int(use.value @ table.rows.number) + prices.move * limit


def comers(table: Table, desk: Desk, rows: Ints, cells: Ints) -> list[list[int]]:
    """Return for each row the ways in which pods arrive where the room of its cell is used best."""
    found: list[list[int]] = [[]] * len(rows)
    for on, (offers, best) in enumerate(zip(desk.offers, desk.best, strict=True)):
        asked = np.flatnonzero(table.set_of[rows] == on)
        come = arrivals(table.worth, table.coordinates, offers, best, cells[asked])
        for at, names in zip(asked.tolist(), come, strict=True):
            found[at] = names
    return found
