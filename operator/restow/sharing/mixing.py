"""What room buys, counted in steps, of CPU and of mixtures of CPU and memory.

A mixture makes one amount of both; what fits a node fits it in each mixture. Arrivals take their
amount rounded down and departures free it rounded up (`stepping`), so that nothing is missed.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import MOVABLE, Fleet, Ints
from restow.sharing.valuing import Values

STEPS = 1_000
"""So many steps are all room of the largest node, where that is more than so many units."""

MIXTURES, FINE = (1, 8), 16
"""How much all memory weighs beside all CPU, in mixtures of both, and how finely that is kept."""


class Steps(NamedTuple):
    """What room in steps of one mixture buys, and room to work in.

    Parameters
    ----------
    size
        Units of the mixture in a step.
    need, room
        (kinds,), (nodes,) what a pod asks for, and what is free, in units of the mixture.
    share
        (models, units + 1, steps + 1) the best pods of one device or less, in so much of one.
    whole
        (models, devices + 1, steps + 1) the best pods of several devices or none.
    worth, leave
        (2, devices + 2, width) the best so far, and with one device more, by devices cleared for
        pods of several and by steps taken, less those free if all that may had left; who leaves.
    one, goes
        (width,) the same of one device.
    at
        (6,) columns and rows of `worth` in use, most columns, 1 where a pod may take less than a
        step, who leaves for the best use, and 1 where pods of several devices pay.
    """

    size: int
    need: Ints
    room: Ints
    share: Ints
    whole: Ints
    worth: Ints
    leave: Ints
    one: Ints
    goes: Ints
    at: Ints


def steps_of(fleet: Fleet, number: int = STEPS) -> tuple[Steps, ...]:
    """Return room to work in for CPU and for each mixture, in so many steps of the largest node."""
    nodes, kinds = fleet.nodes, fleet.kinds
    cpu = int(nodes.cpu.sum() + kinds.cpu[nodes.kind].sum())
    memory = int(nodes.memory.sum() + kinds.memory[nodes.kind].sum())
    scale = max(1, min(cpu, memory) // FINE)
    weights = [(max(1, memory // scale), part * cpu // scale) for part in MIXTURES]
    return tuple(_mixture(fleet, *pair, number) for pair in ((1, 0), *weights))


def _mixture(fleet: Fleet, cpu: int, memory: int, number: int) -> Steps:
    """Return room to work in, where a millicore and a unit of memory weigh so much."""
    nodes, kinds = fleet.nodes, fleet.kinds
    models, devices = kinds.model.shape[1], nodes.device.shape[1]
    need = cpu * kinds.cpu + memory * kinds.memory
    room = cpu * nodes.cpu + memory * nodes.memory
    movable = np.concatenate([[0], np.cumsum(need[nodes.kind])])
    total = room + movable[nodes.start[1:]] - movable[nodes.start[:-1]]
    size = max(1, -(-int(total.max(initial=0)) // number))
    steps = int(total.max(initial=0)) // size + 1
    width = steps + MOVABLE + 2
    shapes = (
        (models, fleet.full + 1, steps + 1),
        (models, devices + 1, steps + 1),
        *((2, devices + 2, width),) * 2,
        *((width,),) * 2,
        (6,),
    )
    return Steps(size, need, room, *(np.zeros(shape, np.int64) for shape in shapes))


@compiled
def buy(fleet: Fleet, values: Values, steps: Steps) -> None:
    """Fill in what room buys under the prices."""
    steps.at[3] = 0
    for m in range(steps.share.shape[0]):
        for f in range(steps.share.shape[1]):
            for c in range(steps.share.shape[2]):
                steps.share[m, f, c] = steps.share[m, f - 1, c] if f else 0
            _shares(fleet, values, steps, m, f)
        for q in range(steps.whole.shape[1]):
            for c in range(steps.whole.shape[2]):
                steps.whole[m, q, c] = steps.whole[m, q - 1, c] if q else 0
            _wholes(fleet, values, steps, m, q)


@inlined
def _shares(fleet: Fleet, values: Values, steps: Steps, m: int, f: int) -> None:
    for at in range(values.start[m], values.start[m + 1]):
        k = values.menu[at]
        units, cpu = fleet.kinds.units[k], steps.need[k] // steps.size
        if fleet.kinds.number[k] == 1 and units <= f:
            for c in range(cpu, steps.share.shape[2]):
                worth = steps.share[m, f - units, c - cpu] + values.price[k]
                steps.share[m, f, c] = max(steps.share[m, f, c], worth)


@inlined
def _wholes(fleet: Fleet, values: Values, steps: Steps, m: int, q: int) -> None:
    """Go through pods of several devices or none.

    Of pods without devices that take less than a step, as many as fill one count as one.
    """
    for at in range(values.start[m], values.start[m + 1]):
        k = values.menu[at]
        number, price = fleet.kinds.number[k], values.price[k]
        cpu = steps.need[k] // steps.size
        if number == 0 and cpu == 0:
            cpu, price = 1, price * steps.size // steps.need[k] + 1
            steps.at[3] = 1
        if number != 1 and number <= q:
            for c in range(cpu, steps.whole.shape[2]):
                worth = steps.whole[m, q - number, c - cpu] + price
                steps.whole[m, q, c] = max(steps.whole[m, q, c], worth)
