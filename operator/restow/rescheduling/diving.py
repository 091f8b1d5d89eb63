"""Whole numbers by diving: round up the most used column, solve again, price again."""

import numpy as np

from restow.packing.patterns.meter import Meter
from restow.rescheduling.choosing import Chosen
from restow.rescheduling.generation import Generation

ROUNDED = 0.99
"""A share this near to a whole number is one."""


def dive(generation: Generation, meter: Meter) -> Chosen | None:
    """Return the choice of columns at the end of a dive, if it ends in one; columns are added.

    The program is of no use afterwards.
    """
    fixed: dict[int, int] = {}
    while not meter.over():
        generation.widen()
        shares = generation.shares()
        if not shares:
            return None
        amount = np.array([share for _, share in shares])
        whole = np.floor(amount + 1 - ROUNDED)
        part = amount - whole
        if part.max(initial=0.0) <= 1 - ROUNDED:
            if generation.master.lacks():
                return None
            uses = tuple((shares[c][0], int(whole[c])) for c in np.flatnonzero(whole))
            gain = sum(column.gain * times for column, times in uses)
            return Chosen(uses=uses, gain=gain)
        fixed |= {int(column): int(whole[column]) for column in np.flatnonzero(whole > 0)}
        fixed[int(np.argmax(part))] = int(whole[np.argmax(part)]) + 1
        for column, least in fixed.items():
            generation.master.fix(column, least)
    return None
