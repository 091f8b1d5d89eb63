"""Who is where while migrations go on: a mover holds its old place until its wave has ended."""

from collections import Counter, defaultdict

import numpy as np

from restow.rescheduling.problem import Ints, Problem


class Occupancy:
    """A cluster in the middle of a plan."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.free = np.array(problem.free, np.int64)
        self._where = [(mover.node, mover.mode) for mover in problem.movers]
        self._leaving: list[tuple[int, int, int]] = []
        self._groups: dict[int, list[int]] = defaultdict(list)
        self._there: Counter[tuple[int, int]] = Counter()
        for g, group in enumerate(problem.groups):
            for mover in group.movers:
                self._groups[mover].append(g)
                self._there[g, problem.movers[mover].node] += 1
            for node in group.taken:
                self._there[g, node] += 1

    def node(self, mover: int) -> int:
        """Return where a mover is."""
        return self._where[mover][0]

    def mode(self, mover: int) -> int:
        """Return how a mover stands."""
        return self._where[mover][1]

    def size(self, mover: int) -> Ints:
        """Return what a mover takes where it is."""
        return self._problem.needs(self._problem.movers[mover].kind, self._where[mover][1])

    def has_room(self, node: int, place: Ints) -> bool:
        """Return whether a node has that much free."""
        return bool((place <= self.free[node]).all())

    def fits(self, mover: int, node: int, mode: int) -> bool:
        """Return whether a mover can go to a node now."""
        kind = self._problem.movers[mover].kind
        return self.has_room(node, self._problem.needs(kind, mode)) and self.welcome(mover, node)

    def welcome(self, mover: int, node: int) -> bool:
        """Return whether nobody is on the node, or comes to it, that a mover may not be with."""
        own = node == self._where[mover][0]
        return all(self._there[g, node] == own for g in self._groups[mover])

    def move(self, mover: int, node: int, mode: int) -> None:
        """Let a mover go to a node; its old place is free once the wave is settled."""
        old, old_mode = self._where[mover]
        self._leaving.append((mover, old, old_mode))
        self._where[mover] = (node, mode)
        self.free[node] -= self._problem.needs(self._problem.movers[mover].kind, mode)
        for g in self._groups[mover]:
            self._there[g, node] += 1

    def settle(self) -> None:
        """End the wave: the places that movers have left are free."""
        for mover, node, mode in self._leaving:
            self.free[node] += self._problem.needs(self._problem.movers[mover].kind, mode)
            for g in self._groups[mover]:
                self._there[g, node] -= 1
        self._leaving.clear()
