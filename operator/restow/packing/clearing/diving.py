"""Whole columns from the linear program: some are fixed, and it is solved again."""

from restow.packing.clearing.generation import NEAR, Generation
from restow.packing.clearing.master import Column
from restow.packing.patterns.meter import Meter

SURE, LESS = 0.75, 0.15
"""From this share on a column is taken whole, in later tries from less on; where none has so much,
the one that has most."""

DEARER = 0.5
"""By so much more may a solution cost before it is asked for other columns."""


def dive(generation: Generation, meter: Meter, tries: int) -> list[Column]:
    """Return columns, one per node at most, that together make room, or nearly; few departures.

    Where nothing was learned by `tries` dives, this one is another.
    """
    master, fixed = generation.master, set[int]()
    sure = SURE - LESS * tries
    value = generation.solved(meter)
    while value is not None and not meter.over():
        part = {
            number: share
            for number, share in enumerate(generation.shares)
            if share > NEAR and number not in fixed
        }
        if not part:
            break
        best = max(part.values())
        nodes = {master.columns[number].node for number in fixed}
        for number, share in part.items():
            column = master.columns[number]
            if share >= min(best, sure) and column.node not in nodes:
                nodes.add(column.node)
                master.fix(number, 1.0)
                fixed.add(number)
        generation.learn(pod for number in fixed for pod in master.columns[number].gone)
        value = _solved(generation, value, meter)
    for number in fixed:
        master.fix(number, 0.0)
    return [master.columns[number] for number in sorted(fixed)]


def _solved(generation: Generation, before: float, meter: Meter) -> float | None:
    """Solve the program, with more columns where what was fixed makes it much dearer."""
    value = generation.solved(meter)
    if value is not None and value > before + DEARER:
        generation.look(generation.master.prices(), meter)
        value = generation.solved(meter)
    return value
