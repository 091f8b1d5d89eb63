"""The best pods to arrive in the room of one node: branch and bound, on a stack of its own.

The bound is what room is worth at one rate of CPU (`valuing`); an arrival lowers it by what it
is worth less than the best use of the room it takes, so that each is judged by one subtraction.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import UNIT, Fleet, Ints
from restow.sharing.valuing import Values

DEEPEST = 64
"""So many pods arrive on a node at most."""

SLACK = UNIT // 4
"""Nothing is followed up that is not better by a quarter of a thousandth of a device."""


class Desk(NamedTuple):
    """Room to work in for one node.

    Parameters
    ----------
    where
        (4,) model, rate, number of devices, and how many arrivals may be tried.
    room
        (2,) CPU and memory left.
    device
        (devices,) units left.
    at, spot, mask, loss
        (deepest,) of each arrival: position in the menu, device it was put on, its devices as bits,
        and what it lowered the bound by; beyond the last arrival, where to look for the next one.
    kind, bits, size
        (deepest,), (deepest,), (1,) the best arrivals found.
    """

    where: Ints
    room: Ints
    device: Ints
    at: Ints
    spot: Ints
    mask: Ints
    loss: Ints
    kind: Ints
    bits: Ints
    size: Ints


def desk_of(fleet: Fleet) -> Desk:
    """Return room to work in."""
    sizes = (4, 2, fleet.nodes.device.shape[1], *(DEEPEST for _ in range(6)), 1)
    return Desk._make(np.zeros(size, np.int64) for size in sizes)


@compiled
def fill(fleet: Fleet, values: Values, desk: Desk, bound: int, floor: int) -> int:
    """Return what the best arrivals are worth, if more than `floor`, else `floor`.

    Parameters
    ----------
    bound
        What the room on the desk is worth at that rate.
    """
    depth, worth, best, tries = 0, 0, floor, desk.where[3]
    desk.at[0], desk.spot[0] = values.start[desk.where[0]], 0
    while True:
        more = depth < DEEPEST - 1 and tries > 0
        if more and _next(fleet, values, desk, depth, bound - best - SLACK):
            k = values.menu[desk.at[depth]]
            _shift(fleet, desk, k, desk.mask[depth], -1)
            worth += values.price[k]
            bound -= desk.loss[depth]
            tries -= 1
            depth += 1
            desk.at[depth], desk.spot[depth] = desk.at[depth - 1], desk.spot[depth - 1]
            if worth > best:
                best = worth
                _note(values, desk, depth)
            continue
        if depth == 0:
            return best
        depth -= 1
        k = values.menu[desk.at[depth]]
        _shift(fleet, desk, k, desk.mask[depth], 1)
        worth -= values.price[k]
        bound += desk.loss[depth]
        _pass(fleet, desk, depth, k)


@inlined
def _next(fleet: Fleet, values: Values, desk: Desk, depth: int, margin: int) -> bool:
    """Look for the next arrival that does not cost the whole margin."""
    found, end = False, values.start[desk.where[0] + 1]
    while desk.at[depth] < end and not found:
        k = values.menu[desk.at[depth]]
        if fleet.kinds.cpu[k] <= desk.room[0] and fleet.kinds.memory[k] <= desk.room[1]:
            if 0 < fleet.kinds.units[k] < fleet.full:
                found = _share(fleet, values, desk, depth, margin)
            else:
                found = _whole(fleet, values, desk, depth, margin)
        if not found:
            desk.at[depth] += 1
            desk.spot[depth] = 0
    return found


@inlined
def _whole(fleet: Fleet, values: Values, desk: Desk, depth: int, margin: int) -> bool:
    """Look for whole devices; those that are free are all alike."""
    m, j = desk.where[0], desk.where[1]
    k = values.menu[desk.at[depth]]
    number, full, found, mask = fleet.kinds.number[k], fleet.full, 0, 0
    lead = values.price[k] - values.rate[m, j] * fleet.kinds.cpu[k]
    desk.loss[depth] = number * values.device[m, j, full] - lead
    if desk.loss[depth] < margin:
        for e in range(desk.where[2]):
            if desk.device[e] == full and found < number:
                found += 1
                mask |= 1 << e
    desk.mask[depth] = mask
    paid: bool = desk.loss[depth] < margin and found == number
    return paid


@inlined
def _share(fleet: Fleet, values: Values, desk: Desk, depth: int, margin: int) -> bool:
    """Look for a device; of those of which as much is free, only the first one counts."""
    m, j, found = desk.where[0], desk.where[1], False
    k = values.menu[desk.at[depth]]
    units = fleet.kinds.units[k]
    lead = values.price[k] - values.rate[m, j] * fleet.kinds.cpu[k]
    low = 0
    if depth > 0 and desk.at[depth - 1] == desk.at[depth]:
        low = desk.spot[depth - 1]
    while desk.spot[depth] < desk.where[2] and not found:
        d = desk.spot[depth]
        free = desk.device[d]
        if free >= units:
            lost = values.device[m, j, free] - values.device[m, j, free - units] - lead
            found = lost < margin
            for e in range(low, d):
                if desk.device[e] == free:
                    found = False
            desk.loss[depth], desk.mask[depth] = lost, 1 << d
        if not found:
            desk.spot[depth] += 1
    return found


@inlined
def _shift(fleet: Fleet, desk: Desk, k: int, mask: int, sign: int) -> None:
    """Add to the room, or take from it, what a pod takes."""
    desk.room[0] += sign * fleet.kinds.cpu[k]
    desk.room[1] += sign * fleet.kinds.memory[k]
    for e in range(desk.device.shape[0]):
        if mask >> e & 1:
            desk.device[e] += sign * fleet.kinds.units[k]


@inlined
def _pass(fleet: Fleet, desk: Desk, depth: int, k: int) -> None:
    """Go on behind an arrival that has been taken back."""
    if 0 < fleet.kinds.units[k] < fleet.full:
        desk.spot[depth] += 1
    else:
        desk.at[depth] += 1
        desk.spot[depth] = 0


@inlined
def _note(values: Values, desk: Desk, depth: int) -> None:
    """Keep the arrivals so far as the best ones."""
    desk.size[0] = depth
    for e in range(depth):
        desk.kind[e], desk.bits[e] = values.menu[desk.at[e]], desk.mask[e]
