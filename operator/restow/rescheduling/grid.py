"""The grid on which free room is counted, so that one table holds the best use of any of it.

Where every amount is a multiple of a step, the grid is exact. Else it is coarse: free room and what
departs are rounded down and what arrives up, for a plan that can be carried out, or the other way
round, for a bound that holds.
"""

from dataclasses import dataclass

import numpy as np

from restow.rescheduling.problem import Ints, Problem

MOST_CELLS = 130_000
"""Cells of a grid: a table of them is filled in some 10 ms."""

FINEST_CELLS = 3_000_000
"""Cells of a grid on which sizes count as they are: filled in 0.1 s for a hundred sizes."""


MOST_RESOURCES = 3
"""Resources that are counted, unless shapes ask for more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Cells of free room.

    Parameters
    ----------
    resources
        Those that are counted; the others never bind before one of these does.
    steps, extent, strides
        (counted resources,) amount of a step, cells, and distance of neighbouring cells.
    exact
        Whether no amount is rounded.
    """

    resources: tuple[int, ...]
    steps: Ints
    extent: Ints
    strides: Ints
    exact: bool

    @property
    def cells(self) -> int:
        """Return how many cells there are."""
        return int(np.prod(self.extent))

    def down(self, amounts: Ints) -> Ints:
        """Return (..., counted) whole steps in (..., resources) amounts."""
        return amounts[..., list(self.resources)] // self.steps

    def up(self, amounts: Ints) -> Ints:
        """Return (..., counted) steps that cover (..., resources) amounts."""
        return -(-amounts[..., list(self.resources)] // self.steps)

    def coordinates(self) -> Ints:
        """Return (cells, counted) steps of each cell."""
        found = np.empty((*self.extent, len(self.extent)), np.int64)
        for d, cells in enumerate(self.extent):
            along = [1] * len(self.extent)
            along[d] = -1
            found[..., d] = np.arange(cells).reshape(along)
        return found.reshape(-1, len(self.extent))


def grid_of(problem: Problem, full: Ints, most_cells: int = MOST_CELLS) -> Grid:
    """Return the finest grid that has room for it.

    Of many resources only those are counted that shapes ask for, then the scarcest: to leave one
    out makes no bound wrong, and columns are judged by all of them.

    Parameters
    ----------
    full
        (nodes, resources) free room once every mover has left.
    """
    amounts = _amounts(problem)
    counted = _scarcest(problem, _binding(amounts, full), full)
    values = np.concatenate([amounts, np.array(problem.free, np.int64), full])[:, counted]
    finest = np.array([max(1, int(np.gcd.reduce(column))) for column in values.T])
    top = full[:, counted].max(axis=0)
    steps = finest.copy()
    while float(np.prod(-(-top // steps) + 1.0)) > most_cells and (steps < top).any():
        steps[int(np.argmax(top // steps))] *= 2
    extent = -(-top // steps) + 1
    strides = np.ones_like(extent)
    strides[:-1] = np.cumprod(extent[::-1])[::-1][1:]
    return Grid(
        resources=tuple(counted),
        steps=steps,
        extent=extent,
        strides=strides,
        exact=bool((steps == finest).all()),
    )


def _amounts(problem: Problem) -> Ints:
    """Return (asked, resources) everything that is ever asked of a node."""
    asked = [mode for kind in problem.kinds for mode in kind.modes]
    asked += [request for shape in problem.shapes for request in shape.requests]
    return np.array(asked, np.int64).reshape(len(asked), len(problem.free[0]))


def _binding(amounts: Ints, full: Ints) -> list[int]:
    """Return the resources that can be the first to run out.

    A resource never is where all that is asked of it comes with at least as much, in proportion,
    of another one: then, whoever is on a node, more is left of it than of the other.
    """
    counted = [r for r in range(amounts.shape[1]) if amounts[:, r].any()]
    for r in list(counted):
        if any(_follows(amounts, full, r, other) for other in counted if other != r):
            counted.remove(r)
    return counted


def _scarcest(problem: Problem, counted: list[int], full: Ints) -> list[int]:
    """Return the resources that are worth counting, ascending."""
    asked = {
        r for shape in problem.shapes for request in shape.requests for r in counted if request[r]
    }
    free = np.array(problem.free, np.int64).sum(axis=0)
    left = free / np.maximum(1, full.sum(axis=0))
    ranked = sorted(counted, key=lambda r: (r not in asked, left[r], r))
    return sorted(ranked[: max(MOST_RESOURCES, len(asked))])


def _follows(amounts: Ints, full: Ints, r: int, other: int) -> bool:
    """Return whether resource `r` cannot run out before `other` does."""
    asking = amounts[amounts[:, r] > 0]
    if (asking[:, other] == 0).any():
        return False
    most = asking[np.argmax(asking[:, r] / asking[:, other])]
    return bool((full[:, r] * most[other] >= most[r] * full[:, other]).all())
