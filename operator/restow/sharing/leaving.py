"""Who may leave a node: few pods, whoever the bound would let leave, or all on some devices."""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import MOVABLE, Fleet, Ints
from restow.sharing.filling import Desk
from restow.sharing.mixing import MIXTURES, Steps
from restow.sharing.valuing import RATES, Values

MOST_SETS = MOVABLE * (MOVABLE + 1) // 2 + 1 + RATES + 1 + len(MIXTURES) + 64
"""Sets of pods of one node that are looked at: up to two, one for each rate and for each mixture
of CPU and memory, and some blocks."""


class Sets(NamedTuple):
    """Sets of pods that may leave one node, and room to work in.

    Parameters
    ----------
    mask
        (sets,) which of the node's pods leave, as bits.
    bound, rate, cost
        (sets,) what all that could arrive then is worth at most, at which rate of CPU, and what
        the departures cost.
    number
        (1,) of sets.
    worth, chosen
        (units + 1,) the most that departures that free so much of a device are worth, and which.
    fee
        (devices,) what it costs to clear a device.
    """

    mask: Ints
    bound: Ints
    rate: Ints
    cost: Ints
    number: Ints
    worth: Ints
    chosen: Ints
    fee: Ints


class Task(NamedTuple):
    """One pricing: what there is, what it is worth, and room to work in."""

    fleet: Fleet
    values: Values
    desk: Desk
    sets: Sets
    steps: tuple[Steps, ...]


def sets_of(fleet: Fleet) -> Sets:
    """Return room to work in."""
    devices = fleet.nodes.device.shape[1]
    sizes = (*(MOST_SETS for _ in range(4)), 1, fleet.full + 1, fleet.full + 1, devices)
    return Sets._make(np.zeros(size, np.int64) for size in sizes)


@compiled
def enter(task: Task, n: int, mask: int) -> None:
    """Enter a set of pods that leave node `n`, unless too many are known."""
    at = task.sets.number[0]
    if at >= MOST_SETS:
        return
    vacate(task, n, mask)
    nodes, m = task.fleet.nodes, task.fleet.nodes.model[n]
    cost = 0
    for b in range(nodes.start[n + 1] - nodes.start[n]):
        if mask >> b & 1:
            cost += task.values.price[nodes.kind[nodes.start[n] + b]] + task.values.move
    least, rate = 0, -1
    for j in range(RATES):
        bound = task.values.rate[m, j] * task.desk.room[0]
        for d in range(nodes.number[n]):
            bound += task.values.device[m, j, task.desk.device[d]]
        if rate < 0 or bound < least:
            least, rate = bound, j
    task.sets.mask[at], task.sets.bound[at], task.sets.rate[at], task.sets.cost[at] = (
        mask,
        least,
        rate,
        cost,
    )
    task.sets.number[0] = at + 1


@compiled
def vacate(task: Task, n: int, mask: int) -> None:
    """Lay the room of node `n` on the desk, without the pods that leave."""
    nodes, kinds = task.fleet.nodes, task.fleet.kinds
    task.desk.room[0], task.desk.room[1] = nodes.cpu[n], nodes.memory[n]
    for d in range(nodes.device.shape[1]):
        task.desk.device[d] = nodes.device[n, d]
    first = nodes.start[n]
    for b in range(nodes.start[n + 1] - first):
        if mask >> b & 1:
            k = nodes.kind[first + b]
            task.desk.room[0] += kinds.cpu[k]
            task.desk.room[1] += kinds.memory[k]
            for d in range(nodes.device.shape[1]):
                if nodes.mask[first + b] >> d & 1:
                    task.desk.device[d] += kinds.units[k]


@compiled
def few(task: Task, n: int) -> None:
    """Enter every set of at most two pods, one of each that free the same."""
    nodes, first = task.fleet.nodes, task.fleet.nodes.start[n]
    pods = nodes.start[n + 1] - first
    enter(task, n, 0)
    for a in range(pods):
        if nodes.rank[first + a] > 0:
            continue
        enter(task, n, 1 << a)
        for b in range(a + 1, pods):
            same = nodes.alike[first + a] == nodes.alike[first + b]
            if nodes.rank[first + b] == (1 if same else 0):
                enter(task, n, 1 << a | 1 << b)


@compiled
def relaxed(task: Task, n: int) -> int:
    """Return a bound on what any use of node `n` is worth, and enter who leaves under each rate.

    At a rate each device is a problem of its own: which of its pods leave is a knapsack too.
    """
    nodes, m = task.fleet.nodes, task.fleet.nodes.model[n]
    least = -1
    for j in range(RATES):
        bound, mask = task.values.rate[m, j] * nodes.cpu[n], 0
        first = nodes.start[n]
        for b in range(nodes.start[n + 1] - first):
            k = nodes.kind[first + b]
            number = task.fleet.kinds.number[k]
            if number != 1:
                worth = _gone(task, m, j, k) + number * task.values.device[m, j, task.fleet.full]
                if worth > 0:
                    bound += worth
                    mask |= 1 << b
        for d in range(nodes.number[n]):
            bound += _device(task, n, d, j)
            mask |= task.sets.chosen[0]
        enter(task, n, mask)
        if least < 0 or bound < least:
            least = bound
    return least


@inlined
def _gone(task: Task, m: int, j: int, k: int) -> int:
    """Return what a departure is worth, the room on devices aside."""
    gone: int = (
        task.values.rate[m, j] * task.fleet.kinds.cpu[k] - task.values.price[k] - task.values.move
    )
    return gone


@compiled
def _device(task: Task, n: int, d: int, j: int) -> int:
    """Return what a device is worth at most, and put who leaves it into `chosen[0]`."""
    nodes, m, first = task.fleet.nodes, task.fleet.nodes.model[n], task.fleet.nodes.start[n]
    free, top = nodes.device[n, d], 0
    task.sets.worth[0], task.sets.chosen[0] = 0, 0
    for q in range(1, task.fleet.full + 1):
        task.sets.chosen[q] = -1
    for b in range(nodes.start[n + 1] - first):
        k = nodes.kind[first + b]
        if task.fleet.kinds.number[k] == 1 and nodes.mask[first + b] >> d & 1:
            units, gone = task.fleet.kinds.units[k], _gone(task, m, j, k)
            for q in range(top, -1, -1):
                if task.sets.chosen[q] >= 0:
                    worth = task.sets.worth[q] + gone
                    if task.sets.chosen[q + units] < 0 or worth > task.sets.worth[q + units]:
                        task.sets.worth[q + units] = worth
                        task.sets.chosen[q + units] = task.sets.chosen[q] | 1 << b
            top += units
    best: int = task.values.device[m, j, free]
    mask = 0
    for q in range(1, top + 1):
        if (
            task.sets.chosen[q] >= 0
            and task.sets.worth[q] + task.values.device[m, j, free + q] > best
        ):
            best, mask = (
                task.sets.worth[q] + task.values.device[m, j, free + q],
                task.sets.chosen[q],
            )
    task.sets.chosen[0] = mask
    return best


@compiled
def blocks(task: Task, n: int) -> None:
    """Enter sets that clear devices for pods of whole devices, the cheapest devices for each."""
    kinds, nodes, m = task.fleet.kinds, task.fleet.nodes, task.fleet.nodes.model[n]
    _fees(task, n)
    for at in range(task.values.start[m], task.values.start[m + 1]):
        k = task.values.menu[at]
        if kinds.units[k] == task.fleet.full and kinds.number[k] <= nodes.number[n]:
            mask = _cleared(task, n, kinds.number[k])
            mask = _relieved(task, n, mask, k)
            if mask >= 0:
                enter(task, n, mask)


@compiled
def _fees(task: Task, n: int) -> None:
    """Reckon what it costs to clear each device; a pod on several is shared out among them."""
    nodes, first = task.fleet.nodes, task.fleet.nodes.start[n]
    for d in range(nodes.number[n]):
        task.sets.fee[d] = 0
    for b in range(nodes.start[n + 1] - first):
        k = nodes.kind[first + b]
        if task.fleet.kinds.number[k] > 0:
            each = (task.values.price[k] + task.values.move) // task.fleet.kinds.number[k]
            for d in range(nodes.number[n]):
                if nodes.mask[first + b] >> d & 1:
                    task.sets.fee[d] += each


@compiled
def _cleared(task: Task, n: int, number: int) -> int:
    """Return who leaves when the cheapest `number` devices are cleared."""
    nodes, first, taken, mask = task.fleet.nodes, task.fleet.nodes.start[n], 0, 0
    for _ in range(number):
        cheapest = -1
        for d in range(nodes.number[n]):
            if not taken >> d & 1 and (cheapest < 0 or task.sets.fee[d] < task.sets.fee[cheapest]):
                cheapest = d
        taken |= 1 << cheapest
    for b in range(nodes.start[n + 1] - first):
        if nodes.mask[first + b] & taken:
            mask |= 1 << b
    return mask


@compiled
def _relieved(task: Task, n: int, mask: int, k: int) -> int:
    """Return who leaves besides, the cheapest for its CPU first, so that one of `k` fits; or -1."""
    nodes, kinds, first = task.fleet.nodes, task.fleet.kinds, task.fleet.nodes.start[n]
    vacate(task, n, mask)
    while task.desk.room[0] < kinds.cpu[k] or task.desk.room[1] < kinds.memory[k]:
        best, least = -1, 0.0
        for b in range(nodes.start[n + 1] - first):
            if not mask >> b & 1:
                other = nodes.kind[first + b]
                fee = (task.values.price[other] + task.values.move) / (kinds.cpu[other] + 1.0)
                if best < 0 or fee < least:
                    best, least = b, fee
        if best < 0:
            return -1
        mask |= 1 << best
        vacate(task, n, mask)
    return mask
