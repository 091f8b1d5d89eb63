"""Holes: what a departing pod needs elsewhere. Kinds of nearly equal size share one.

A hole is as large as the largest of its kinds, resource by resource.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restow.rescheduling.problem import Ints, MoverClass, Problem

MOST_HOLES = 120
"""Kinds beyond this are put together by size: the linear program has a row for each hole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holes:
    """The holes of a problem.

    Parameters
    ----------
    of
        (kinds,) hole of each kind.
    largest
        For each hole, (modes, resources) what it has room for.
    nodes
        For each hole, where it may be; None for everywhere.
    inside
        (small, large) whether what needs the small hole may use the large one.
    within
        The pairs (small, large) with none in between.
    """

    of: Ints
    largest: tuple[Ints, ...]
    nodes: tuple[frozenset[int] | None, ...]
    inside: NDArray[np.bool_]
    within: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        """Return how many holes there are."""
        return len(self.largest)


def holes_of(problem: Problem, most: int = MOST_HOLES, own: frozenset[int] = frozenset()) -> Holes:
    """Return the holes that the kinds of a problem need.

    Parameters
    ----------
    most
        Holes for all kinds that have none of their own.
    own
        Kinds that share their hole with no other.
    """
    alike = _alike(problem.kinds, most, own)
    number = {mark: h for h, mark in enumerate(dict.fromkeys(alike))}
    of = np.array([number[mark] for mark in alike], np.int64)
    members: list[list[int]] = [[] for _ in number]
    for kind, hole in enumerate(of):
        members[hole].append(kind)
    modes = [[np.array(problem.kinds[k].modes, np.int64) for k in group] for group in members]
    largest = tuple(np.max(group, axis=0) for group in modes)
    nodes = tuple(problem.kinds[group[0]].nodes for group in members)
    inside = _inside(largest, nodes)
    return Holes(
        of=of,
        largest=largest,
        nodes=nodes,
        inside=inside,
        within=_closest(inside),
    )


def each_its_own(problem: Problem) -> Holes:
    """Return holes that no two kinds share, and none of which says that it is inside another."""
    sizes = tuple(np.array(kind.modes, np.int64) for kind in problem.kinds)
    return Holes(
        of=np.arange(len(sizes)),
        largest=sizes,
        nodes=tuple(kind.nodes for kind in problem.kinds),
        inside=np.zeros((0, 0), bool),
        within=(),
    )


def covers(fine: Holes, coarse: Holes) -> NDArray[np.bool_]:
    """Return (fine, coarse) whether a fine hole has room for what a coarse one is made for."""
    return _fits(coarse.largest, coarse.nodes, fine.largest, fine.nodes).T


def _alike(
    kinds: tuple[MoverClass, ...], most: int, own: frozenset[int]
) -> list[tuple[object, ...]]:
    """Return a mark for each kind; those with the same mark share a hole."""
    sizes = np.array([np.max(np.array(kind.modes), axis=0) for kind in kinds], np.float64)
    shared = np.array([k not in own for k in range(len(kinds))])
    parts = 64
    while True:
        levels = np.stack([_levels(column, shared, parts) for column in sizes.T], axis=1)
        marks = [
            (len(kind.modes), None if kind.nodes is None else tuple(sorted(kind.nodes)), *level)
            for kind, level in zip(kinds, levels.tolist(), strict=True)
        ]
        if shared.sum() <= most:
            return [(*mark, k) for k, mark in enumerate(marks)]
        marks = [(*mark, k) if k in own else mark for k, mark in enumerate(marks)]
        if len(set(marks)) <= most + len(own) or parts == 1:
            return list(marks)
        parts = parts * 3 // 4


def _levels(amounts: NDArray[np.float64], shared: NDArray[np.bool_], parts: int) -> Ints:
    """Return (kinds,) levels of an amount, as many in each level as in any other."""
    if not shared.any():
        return np.zeros(len(amounts), np.int64)
    steps = np.quantile(amounts[shared], np.linspace(0, 1, parts + 1)[1:-1])
    return np.searchsorted(steps, amounts).astype(np.int64)


def _inside(sizes: tuple[Ints, ...], nodes: tuple[frozenset[int] | None, ...]) -> NDArray[np.bool_]:
    """Return (small, large) whether one fits inside the other."""
    inside = _fits(sizes, nodes, sizes, nodes)
    both = inside & inside.T
    return inside & ~np.tril(both)  # of two that are the same, the later one is the larger


def _closest(inside: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Return the pairs with none in between."""
    between = inside.astype(np.float64) @ inside.astype(np.float64) > 0
    return tuple((int(a), int(b)) for a, b in np.argwhere(inside & ~between))


def _fits(
    small: tuple[Ints, ...],
    small_nodes: tuple[frozenset[int] | None, ...],
    large: tuple[Ints, ...],
    large_nodes: tuple[frozenset[int] | None, ...],
) -> NDArray[np.bool_]:
    """Return (small, large) whether what needs the one fits in the other, however that one lies."""
    most = max(len(modes) for modes in (*small, *large))
    rooms = np.stack([_padded(modes, most) for modes in large])
    fits = np.zeros((len(small), len(large)), bool)
    for s, modes in enumerate(small):
        fits[s] = (modes[None, None, :, :] <= rooms[:, :, None, :]).all(-1).any(-1).all(-1)
    places = {nodes: n for n, nodes in enumerate(dict.fromkeys((*small_nodes, *large_nodes)))}
    may = np.array([[a is None or (b is not None and b <= a) for b in places] for a in places])
    of_small = [places[nodes] for nodes in small_nodes]
    fits &= may[np.ix_(of_small, [places[nodes] for nodes in large_nodes])]
    return fits


def _padded(modes: Ints, most: int) -> Ints:
    """Return the modes, the last one repeated until there are `most`."""
    return np.concatenate([modes, np.repeat(modes[-1:], most - len(modes), axis=0)])
