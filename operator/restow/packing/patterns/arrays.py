"""One level of a problem as arrays: what the compiled loops read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Pods(NamedTuple):
    """The classes that count at this level.

    Parameters
    ----------
    demand
        (classes, resources) requests of one pod.
    most, least
        (classes,) pods there are, and how many of them must have a place.
    """

    demand: Ints
    most: Ints
    least: Ints


class Nodes(NamedTuple):
    """Sets of nodes that the level cannot tell apart.

    Parameters
    ----------
    room
        (sets, resources) room for the pods of the level.
    home
        (sets, classes) pods that may stay.
    comers
        (sets, classes) most pods that may come.
    number
        (sets,) nodes in the set.
    """

    room: Ints
    home: Ints
    comers: Ints
    number: Ints


class Rows(NamedTuple):
    """Sums that may not exceed `most`.

    Parameters
    ----------
    placed, moved
        (rows, classes) weight of a pod that has a place, and of one that is away from home.
    most
        (rows,) limits.
    """

    placed: Ints
    moved: Ints
    most: Ints


class Areas(NamedTuple):
    """Sums of pods by where they are that may not exceed `most`: how far zones may differ.

    Parameters
    ----------
    where
        (areas, sets) what a pod on a set of nodes counts: 1, -1 or 0.
    first, member
        (areas + 1,), (entries,) the classes of area a, `member[first[a] : first[a + 1]]`.
    start, area
        (classes + 1,), (entries,) the areas of class c, `area[start[c] : start[c + 1]]`.
    most
        (areas,) limits.
    """

    where: Ints
    first: Ints
    member: Ints
    start: Ints
    area: Ints
    most: Ints


class Gain(NamedTuple):
    """What is maximised: (classes,) weight of a pod with a place, and of one away from home."""

    placed: Ints
    moved: Ints


class Level(NamedTuple):
    """Everything a compiled loop needs to know of one level."""

    pods: Pods
    nodes: Nodes
    rows: Rows
    gain: Gain
    areas: Areas
