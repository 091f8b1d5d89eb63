"""Prices of classes where nodes of one sort are one pool: the linear program over device patterns.

CPU and memory of a pool are one amount, its devices are apart: a pattern is a set of shares on one
device. GLOP is in floating point; bounds come from `pricing`, at the same prices in integers.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp  # type: ignore[import-untyped]  # ships no types

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import Fleet, Ints, Kinds
from restow.sharing.problem import Problem

Floats = NDArray[np.float64]

NEAR = 1e-6
"""A pattern this little better than the program's own, in devices' thousandths, is not."""

ROUNDS = 400
"""Rounds of patterns at most; some 100 suffice for 8,000 pods on 1,200 nodes."""


class Pools(NamedTuple):
    """Nodes of one sort put together, (pools,) each: model, CPU, memory and devices."""

    model: Ints
    cpu: Ints
    memory: Ints
    devices: Ints


class Pattern(NamedTuple):
    """Classes, with how many of each, that share one device, or one pod on several or on none."""

    pool: int
    kinds: tuple[tuple[int, int], ...]


def pools_of(problem: Problem, fleet: Fleet) -> tuple[Pools, list[int]]:
    """Return the pools of a problem, and the pool of each node."""
    sorts: dict[object, int] = {}
    of = [
        sorts.setdefault((node.model, node.cpu_m, node.memory, node.devices), len(sorts))
        for node in problem.nodes
    ]
    pools = Pools(*np.zeros((4, len(sorts)), np.int64))
    for n, pool in enumerate(of):
        node = problem.nodes[n]
        pools.model[pool] = fleet.nodes.model[n]
        pools.cpu[pool] += node.cpu_m
        pools.memory[pool] += node.memory
        pools.devices[pool] += node.devices
    return pools, of


def running(problem: Problem, pool: list[int]) -> set[Pattern]:
    """Return the patterns that are on the devices now."""
    on: dict[tuple[int, tuple[int, ...], int], Counter[int]] = {}
    for p, pod in enumerate(problem.pods):
        if pod.node is not None:
            alone = p if not pod.devices else -1
            on.setdefault((pod.node, pod.devices, alone), Counter())[pod.kind] += 1
    return {
        Pattern(pool[node], tuple(sorted(counts.items()))) for (node, _, _), counts in on.items()
    }


class Pooling:
    """The program; grows by patterns until none is better.

    Parameters
    ----------
    least, most
        (kinds,) how many pods of each class are placed.
    """

    def __init__(self, pools: Pools, kinds: Kinds, full: int, least: Ints, most: Ints) -> None:
        self._pools, self._kinds, self._full = pools, kinds, full
        self._solver = solver = pywraplp.Solver.CreateSolver("GLOP")
        solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        solver.Objective().SetMaximization()
        infinity = solver.infinity()
        self._room = [
            [solver.Constraint(-infinity, float(amount)) for amount in amounts]
            for amounts in (pools.cpu, pools.memory, pools.devices)
        ]
        self._placed = [
            solver.Constraint(float(a), float(b)) for a, b in zip(least, most, strict=True)
        ]
        self._known: set[Pattern] = set()
        self._desk = np.zeros((2, full + 1), np.int64)

    def solve(
        self, start: Iterable[Pattern], left: Callable[[], float]
    ) -> tuple[Floats, float] | None:
        """Return prices of classes, in thousandths of a device, and the program's value.

        None where the program has no solution, or there is no time for one.

        Parameters
        ----------
        start
            Patterns that together place as many of each class as must be.
        """
        for pattern in sorted(start):
            self._add(pattern)
        price: Floats | None = None
        for _ in range(ROUNDS):
            if left() <= 0 or self._solver.Solve() != pywraplp.Solver.OPTIMAL:
                break
            dual = np.array([row.dual_value() for row in self._placed])
            price = self._kinds.gain - dual
            if not self._extend(price):
                break
        return None if price is None else (price, float(self._solver.Objective().Value()))

    def rates(self) -> Floats:
        """Return (3, pools) what CPU, memory and a device of each pool are worth."""
        return np.array([[row.dual_value() for row in rows] for rows in self._room])

    def _add(self, pattern: Pattern) -> bool:
        if pattern in self._known:
            return False
        self._known.add(pattern)
        kinds, use = self._kinds, self._solver.NumVar(0.0, self._solver.infinity(), "")
        number = np.array([count for _, count in pattern.kinds])
        which = np.array([k for k, _ in pattern.kinds])
        needs = (
            int(number @ kinds.cpu[which]),
            int(number @ kinds.memory[which]),
            max(int(kinds.number[which].max()), 0),
        )
        for rows, amount in zip(self._room, needs, strict=True):
            rows[pattern.pool].SetCoefficient(use, float(amount))
        for k, count in pattern.kinds:
            self._placed[k].SetCoefficient(use, float(count))
        self._solver.Objective().SetCoefficient(use, float(number @ kinds.gain[which]))
        return True

    def _extend(self, price: Floats) -> bool:
        """Add the best pattern of shares of each pool, and single pods; return whether any."""
        kinds, found, (cpu, memory, device) = self._kinds, False, self.rates()
        for pool, model in enumerate(self._pools.model):
            worth = price - cpu[pool] * kinds.cpu - memory[pool] * kinds.memory
            worth[kinds.model[:, model] == 0] = -1.0
            rent = kinds.number * device[pool]
            apart = (kinds.units == 0) | (kinds.units == self._full)
            for k in np.flatnonzero(apart & (worth > rent + NEAR)):
                found = self._add(Pattern(pool, ((int(k), 1),))) or found
            shares = np.flatnonzero(~apart & (worth > 0))
            if len(shares):
                scaled = np.rint(worth[shares] * SCALE).astype(np.int64)
                best = _knapsack(kinds.units[shares], scaled, self._desk)
                if best > (device[pool] + NEAR) * SCALE:
                    found = self._add(self._pattern(pool, shares)) or found
        return found

    def _pattern(self, pool: int, shares: Ints) -> Pattern:
        left, counts = self._full, Counter[int]()
        while left:
            at = int(self._desk[1, left])
            if at < 0:
                left -= 1
            else:
                counts[int(shares[at])] += 1
                left -= int(self._kinds.units[shares[at]])
        return Pattern(pool, tuple(sorted(counts.items())))


SCALE = 1 << 20
"""Whole numbers to a thousandth of a device, in the knapsack."""


@compiled
def _knapsack(units: Ints, worth: Ints, desk: Ints) -> int:
    """Fill in the most that shares in each room are worth, and the last of them, -1 for none."""
    for f in range(1, desk.shape[1]):
        desk[0, f], desk[1, f] = desk[0, f - 1], -1
        for at in range(units.shape[0]):
            if units[at] <= f and worth[at] + desk[0, f - units[at]] > desk[0, f]:
                desk[0, f], desk[1, f] = worth[at] + desk[0, f - units[at]], at
    best: int = desk[0, desk.shape[1] - 1]
    return best
