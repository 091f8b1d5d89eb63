"""Holes: what a departing pod needs elsewhere. Kinds of nearly equal size share one.

A hole is as large as the largest of its kinds, resource by resource.
"""

from dataclasses import dataclass, field

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
    rooms
        (holes, modes, resources) `largest`, the last mode of a hole repeated where it has fewer.
    """

    of: Ints
    largest: tuple[Ints, ...]
    nodes: tuple[frozenset[int] | None, ...]
    rooms: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        most = max((len(modes) for modes in self.largest), default=1)
        rooms = [_padded(modes[None], most)[0] for modes in self.largest]
        object.__setattr__(self, "rooms", np.array(rooms, np.int64))

    def __len__(self) -> int:
        """Return how many holes there are."""
        return len(self.largest)

    def inside(self, small: Ints, large: Ints) -> NDArray[np.bool_]:
        """Return (small, large) whether what needs the one hole may use the other."""
        return _fits(self, small, large)

    def nested(self, some: Ints) -> list[tuple[int, int]]:
        """Return the pairs (small, large) of some holes with none of them in between."""
        inside = strictly(self.inside(some, some))
        between = inside.astype(np.float32) @ inside.astype(np.float32) > 0
        return [(int(some[a]), int(some[b])) for a, b in np.argwhere(inside & ~between)]


def holes_of(problem: Problem, most: int) -> Holes:
    """Return at most so many holes that the kinds of a problem need."""
    alike = _alike(problem.kinds, most)
    number = {mark: h for h, mark in enumerate(dict.fromkeys(alike))}
    of = np.array([number[mark] for mark in alike], np.int64)
    members: list[list[int]] = [[] for _ in number]
    for kind, hole in enumerate(of):
        members[hole].append(kind)
    modes = [[np.array(problem.kinds[k].modes, np.int64) for k in group] for group in members]
    largest = tuple(np.max(group, axis=0) for group in modes)
    nodes = tuple(problem.kinds[group[0]].nodes for group in members)
    return Holes(of=of, largest=largest, nodes=nodes)


def each_its_own(problem: Problem) -> Holes:
    """Return holes that no two kinds share."""
    sizes = tuple(np.array(kind.modes, np.int64) for kind in problem.kinds)
    return Holes(
        of=np.arange(len(sizes)),
        largest=sizes,
        nodes=tuple(kind.nodes for kind in problem.kinds),
    )


def beside_own(holes: Holes, problem: Problem) -> Holes:
    """Return the holes, and after them one for each kind: that is the one that a kind needs."""
    own = each_its_own(problem)
    return Holes(
        of=len(holes) + own.of,
        largest=(*holes.largest, *own.largest),
        nodes=(*holes.nodes, *own.nodes),
    )


def strictly(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (holes, holes) `inside` so that of two that are the same the later is the larger."""
    return inside & ~np.tril(inside & inside.T)


def dearest(covers: NDArray[np.bool_], prices: Ints) -> Ints:
    """Return prices of holes: each that of the dearest which it has room for.

    No use of room by small pods at the price of large ones looks better than it is.

    Parameters
    ----------
    covers
        (holes, priced) whether a hole has room for what is priced.
    prices
        (priced,).
    """
    return np.asarray((covers * prices[None]).max(axis=1, initial=0), np.int64)


def _alike(kinds: tuple[MoverClass, ...], most: int) -> list[tuple[object, ...]]:
    """Return a mark for each kind; those with the same mark share a hole."""
    sizes = np.array([np.max(np.array(kind.modes), axis=0) for kind in kinds], np.float64)
    parts = 64
    while True:
        levels = np.stack([_levels(column, parts) for column in sizes.T], axis=1)
        marks: list[tuple[object, ...]] = [
            (len(kind.modes), None if kind.nodes is None else tuple(sorted(kind.nodes)), *level)
            for kind, level in zip(kinds, levels.tolist(), strict=True)
        ]
        if len(set(marks)) <= most or parts == 1:
            return marks
        parts = parts * 3 // 4


def _levels(amounts: NDArray[np.float64], parts: int) -> Ints:
    """Return (kinds,) levels of an amount, as many in each level as in any other."""
    steps = np.quantile(amounts, np.linspace(0, 1, parts + 1)[1:-1])
    return np.searchsorted(steps, amounts).astype(np.int64)


def _fits(holes: Holes, small: Ints, large: Ints) -> NDArray[np.bool_]:
    """Return (small, large) whether what needs the one fits in the other, however that one lies."""
    needs, rooms = holes.rooms[small], holes.rooms[large]
    fits = np.ones((len(small), len(large)), bool)
    for into in range(needs.shape[1]):
        lies = np.zeros_like(fits)
        for as_ in range(needs.shape[1]):
            here = np.ones_like(fits)
            for r in range(needs.shape[2]):
                here &= needs[:, as_, r, None] <= rooms[None, :, into, r]
            lies |= here
        fits &= lies
    places = {nodes: n for n, nodes in enumerate(dict.fromkeys(holes.nodes))}
    may = np.array([[a is None or (b is not None and b <= a) for b in places] for a in places])
    at, onto = (
        np.array([places[holes.nodes[h]] for h in some], np.intp) for some in (small, large)
    )
    return np.asarray(fits & may[np.ix_(at, onto)], bool)


def _padded(modes: Ints, most: int) -> Ints:
    """Return the modes, the last one repeated until there are `most`."""
    return np.concatenate([modes, np.repeat(modes[:, -1:], most - modes.shape[1], axis=1)], axis=1)
