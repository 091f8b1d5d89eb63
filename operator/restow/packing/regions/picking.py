"""Which nodes to look at together."""

import random
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from restow.packing.free_room import Indices
from restow.packing.goals import Goal
from restow.packing.ledger import Ledger
from restow.packing.problem import Problem

SIZE = 16
"""Nodes in a region: of 160 pods or so, which the engines for small problems solve at once."""

CHAINS = 3
"""Most disturbances that one region undoes together."""

OPENINGS = 4
"""Nodes added on which one move would make room for two pods."""

SINKS, ROOMY = 4, 64
"""Nodes added that have much room, and among how many they are drawn."""

SHORT = 32
"""Nodes looked at for a pod that waits, those that lack least for it."""


class Picker:
    """Draws regions in which a goal may gain."""

    def __init__(self, problem: Problem, rng: random.Random) -> None:
        self._problem = problem
        self._rng = rng
        pods = [(c, n) for c, each in enumerate(problem.classes) for n, _ in each.running]
        self._class_of = np.array([c for c, _ in pods], np.intp)
        self._node_of = np.array([n for _, n in pods], np.intp)
        shape = (len(problem.classes), len(problem.resources))
        self._demand = np.array([each.demand for each in problem.classes], np.int64).reshape(shape)

    def regions(self, goal: Goal, ledger: Ledger) -> Iterator[frozenset[int]]:
        """Yield sets of nodes for as long as the goal may gain; the ledger may change between."""
        while len(self._problem.capacity) > 0:
            waiting = [c for c in goal.placed if ledger.waiting(c)] if goal.maximise else []
            chains = chains_of(ledger)
            if not waiting and not chains:
                return
            chosen = self._rng.sample(chains, min(len(chains), self._rng.randint(1, CHAINS)))
            nodes = {n for chain in chosen for n in chain}
            arriving = [*waiting, *arrived(ledger, nodes)]
            if waiting:
                asking = self._rng.choice(waiting)
                short = ledger.by_shortfall(asking, SHORT)
                nodes.update(self._rng.sample(short, min(len(short), SIZE // 2)))
            nodes.update(self._openings(ledger, arriving))
            nodes.update(self._drawn(ledger.roomiest(ROOMY), SINKS))
            every = range(len(self._problem.capacity))
            nodes.update(self._rng.sample(every, min(len(every), max(0, SIZE - len(nodes)))))
            yield frozenset(nodes)

    def _openings(self, ledger: Ledger, arriving: Sequence[int]) -> list[int]:
        """Return nodes on which one pod's leaving makes room for two, drawn at random."""
        if len(arriving) < 2 or not len(self._node_of):
            return []
        one, two = self._rng.sample(arriving, 2)
        need = self._demand[one] + self._demand[two]
        free = ledger.free_rooms()
        size = self._demand[self._class_of]
        opens = ((free[self._node_of] + size) >= need).all(axis=1)
        roomy = free[ledger.roomiest(ROOMY)]
        pods = self._drawn(np.flatnonzero(opens), 4 * OPENINGS)
        landing = (p for p in pods if (roomy >= size[p]).all(axis=1).any())
        return list(dict.fromkeys(int(self._node_of[p]) for p in landing))[:OPENINGS]

    def _drawn(self, found: Indices, most: int) -> list[int]:
        return self._rng.sample(list(map(int, found)), min(len(found), most))


def chains_of(ledger: Ledger) -> list[tuple[int, ...]]:
    """Return the nodes of disturbed pods, in sets that share a class or a node, sorted."""
    parent: dict[int, int] = {}

    def root(n: int) -> int:
        while parent.setdefault(n, n) != n:
            n = parent[n]
        return n

    for c in sorted(ledger.disturbed()):
        nodes = sorted(ledger.changed_nodes(c))
        for n in nodes:
            parent[root(n)] = root(nodes[0])
    chains: dict[int, list[int]] = {}
    for n in sorted(parent):
        chains.setdefault(root(n), []).append(n)
    return [tuple(nodes) for _, nodes in sorted(chains.items())]


def arrived(ledger: Ledger, nodes: Iterable[int]) -> list[int]:
    """Return the pending classes with a pod on one of the nodes, sorted."""
    classes = ledger.problem.classes
    return sorted({c for n in nodes for c in ledger.at[n] if classes[c].pending})
