"""The best use of every amount of free room: an unbounded knapsack, filled in one pass."""

from typing import NamedTuple

from restow.packing.patterns.compiled import compiled
from restow.rescheduling.problem import Ints

UNIT = 1 << 20
"""One of gain, in the integers of prices."""


class Offers(NamedTuple):
    """Who may arrive.

    Parameters
    ----------
    needs, offset
        (ways, counted) steps and (ways,) cells that one takes.
    reward
        (ways,) what one is worth, in `UNIT`s.
    name
        (ways,) how the way is called.
    """

    needs: Ints
    offset: Ints
    reward: Ints
    name: Ints


@compiled
def arrive(worth: Ints, coordinates: Ints, offers: Offers, best: Ints, choice: Ints) -> None:
    """Fill in the best use of each cell's room, and the first arrival in it.

    Parameters
    ----------
    worth
        (cells,) of room that stays free, in gains.
    coordinates
        (cells, counted) steps of each cell.
    best, choice
        (cells,) are filled: the most that room is worth, in `UNIT`s, and a name, -1 for nobody.
    """
    for cell in range(worth.shape[0]):
        most, chosen = worth[cell] * UNIT, -1
        for way in range(offers.offset.shape[0]):
            fits = True
            for d in range(coordinates.shape[1]):
                if offers.needs[way, d] > coordinates[cell, d]:
                    fits = False
                    break
            if fits:
                value = offers.reward[way] + best[cell - offers.offset[way]]
                if value > most:
                    most, chosen = value, offers.name[way]
        best[cell], choice[cell] = most, chosen
