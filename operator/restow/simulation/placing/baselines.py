"""Random, BestFit and FGD, as published with the openb experiments (Weng et al., ATC 2023)."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import Ints
from restow.simulation.placing.cluster import Cluster, first, fits, shift
from restow.simulation.placing.policy import Seat
from restow.simulation.placing.workload import Workload

TYPICAL = 0.95
"""Share of the pods that the classes make up by which FGD judges fragments, most frequent first."""


class Random:
    """Any node and device where it fits."""

    turn = 0

    def __init__(self, dice: np.random.Generator) -> None:
        self._dice = dice

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return any node and devices."""
        node = int(_any(cluster, kind, float(self._dice.random())))
        if node < 0 or not cluster.kinds.number[kind]:
            return node, 0
        able = np.flatnonzero(
            cluster.device[node, : cluster.number[node]] >= cluster.kinds.units[kind]
        )
        chosen = self._dice.choice(able, int(cluster.kinds.number[kind]), replace=False)
        return node, sum(1 << int(d) for d in chosen)


class BestFit:
    """The node with least CPU and GPU left over, and its fullest device."""

    turn = 0

    def __init__(self, cluster: Cluster) -> None:
        self._score = np.zeros(len(cluster.cpu), np.int64)

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return the best fit."""
        node = int(_best_fit(cluster, kind, self._score))
        return node, (int(_tightest(cluster, node, kind)) if node >= 0 else 0)


class Fragments(NamedTuple):
    """What FGD remembers.

    Parameters
    ----------
    kind, share
        (typical,) classes, and the share of pods that each makes up.
    score, mask, seen
        (kinds, nodes) score of a class on a node, its devices, and the node's change as of then.
    now, known
        (nodes,) fragments on a node, and its change as of then.
    """

    kind: Ints
    share: NDArray[np.float64]
    score: Ints
    mask: Ints
    seen: Ints
    now: NDArray[np.float64]
    known: Ints


class Fgd:
    """Fragmentation gradient descent: where the expected fragments grow least."""

    turn = 0

    def __init__(self, workload: Workload) -> None:
        kinds, nodes = len(workload.kinds), len(workload.nodes)
        typical, share = _typical(workload)
        score, mask, seen = (np.full((kinds, nodes), -1, np.int64) for _ in range(3))
        known = np.full(nodes, -1, np.int64)
        self._memory = Fragments(typical, share, score, mask, seen, np.zeros(nodes), known)

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return the node and devices of highest score."""
        node = int(_fgd(cluster, self._memory, kind))
        return node, (int(self._memory.mask[kind, node]) if node >= 0 else 0)


def _typical(workload: Workload) -> tuple[Ints, NDArray[np.float64]]:
    """Return one class for all that ask for the same but memory, and the share of each."""
    alike: dict[object, list[int]] = {}
    for k, kind in enumerate(workload.kinds):
        what = (kind.cpu_m, kind.devices, kind.milli, kind.models)
        alike.setdefault(what, []).append(k)
    count = {kinds[0]: int(workload.count[kinds].sum()) for kinds in alike.values()}
    chosen: dict[int, int] = {}
    for k in sorted(count, key=lambda k: (-count[k], k)):
        if sum(chosen.values()) >= TYPICAL * int(workload.count.sum()):
            break
        chosen[k] = count[k]
    share = np.array(list(chosen.values()), np.float64)
    return np.array(list(chosen), np.int64), share / share.sum()


@compiled
def _any(cluster: Cluster, k: int, u: float) -> int:
    number = 0
    for n in range(cluster.order.shape[0]):
        if fits(cluster, n, k):
            number += 1
    left = int(u * number)
    for n in range(cluster.order.shape[0]):
        if fits(cluster, n, k):
            if left == 0:
                return n
            left -= 1
    return -1


@compiled
def _best_fit(cluster: Cluster, k: int, score: Ints) -> int:
    """Return the node of the highest score, once scores span 0 to 100."""
    kinds, low, high = cluster.kinds, 1 << 40, -(1 << 40)
    for n in range(cluster.order.shape[0]):
        if fits(cluster, n, k):
            cpu = cluster.cpu[n] - kinds.cpu[k]
            gpu = -kinds.number[k] * kinds.units[k]
            for d in range(cluster.number[n]):
                gpu += cluster.device[n, d]
            left = 0.5 * cpu / 128000.0 + 0.5 * gpu / (8.0 * cluster.full)
            score[n] = int(100.0 * (1.0 - left))
            low, high = min(low, score[n]), max(high, score[n])
    best, most = -1, -1
    for at in range(cluster.order.shape[0]):
        n = cluster.order[at]
        if fits(cluster, n, k):
            scaled = 100 if high == low else (score[n] - low) * 100 // (high - low)
            if scaled > most:
                best, most = n, scaled
    return best


@compiled
def _tightest(cluster: Cluster, n: int, k: int) -> int:
    """Return the fullest device on which a share fits, or the first whole ones, as bits."""
    if cluster.kinds.number[k] != 1:
        return first(cluster, n, k)
    best = -1
    for d in range(cluster.number[n]):
        if cluster.device[n, d] >= cluster.kinds.units[k] and (
            best < 0 or cluster.device[n, d] < cluster.device[n, best]
        ):
            best = d
    return 1 << best


@compiled
def _fragments(cluster: Cluster, memory: Fragments, n: int) -> float:
    """Return the units on a node that a typical pod could not use, in expectation."""
    kinds, total = cluster.kinds, 0.0
    for at in range(memory.kind.shape[0]):
        m = memory.kind[at]
        able, small, everything = 0, 0, 0
        for d in range(cluster.number[n]):
            everything += cluster.device[n, d]
            if cluster.device[n, d] >= kinds.units[m]:
                able += 1
            else:
                small += cluster.device[n, d]
        lost = small
        if (
            kinds.number[m] == 0
            or kinds.model[m, cluster.model[n]] == 0
            or cluster.cpu[n] < kinds.cpu[m]
            or able < kinds.number[m]
        ):
            lost = everything
        total += memory.share[at] * lost
    return total


@compiled
def _scored(cluster: Cluster, memory: Fragments, n: int, k: int, mask: int) -> int:
    """Return FGD's score of a pod on a node's devices."""
    shift(cluster, n, k, mask, -1)
    after = _fragments(cluster, memory, n)
    shift(cluster, n, k, mask, 1)
    cluster.change[n] -= 2
    grown = (memory.now[n] - after) / cluster.full
    return int(100.0 / (1.0 + math.exp(-grown)))


@compiled
def _look(cluster: Cluster, memory: Fragments, n: int, k: int) -> None:
    """Bring up to date what is remembered of a class on a node."""
    if memory.known[n] != cluster.change[n]:
        memory.now[n] = _fragments(cluster, memory, n)
        memory.known[n] = cluster.change[n]
    memory.seen[k, n] = cluster.change[n]
    units = cluster.kinds.units[k]
    if not 0 < units < cluster.full:
        memory.mask[k, n] = first(cluster, n, k)
        memory.score[k, n] = _scored(cluster, memory, n, k, memory.mask[k, n])
        return
    memory.score[k, n] = -1
    for d in range(cluster.number[n]):
        if cluster.device[n, d] >= units:
            score = _scored(cluster, memory, n, k, 1 << d)
            if score > memory.score[k, n]:
                memory.score[k, n], memory.mask[k, n] = score, 1 << d


@compiled
def _fgd(cluster: Cluster, memory: Fragments, k: int) -> int:
    best = -1
    for at in range(cluster.order.shape[0]):
        n = cluster.order[at]
        if fits(cluster, n, k):
            if memory.seen[k, n] != cluster.change[n]:
                _look(cluster, memory, n, k)
            if best < 0 or memory.score[k, n] > memory.score[k, best]:
                best = n
    return best
