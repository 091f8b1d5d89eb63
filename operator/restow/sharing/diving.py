"""Whole numbers by diving: round up the columns used most, solve again, price again."""

import numpy as np
from numpy.typing import NDArray

from restow.sharing.columns import Column
from restow.sharing.generation import Generation, Left

SMALL, HALF = 1e-3, 0.5
"""Less than this of a column is none; when time is over, more than this is all of it."""

SURE = 0.95
"""A share this near to a whole one is rounded up at once."""

EACH = 0.06
"""Of the columns used in part, so many are rounded up in a turn, those used most."""


def dive(generation: Generation, left: Left) -> list[Column]:
    """Return columns, one of a node at most, that nearly balance; the program is as before."""
    master, fixed = generation.master, dict[int, Column]()
    share = np.zeros(0)
    while left() > 0:
        duals = generation.solved(left)
        if duals is None:
            break
        share = np.array(master.shares())
        share[list(fixed)] = 0.0
        rounded = _rounded(generation, share, fixed, EACH)
        for at in rounded:
            fixed[at] = master.columns[at]
            master.fix(at)
        if not rounded:
            break
        generation.widen(duals)
    for at in fixed:
        master.release(at)
    for at in _rounded(generation, np.where(share > HALF, share, 0.0), fixed, 1.0):
        fixed[at] = master.columns[at]
    return list(fixed.values())


def nearest(generation: Generation) -> list[Column]:
    """Return the columns that the program's last solution uses for the most part."""
    share = np.array(generation.master.shares())
    at = _rounded(generation, np.where(share > HALF, share, 0.0), {}, 1.0)
    return [generation.master.columns[column] for column in at]


def _rounded(
    generation: Generation, share: NDArray[np.float64], fixed: dict[int, Column], each: float
) -> list[int]:
    """Return the columns to round up: those used nearly in whole, and part of the others."""
    part = np.flatnonzero(share > SMALL)
    order = part[np.argsort(-share[part], kind="stable")]
    sure = int((share[order] >= SURE).sum())
    taken = {column.node for column in fixed.values()}
    moves = sum(column.moves for column in fixed.values())
    rounded = []
    for at in order[: max(sure, 1 + int(each * len(order)))].tolist():
        column = generation.master.columns[at]
        if column.node not in taken and moves + column.moves <= generation.fleet.limit:
            taken.add(column.node)
            moves += column.moves
            rounded.append(at)
    return rounded
