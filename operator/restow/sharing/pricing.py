"""The best uses of every node under prices, and what no use of it is worth more than."""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import UNIT, Fleet, Ints
from restow.sharing.filling import DEEPEST, SLACK, desk_of, fill
from restow.sharing.leaving import Task, blocks, enter, few, relaxed, sets_of, vacate
from restow.sharing.mixing import buy, steps_of
from restow.sharing.stepping import Market, most
from restow.sharing.valuing import value

SIZES = 4
"""Uses kept of a node: the best where nobody leaves, one pod, two, or more."""

TRIES, DEEP_TRIES = 40, 4_000
"""Arrivals tried for one set of pods that leave, and where these find nothing any more."""


class Uses(NamedTuple):
    """The best uses found of each node, by how many leave.

    Parameters
    ----------
    worth
        (nodes, sizes) prices of those that arrive less those of the departures; 0 for none.
    leave
        (nodes, sizes) which of the node's pods leave, as bits.
    size, kind, bits
        (nodes, sizes), (nodes, sizes, deepest) twice: the arrivals, their classes and devices.
    bound
        (nodes,) no use is worth more, whoever leaves.
    """

    worth: Ints
    leave: Ints
    size: Ints
    kind: Ints
    bits: Ints
    bound: Ints


class Pricing:
    """Prices all nodes; keeps the room to work in from price to price.

    Attributes
    ----------
    deep
        Whether to look closely at each node: some times as slow, with a far better bound.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.deep = False
        self._desk, self._sets = desk_of(fleet), sets_of(fleet)
        self._steps = steps_of(fleet)
        rows = len(fleet.nodes.cpu)
        shapes = (*((rows, SIZES),) * 3, *((rows, SIZES, DEEPEST),) * 2, (rows,))
        self._uses = Uses._make(np.zeros(shape, np.int64) for shape in shapes)

    def price(self, price: Ints, move: int, floor: Ints) -> Uses:
        """Return the best uses; the next call overwrites them.

        Parameters
        ----------
        price
            (kinds,) of an arrival, which a departure pays; in `UNIT`s for a thousandth of a device.
        move
            What a departure costs besides.
        floor
            (nodes,) only uses worth more are of interest.
        """
        values = value(self.fleet, price, move)
        task = Task(self.fleet, values, self._desk, self._sets, self._steps)
        _search(task, self._uses, floor, DEEP_TRIES if self.deep else TRIES)
        return self._uses

    def bound(self, price: Ints, move: int, uses: Uses) -> int:
        """Return a bound on the gain of any plan, in thousandths of a device, from its prices.

        Lagrangian duality: classes may grow by what is pending and not shrink, which is priced by
        what a price differs from the gain; moves are priced by `move`. Where pods are fixed here
        that could move, all that is pending is the bound.
        """
        if self.fleet.fixed:
            return int(self.fleet.kinds.gain @ self.fleet.pending)
        return (int(uses.bound.sum()) + self.priced(price, move)) // UNIT

    def priced(self, price: Ints, move: int) -> int:
        """Return what all that is pending and all moves within the limit are priced at."""
        short = np.maximum(self.fleet.kinds.gain * UNIT - price, 0)
        return int(short @ self.fleet.pending) + move * self.fleet.limit


@compiled
def _search(task: Task, uses: Uses, floor: Ints, tries: int) -> None:
    deep = tries > TRIES
    if deep:
        for s in range(len(task.steps)):
            buy(task.fleet, task.values, task.steps[s])
    for n in range(task.fleet.nodes.cpu.shape[0]):
        task.sets.number[0] = 0
        for s in range(SIZES):
            uses.worth[n, s] = floor[n]
            uses.size[n, s] = -1
        uses.bound[n] = relaxed(task, n)
        if deep:
            _tighten(task, uses, n, floor[n] + SLACK)
        if uses.bound[n] > floor[n] + SLACK:
            few(task, n)
            blocks(task, n)
            _best(task, uses, n, tries)


@compiled
def _tighten(task: Task, uses: Uses, n: int, enough: int) -> None:
    """Lower the bound of a node until it is low enough, and enter who leaves at what it says."""
    for s in range(len(task.steps)):
        if uses.bound[n] > enough:
            limit = most(Market(task.fleet, task.values, task.steps[s]), n)
            if limit >= 0:
                uses.bound[n] = min(uses.bound[n], limit)
                enter(task, n, task.steps[s].at[4])


@compiled
def _best(task: Task, uses: Uses, n: int, tries: int) -> None:
    """Find the best use of a node for each number that leave, the most promising sets first."""
    task.desk.where[0], task.desk.where[2] = task.fleet.nodes.model[n], task.fleet.nodes.number[n]
    reached = 0
    while True:
        top = -1
        for at in range(task.sets.number[0]):
            if task.sets.bound[at] >= 0 and (
                top < 0
                or task.sets.bound[at] - task.sets.cost[at]
                > task.sets.bound[top] - task.sets.cost[top]
            ):
                top = at
        if top < 0 or reached + SLACK >= uses.bound[n]:
            return
        mask, bound, cost = task.sets.mask[top], task.sets.bound[top], task.sets.cost[top]
        task.sets.bound[top] = -1
        slot, left = 0, mask
        while left and slot < SIZES - 1:
            left &= left - 1
            slot += 1
        if bound - cost <= max(uses.worth[n, slot], reached) + SLACK:
            continue
        task.desk.where[1], task.desk.where[3] = task.sets.rate[top], tries
        vacate(task, n, mask)
        floor = uses.worth[n, slot] + cost
        worth = fill(task.fleet, task.values, task.desk, bound, floor)
        if worth > floor:
            uses.worth[n, slot], uses.leave[n, slot] = worth - cost, mask
            uses.size[n, slot] = task.desk.size[0]
            reached = max(reached, worth - cost)
            for e in range(task.desk.size[0]):
                uses.kind[n, slot, e], uses.bits[n, slot, e] = task.desk.kind[e], task.desk.bits[e]
