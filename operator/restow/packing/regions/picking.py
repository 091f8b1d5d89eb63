"""Which nodes to look at together."""

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

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

BESIDE = 2
"""Nodes of one class that are taken for one node of a chain that is too long."""

ASKING = 32
"""Most waiting classes that a region is asked to place: more than it has nodes for."""

SHORT = 32
"""Nodes looked at for a pod that waits, those that lack least for it."""


class _Draw:
    """What one round is drawn from.

    Attributes
    ----------
    taken
        Nodes of regions that are drawn already.
    """

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger = ledger
        self.rng = rng
        self.taken: set[int] = set()

    def piece(self, chain: Sequence[int], moved: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """Return some nodes of a chain too long for a region, each beside another; of others none.

        Where pods are alike a chain may go through half of the cluster.
        """
        if len(chain) <= SIZE:
            return ()
        first = self.some(chain, 1)
        found = dict.fromkeys(first)
        for n in first:
            for nodes in moved:
                if n in nodes and len(found) < SIZE // 2:
                    first += self.some((k for k in nodes if k not in found), BESIDE)
                    found |= dict.fromkeys(first)
        return tuple(found)

    def some(self, nodes: Iterable[int], most: int) -> list[int]:
        """Return up to `most` of the nodes that are in no region yet, at random."""
        free = [int(n) for n in nodes if int(n) not in self.taken]
        return self.rng.sample(free, min(len(free), most))


class Region(NamedTuple):
    """Nodes to look at together, and the classes that wait for a place and may get one there."""

    nodes: frozenset[int]
    waiting: tuple[int, ...]


class Picker:
    """Draws regions in which a goal may gain."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        pods = [(c, n) for c, each in enumerate(problem.classes) for n, _ in each.running]
        self._class_of = np.array([c for c, _ in pods], np.intp)
        self._node_of = np.array([n for _, n in pods], np.intp)
        shape = (len(problem.classes), len(problem.resources))
        self._demand = np.array([each.demand for each in problem.classes], np.int64).reshape(shape)

    def round(self, goal: Goal, ledger: Ledger, rng: random.Random, most: int) -> list[Region]:
        """Return up to `most` regions without a node in common; none when nothing can gain."""
        waiting = [c for c in goal.placed if ledger.waiting(c)] if goal.maximise else []
        draw = _Draw(ledger, rng)
        moved = [sorted(ledger.changed_nodes(c)) for c in sorted(ledger.disturbed())]
        chains = chains_of(moved)
        found: list[Region] = []
        while len(found) < most and len(draw.taken) < len(self._problem.capacity):
            free = [c for c in chains if len(c) <= SIZE and draw.taken.isdisjoint(c)]
            free += [piece for chain in chains if (piece := draw.piece(chain, moved))]
            if not free and not waiting:
                break
            region = self._region(draw, waiting, free)
            draw.taken |= region.nodes
            found.append(region)
        return found

    def _region(
        self, draw: _Draw, waiting: Sequence[int], chains: Sequence[tuple[int, ...]]
    ) -> Region:
        rng, ledger = draw.rng, draw.ledger
        chosen = rng.sample(chains, min(len(chains), rng.randint(1, CHAINS)))
        nodes = {n for chain in chosen for n in chain}
        arriving = [*waiting, *arrived(ledger, nodes)]
        wanted = rng.sample(waiting, min(len(waiting), ASKING))
        if wanted:
            asking = wanted[0]
            nodes.update(draw.some(ledger.by_shortfall(asking, SHORT), SIZE // 2))
        nodes.update(self._openings(draw, arriving))
        nodes.update(draw.some(ledger.roomiest(ROOMY), SINKS))
        nodes.update(draw.some(range(len(self._problem.capacity)), max(0, SIZE - len(nodes))))
        return Region(frozenset(nodes), tuple(sorted(wanted)))

    def _openings(self, draw: _Draw, arriving: Sequence[int]) -> list[int]:
        """Return nodes on which one pod's leaving makes room for two, drawn at random."""
        if len(arriving) < 2 or not len(self._node_of):
            return []
        one, two = draw.rng.sample(arriving, 2)
        need = self._demand[one] + self._demand[two]
        free = draw.ledger.free_rooms()
        size = self._demand[self._class_of]
        opens = ((free[self._node_of] + size) >= need).all(axis=1)
        roomy = free[draw.ledger.roomiest(ROOMY)]
        leaving = list(map(int, np.flatnonzero(opens)))
        pods = draw.rng.sample(leaving, min(len(leaving), 4 * OPENINGS))
        landing = (int(self._node_of[p]) for p in pods if (roomy >= size[p]).all(axis=1).any())
        return [n for n in dict.fromkeys(landing) if n not in draw.taken][:OPENINGS]


def chains_of(moved: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Return the nodes of disturbed pods, in sets that share a class or a node, sorted.

    `moved` are the nodes with more or fewer pods of one class than now, class by class.
    """
    parent: dict[int, int] = {}

    def root(n: int) -> int:
        while parent.setdefault(n, n) != n:
            n = parent[n]
        return n

    for nodes in moved:
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
