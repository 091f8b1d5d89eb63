"""The free room of all nodes as one array, kept up to date node by node."""

from collections.abc import Iterable, Iterator
from operator import gt
from typing import Final

import numpy as np
import numpy.typing as npt

from restow.packing.problem import Problem

Indices = npt.NDArray[np.intp]
Rooms = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

NONE: Final[Indices] = np.zeros(0, np.intp)


class FreeRoom:
    """The free room of all nodes at once, for questions about thousands of them."""

    def __init__(self, problem: Problem, free: list[list[int]]) -> None:
        """Follow the rows of `free`, which change: `renew` tells when one has."""
        shape = (len(problem.capacity), len(problem.resources))
        self._problem = problem
        # column by column: one resource of all nodes is what questions go through
        self._rows, self._stale = free, set[int]()
        self._free = np.asfortranarray(np.array(free, np.int64).reshape(shape))
        self._capacity = np.asfortranarray(np.array(problem.capacity, np.int64).reshape(shape))
        self._most = np.maximum(self._capacity, 1)
        self._left = np.zeros(len(self._free))
        for room, most in zip(self._free.T, self._most.T, strict=True):
            self._left += room / most  # in this order, as one node's is summed up below
        self._allowed: dict[int, Indices] = {}
        self._may: dict[int, Marks] = {}
        self._top: list[int] | None = None

    def renew(self, node: int) -> None:
        """Take over the free room of the node when it is asked for: much is undone before."""
        self._stale.add(node)

    @property
    def free(self) -> Rooms:
        """(nodes, resources) the free room; not to be changed."""
        self._catch_up()
        return self._free

    def _catch_up(self) -> None:
        for node in self._stale:
            room, left = self._rows[node], 0.0
            self._raise_top(self._free[node].tolist(), room)
            self._free[node] = room
            for amount, most in zip(room, self._problem.capacity[node], strict=True):
                left += amount / (most or 1)
            self._left[node] = left
        self._stale.clear()

    def fitting(self, c: int, besides: int | None) -> Indices:
        """Return the allowed nodes, but for `besides`, with room for one pod; ascending."""
        if not self.may_fit(c):
            return NONE
        demand = self._problem.classes[c].demand
        fits = self._may_hold(c).copy()
        for free, need in zip(self.free.T, demand, strict=True):
            fits &= free >= need
        if besides is not None:
            fits[besides] = False
        return fits.nonzero()[0]

    def may_fit(self, c: int) -> bool:
        """Return False if no node whatever has enough of some resource for one pod."""
        return bool(self.that_may_fit((c,)))

    def that_may_fit(self, classes: Iterable[int]) -> list[int]:
        """Return those of the classes of which no pod is too large for every node."""
        most, pods = self._most_free(), self._problem.classes
        return [c for c in classes if not any(map(gt, pods[c].demand, most))]

    def tightest(self, nodes: Indices) -> int | None:
        """Return the node with the least room left over, the first of equals; None of none."""
        return int(nodes[self._lefts()[nodes].argmin()]) if len(nodes) else None

    def by_tightness(self, nodes: Indices) -> Iterator[int]:
        """Yield the nodes, those with the least room left over first."""
        yield from map(int, nodes[self._lefts()[nodes].argsort(kind="stable")])

    def by_shortfall(self, c: int, most: int) -> list[int]:
        """Return up to `most` nodes that could hold the pod if emptied, lacking least first."""
        holds = self._may_hold(c).copy()
        lack = np.zeros(len(self._rows))
        for need, free, capacity, all_ in zip(
            self._problem.classes[c].demand,
            self.free.T,
            self._capacity.T,
            self._most.T,
            strict=True,
        ):
            holds &= capacity >= need
            np.maximum(lack, (need - free) / all_, out=lack)
        nodes = holds.nonzero()[0]
        lack = lack[nodes]
        if most < len(nodes):
            near = lack <= np.partition(lack, most - 1)[most - 1]
            nodes, lack = nodes[near], lack[near]
        order = lack.argsort(kind="stable")
        return nodes[order[:most]].tolist()  # type: ignore[no-any-return]  # numpy's own

    def roomiest(self, most: int) -> Indices:
        """Return up to `most` nodes, those with the largest free share first."""
        return np.argsort(-self._lefts(), kind="stable")[:most]

    def _most_free(self) -> list[int]:
        """Return per resource the most room that a node has."""
        self._catch_up()
        if self._top is None:
            self._top = self._free.max(axis=0, initial=0).tolist()
        return self._top

    def _lefts(self) -> npt.NDArray[np.float64]:
        """Return per node the sum of its free shares."""
        self._catch_up()
        return self._left

    def _raise_top(self, before: list[int], after: list[int]) -> None:
        """Keep what `_most_free` says true, or forget it, when a node's room changes."""
        if self._top is None:
            return
        if any(was == most > now for was, most, now in zip(before, self._top, after, strict=True)):
            self._top = None
        else:
            self._top = list(map(max, self._top, after))

    def _allowed_to(self, c: int) -> Indices:
        """Return the class's allowed nodes; classes that are allowed alike often share a tuple."""
        allowed = self._problem.classes[c].allowed
        if id(allowed) not in self._allowed:
            self._allowed[id(allowed)] = np.array(allowed, np.intp)
        return self._allowed[id(allowed)]

    def _may_hold(self, c: int) -> Marks:
        """Return per node whether it is among the class's allowed ones."""
        key = id(self._problem.classes[c].allowed)
        if key not in self._may:
            self._may[key] = marks = np.zeros(len(self._rows), bool)
            marks[self._allowed_to(c)] = True
        return self._may[key]
