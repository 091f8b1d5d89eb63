"""What the search for columns works on, as arrays that compiled loops can read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

DEEP = 16
"""Most pods that leave a node, or arrive, in one column that is found."""

UNKNOWN = -1
"""Where a direction says nothing of what room is worth."""


class Ground(NamedTuple):
    """The nodes: (nodes, resources) free room, and what their pods hold.

    Parameters
    ----------
    start
        (nodes + 1,) where the pods of a node begin.
    need, wide
        (pods, resources) amounts, and (pods, 2) cells, rounded up, that a departure frees.
    """

    free: Ints
    start: Ints
    need: Ints
    wide: Ints


class Offers(NamedTuple):
    """Who may arrive: (offers, resources) need, (offers,) price and most on one node.

    `welcome` is (offers, nodes), 1 where one may arrive.
    """

    need: Ints
    price: Ints
    most: Ints
    welcome: Ints


class Grid(NamedTuple):
    """What room is worth at most.

    Parameters
    ----------
    axis, step, top
        [2] which resources, the amount of a cell, and the last cell.
    worth
        (cells,) the most that arrivals can be worth; cells of the second axis beside each other.
    slope
        [3] the most that a cell along the first axis, the second, or either is worth, shifted.
    """

    axis: Ints
    step: Ints
    top: Ints
    worth: Ints
    slope: Ints


class Found(NamedTuple):
    """The best column of each node.

    Parameters
    ----------
    value, more
        (nodes,) what it is worth less what is paid, at least 0, and how much more a search that was
        cut off may have missed.
    gone, come
        (nodes, DEEP + 1) how many leave, or arrive, and which: positions on the node, offers.
    """

    value: Ints
    more: Ints
    gone: Ints
    come: Ints


class Room(NamedTuple):
    """Room to work in.

    Parameters
    ----------
    room, paid, turn, leaves
        (DEEP + 1, …) of each departure on the way: what is free, what is paid, who is next, who.
    left, got, at, used
        (DEEP + 1, …) the same of each arrival.
    rest
        (3, pods of a node + 1) what the departures still to be decided may bring, per direction.
    state
        [0] steps, [1] whether the search was cut off.
    """

    room: Ints
    paid: Ints
    turn: Ints
    leaves: Ints
    left: Ints
    got: Ints
    at: Ints
    used: Ints
    rest: Ints
    state: Ints


class Task(NamedTuple):
    """Everything there is to know; `fee` is (pods,) what a departure costs."""

    ground: Ground
    offers: Offers
    grid: Grid
    fee: Ints
    room: Room
    found: Found


def room_of(resources: int, pods: int) -> Room:
    """Return room to work in, for nodes of up to so many pods."""
    deep = DEEP + 1
    return Room(
        room=np.zeros((deep, resources), np.int64),
        paid=np.zeros(deep, np.int64),
        turn=np.zeros(deep, np.int64),
        leaves=np.zeros(deep, np.int64),
        left=np.zeros((deep, resources), np.int64),
        got=np.zeros(deep, np.int64),
        at=np.zeros(deep, np.int64),
        used=np.zeros(deep, np.int64),
        rest=np.zeros((3, pods + 1), np.int64),
        state=np.zeros(2, np.int64),
    )
