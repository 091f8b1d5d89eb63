"""What no use of a node is worth more than, and who leaves for it.

At no rate of CPU is the best use of a full node found: one pod that leaves pays for arrivals on
several devices. So its devices are taken one after the other, and for each amount of room, in steps
of one mixture, the best so far is kept, with who leaves; any number may.
"""

from typing import NamedTuple

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import Fleet
from restow.sharing.mixing import Steps
from restow.sharing.valuing import Values

CROWD = 8
"""Pods of one device, of those that may leave, whose sets are gone through."""

NEVER = -(1 << 60)
"""Worth of what cannot be."""


class Market(NamedTuple):
    """What there is, what it is worth, and what room of one mixture buys."""

    fleet: Fleet
    values: Values
    steps: Steps


@compiled
def most(market: Market, n: int) -> int:
    """Return what no use of node `n` is worth more than, or -1 where a crowd shares a device.

    Who leaves for it is put into `at[4]`.
    """
    nodes, several, best = market.fleet.nodes, 0, 0
    first = nodes.start[n]
    for b in range(nodes.start[n + 1] - first):
        if market.fleet.kinds.number[nodes.kind[first + b]] > 1:
            several |= 1 << b
    market.steps.at[4] = 0
    gone = several
    while True:
        layer = _under(market, n, several, gone)
        if layer < 0:
            return -1
        best = _most(market.steps, nodes.model[n], layer, best)
        if gone == 0:
            return best
        gone = (gone - 1) & several


@compiled
def _under(market: Market, n: int, several: int, gone: int) -> int:
    """Go through the uses where of the pods of several devices `gone` leave.

    Return in which half of `worth` they are, or -1 for a crowd.
    """
    nodes, at, m = market.fleet.nodes, market.steps.at, market.fleet.nodes.model[n]
    first, held, cleared = nodes.start[n], 0, 0
    room, back, worth = market.steps.room[n], 0, 0
    for b in range(nodes.start[n + 1] - first):
        k = nodes.kind[first + b]
        if gone >> b & 1:
            worth -= market.values.price[k] + market.values.move
            room += market.steps.need[k]
            cleared |= nodes.mask[first + b]
        elif several >> b & 1:
            held |= nodes.mask[first + b]
        else:
            back += -(-market.steps.need[k] // market.steps.size)
    at[0], at[1], at[2] = 1, 1, room // market.steps.size + at[3] + back + 1
    devices = nodes.number[n]
    last = market.steps.whole.shape[2] - 1
    at[5] = 1 if market.steps.whole[m, devices, last] > market.steps.whole[m, 0, last] else 0
    market.steps.worth[0, 0, 0], market.steps.leave[0, 0, 0] = worth, gone
    now = 0
    for b in range(nodes.start[n + 1] - first):
        if market.fleet.kinds.number[nodes.kind[first + b]] == 0:
            _apart(market, n, b, now)
            now = 1 - now
    for d in range(devices):
        if not held >> d & 1:
            free = nodes.device[n, d] + (market.fleet.full if cleared >> d & 1 else 0)
            here = _alone(market, n, d, free)
            if here < 0:
                return -1
            _join(market, n, here, free, now)
            now = 1 - now
    return now


@compiled
def _apart(market: Market, n: int, b: int, now: int) -> None:
    """Go through a pod without devices: it stays, or leaves."""
    at, k = market.steps.at, market.fleet.nodes.kind[market.fleet.nodes.start[n] + b]
    cpu = -(-market.steps.need[k] // market.steps.size)
    fee = market.values.price[k] + market.values.move
    for i in range(at[0] + cpu):
        market.steps.worth[1 - now, 0, i] = NEVER
    for i in range(at[0]):
        worth, leave = market.steps.worth[now, 0, i], market.steps.leave[now, 0, i]
        _keep(market.steps, (1 - now, 0, i), worth - fee, leave | 1 << b)
        _keep(market.steps, (1 - now, 0, i + cpu), worth, leave)
    at[0] += cpu
    _prune(market.steps, 1 - now)


@inlined
def _keep(steps: Steps, spot: tuple[int, int, int], worth: int, leave: int) -> None:
    if worth > steps.worth[spot]:
        steps.worth[spot], steps.leave[spot] = worth, leave


@compiled
def _prune(steps: Steps, layer: int) -> None:
    """Forget what takes more and is worth no more."""
    for row in range(steps.at[1]):
        best = NEVER
        for i in range(steps.at[0]):
            if steps.worth[layer, row, i] > best:
                best = steps.worth[layer, row, i]
            else:
                steps.worth[layer, row, i] = NEVER


@compiled
def _alone(market: Market, n: int, d: int, free: int) -> int:
    """Find the best uses of one device; return who shares it, as bits, or -1 for a crowd."""
    nodes, first, here, pods, back = market.fleet.nodes, market.fleet.nodes.start[n], 0, 0, 0
    for b in range(nodes.start[n + 1] - first):
        k = nodes.kind[first + b]
        if market.fleet.kinds.number[k] == 1 and nodes.mask[first + b] >> d & 1:
            here |= 1 << b
            pods += 1
            back += -(-market.steps.need[k] // market.steps.size)
    if pods > CROWD:
        return -1
    for c in range(market.steps.at[2]):
        market.steps.one[c] = NEVER
    gone = here
    while True:
        _without(market, n, here, gone, free)
        if gone == 0:
            return here
        gone = (gone - 1) & here


@inlined
def _without(market: Market, n: int, here: int, gone: int, free: int) -> None:
    """Go through the uses of one device that some leave."""
    nodes, first, m = market.fleet.nodes, market.fleet.nodes.start[n], market.fleet.nodes.model[n]
    base, fee = 0, 0
    for b in range(nodes.start[n + 1] - first):
        k = nodes.kind[first + b]
        if gone >> b & 1:
            free += market.fleet.kinds.units[k]
            fee += market.values.price[k] + market.values.move
        elif here >> b & 1:
            base += -(-market.steps.need[k] // market.steps.size)
    best = -1
    for c in range(min(market.steps.share.shape[2], market.steps.at[2] - base)):
        worth = market.steps.share[m, free, c]
        if worth > best:
            best = worth
            if worth - fee > market.steps.one[base + c]:
                market.steps.one[base + c], market.steps.goes[base + c] = worth - fee, gone


@compiled
def _join(market: Market, n: int, here: int, free: int, now: int) -> None:
    """Take one device more: for each of its uses, and for each of those before."""
    at = market.steps.at
    rows, columns = at[1], at[0]
    at[0], at[1] = at[2], rows + at[5]
    for row in range(at[1]):
        for i in range(at[0]):
            market.steps.worth[1 - now, row, i] = NEVER
            if i >= columns:
                market.steps.worth[now, row, i] = NEVER
    best = NEVER
    for c in range(at[2]):
        if market.steps.one[c] > best:
            best = market.steps.one[c]
            for row in range(rows):
                for i in range(min(columns, at[2] - c)):
                    if market.steps.worth[now, row, i] > NEVER:
                        worth = market.steps.worth[now, row, i] + best
                        leave = market.steps.leave[now, row, i] | market.steps.goes[c]
                        _keep(market.steps, (1 - now, row, i + c), worth, leave)
    if at[1] > rows:
        _clear(market, n, here, free, now)
    _prune(market.steps, 1 - now)


@inlined
def _clear(market: Market, n: int, here: int, free: int, now: int) -> None:
    """Keep one device more for pods of several, if all leave it."""
    nodes, first, fee = market.fleet.nodes, market.fleet.nodes.start[n], 0
    for b in range(nodes.start[n + 1] - first):
        if here >> b & 1:
            k = nodes.kind[first + b]
            free += market.fleet.kinds.units[k]
            fee += market.values.price[k] + market.values.move
    if free == market.fleet.full:
        for row in range(market.steps.at[1] - 1):
            for i in range(market.steps.at[0]):
                if market.steps.worth[now, row, i] > NEVER:
                    worth, leave = (
                        market.steps.worth[now, row, i] - fee,
                        market.steps.leave[now, row, i] | here,
                    )
                    _keep(market.steps, (1 - now, row + 1, i), worth, leave)


@compiled
def _most(steps: Steps, m: int, now: int, best: int) -> int:
    """Return the most, pods of several devices and of none added, and note who leaves for it."""
    last = steps.whole.shape[2] - 1
    for row in range(steps.at[1]):
        for i in range(steps.at[0]):
            if steps.worth[now, row, i] > NEVER:
                left = min(steps.at[2] - 1 - i, last)
                worth = steps.worth[now, row, i] + steps.whole[m, row, left]
                if worth > best:
                    best = worth
                    steps.at[4] = steps.leave[now, row, i]
    return best
