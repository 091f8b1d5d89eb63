"""Who should leave each node, given the best use of any room: a knapsack of distinct pods.

Pod by pod, largest first, a list of ways to depart is kept. Ways that end in the same cell are one
from then on: the cheapest, with its own room where a plan must be carried out, with the most room
of them where a bound must hold. A way is dropped once it could not be the best even if all that are
still to be decided left for nothing, or for the reward that they have. So no number of departures
is left out.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats
from restow.packing.patterns.compiled import compiled, inlined
from restow.rescheduling.problem import Ints

WORD = 62
"""Pods that one word of a mask holds."""


class Scale(NamedTuple):
    """From amounts to cells: (counted,) steps and strides, and 1 to round up, 0 to round down."""

    steps: Ints
    strides: Ints
    up: int


class Pods(NamedTuple):
    """The pods of all rows.

    Parameters
    ----------
    start
        (rows + 1,) where a row's pods begin.
    sequence
        (pods,) in which order they are decided, row by row.
    frees, fee
        (pods, counted) amounts and (pods,) price of a departure; a reward where it is negative.
    """

    start: Ints
    sequence: Ints
    frees: Ints
    fee: Ints


class Ways(NamedTuple):
    """Lists of ways to depart, the one before a pod was decided and the one after.

    Parameters
    ----------
    room, paid, mask
        (2, cells, counted), (2, cells) and (2, cells, words) of each way.
    stamp, slot
        (cells,) when a way ended there, and which.
    rest, reward
        (counted,) what the pods still to be decided could free, and [1] what they could bring.
    known
        [2] ways on each list.
    now
        Which list is the one before, and how many pods of all rows have been decided.
    """

    room: Ints
    paid: Ints
    mask: Ints
    stamp: Ints
    slot: Ints
    rest: Ints
    reward: Ints
    known: Ints
    now: Ints


class Found(NamedTuple):
    """The best use of each row: (rows,) value, (rows, words) who leaves, (rows,) room after."""

    value: Ints
    mask: Ints
    cell: Ints


def ways_of(cells: int, words: int, counted: int) -> Ways:
    """Return empty lists."""
    return Ways(
        room=np.zeros((2, cells, counted), np.int64),
        paid=np.zeros((2, cells), np.int64),
        mask=np.zeros((2, cells, words), np.int64),
        stamp=np.zeros(cells, np.int64),
        slot=np.zeros(cells, np.int64),
        rest=np.zeros(counted, np.int64),
        reward=np.zeros(1, np.int64),
        known=np.zeros(2, np.int64),
        now=np.zeros(2, np.int64),
    )


class Task(NamedTuple):
    """Everything there is to know.

    Parameters
    ----------
    free, set_of
        (rows, counted) what is free, and (rows,) whose table of `best` counts.
    best
        (sets, cells) the best use of room.
    """

    scale: Scale
    pods: Pods
    free: Ints
    set_of: Ints
    best: Floats
    ways: Ways
    found: Found


@compiled
def depart(task: Task) -> None:
    """Find who should leave each row."""
    pods, ways = task.pods, task.ways
    ways.stamp[:] = -1
    ways.now[1] = 0
    for row in range(task.free.shape[0]):
        begin(task, row)
        for k in range(pods.start[row], pods.start[row + 1]):
            pod = pods.sequence[k]
            for d in range(task.scale.steps.shape[0]):
                ways.rest[d] -= pods.frees[pod, d]
            ways.reward[0] -= max(0, -pods.fee[pod])
            ways.now[1] += 1
            ways.known[1 - ways.now[0]] = 0
            for leaves in range(2):
                for way in range(ways.known[ways.now[0]]):
                    follow(task, row, pod, way, leaves)
            ways.now[0] = 1 - ways.now[0]


@inlined
def begin(task: Task, row: int) -> None:
    """Start with the one way in which nobody leaves."""
    scale, pods, ways, found = task.scale, task.pods, task.ways, task.found
    here = 0
    for d in range(scale.steps.shape[0]):
        amount = task.free[row, d] + scale.up * (scale.steps[d] - 1)
        here += amount // scale.steps[d] * scale.strides[d]
        ways.room[0, 0, d] = task.free[row, d]
        ways.rest[d] = 0
        for pod in range(pods.start[row], pods.start[row + 1]):
            ways.rest[d] += pods.frees[pod, d]
    ways.reward[0] = 0
    for pod in range(pods.start[row], pods.start[row + 1]):
        ways.reward[0] += max(0, -pods.fee[pod])
    ways.now[0] = 0
    ways.known[0], ways.paid[0, 0] = 1, 0
    found.value[row], found.cell[row] = task.best[task.set_of[row], here], here
    for w in range(found.mask.shape[1]):
        found.mask[row, w], ways.mask[0, 0, w] = 0, 0


@inlined
def follow(task: Task, row: int, pod: int, way: int, leaves: int) -> None:
    """Go on with a way in which the pod leaves, or stays, if that could become the best."""
    scale, ways, found, use = task.scale, task.ways, task.found, task.best[task.set_of[row]]
    old = ways.now[0]
    total = ways.paid[old, way] + leaves * task.pods.fee[pod]
    there, summit = 0, 0
    for d in range(scale.steps.shape[0]):
        amount = ways.room[old, way, d] + leaves * task.pods.frees[pod, d]
        amount += scale.up * (scale.steps[d] - 1)
        there += amount // scale.steps[d] * scale.strides[d]
        summit += (amount + ways.rest[d]) // scale.steps[d] * scale.strides[d]
    if use[summit] + ways.reward[0] - total <= found.value[row]:
        return
    if enter(task, pod, way, leaves, there) and leaves == 1:
        slot, bit = ways.slot[there], pod - task.pods.start[row]
        ways.mask[1 - old, slot, bit // WORD] |= 1 << (bit % WORD)
        if use[there] - total > found.value[row]:
            found.value[row], found.cell[row] = use[there] - total, there
            for w in range(found.mask.shape[1]):
                found.mask[row, w] = ways.mask[1 - old, slot, w]


@inlined
def enter(task: Task, pod: int, way: int, leaves: int, there: int) -> bool:
    """Enter a way that ends in a cell; return whether it is the cheapest to end there."""
    scale, ways, pods = task.scale, task.ways, task.pods
    old, new = ways.now[0], 1 - ways.now[0]
    total = ways.paid[old, way] + leaves * pods.fee[pod]
    first = ways.stamp[there] != ways.now[1]
    if first:
        ways.stamp[there], ways.slot[there] = ways.now[1], ways.known[new]
        ways.known[new] += 1
    slot = ways.slot[there]
    cheapest: bool = first or total < ways.paid[new, slot]
    for d in range(scale.steps.shape[0]):
        amount = ways.room[old, way, d] + leaves * pods.frees[pod, d]
        if (
            first
            or (cheapest and scale.up == 0)
            or (scale.up == 1 and amount > ways.room[new, slot, d])
        ):
            ways.room[new, slot, d] = amount
    if cheapest:
        ways.paid[new, slot] = total
        for w in range(ways.mask.shape[2]):
            ways.mask[new, slot, w] = ways.mask[old, way, w]
    return cheapest
