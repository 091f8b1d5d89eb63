"""The free room of all nodes as one array, kept up to date node by node."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from restow.packing.problem import Problem

Indices = npt.NDArray[np.intp]
Rooms = npt.NDArray[np.int64]


class FreeRoom:
    """The free room of all nodes at once, for questions about thousands of them."""

    def __init__(self, problem: Problem, free: list[list[int]]) -> None:
        shape = (len(problem.capacity), len(problem.resources))
        self._problem = problem
        self.free = np.array(free, np.int64).reshape(shape)
        self._capacity = np.array(problem.capacity, np.int64).reshape(shape)
        self._most = np.maximum(self._capacity, 1)
        self._left = np.zeros(shape[0])
        self._allowed: dict[int, Indices] = {}
        for node, room in enumerate(free):
            self._left[node] = self._share(node, room)

    def renew(self, node: int, room: list[int]) -> None:
        """Take over the free room of the node."""
        self.free[node] = room
        self._left[node] = self._share(node, room)

    def fitting(self, c: int, besides: int | None) -> Indices:
        """Return the allowed nodes, but for `besides`, with room for one pod; ascending."""
        allowed = self._allowed_to(c)
        fits = (self.free[allowed] >= np.array(self._problem.classes[c].demand)).all(axis=1)
        found = allowed[fits]
        return found if besides is None else found[found != besides]

    def tightest(self, nodes: Indices) -> int | None:
        """Return the node with the least room left over, the first of equals; None of none."""
        return int(nodes[np.argmin(self._left[nodes])]) if len(nodes) else None

    def by_tightness(self, nodes: Indices) -> Iterator[int]:
        """Yield the nodes, those with the least room left over first."""
        yield from map(int, nodes[np.argsort(self._left[nodes], kind="stable")])

    def by_shortfall(self, c: int, most: int) -> list[int]:
        """Return up to `most` nodes that could hold the pod if emptied, lacking least first."""
        demand = np.array(self._problem.classes[c].demand)
        allowed = self._allowed_to(c)
        nodes = allowed[(self._capacity[allowed] >= demand).all(axis=1)]
        lack = np.maximum(demand - self.free[nodes], 0) / self._most[nodes]
        order = np.argsort(lack.max(axis=1, initial=0.0), kind="stable")
        return [int(n) for n in nodes[order[:most]]]

    def roomiest(self, most: int) -> Indices:
        """Return up to `most` nodes, those with the largest free share first."""
        return np.argsort(-self._left, kind="stable")[:most]

    def _allowed_to(self, c: int) -> Indices:
        """Return the class's allowed nodes; classes that are allowed alike often share a tuple."""
        allowed = self._problem.classes[c].allowed
        if id(allowed) not in self._allowed:
            self._allowed[id(allowed)] = np.array(allowed, np.intp)
        return self._allowed[id(allowed)]

    def _share(self, node: int, room: list[int]) -> float:
        capacity = self._problem.capacity[node]
        return sum(free / max(1, most) for free, most in zip(room, capacity, strict=True))
