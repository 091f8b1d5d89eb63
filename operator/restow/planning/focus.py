"""Which nodes of a large cluster to plan on, so that a few pending pods do not cost thousands.

Sums of requests decide, of all pods, and the rules that need only a pod and a node. It is a guess
that only has to be good: a plan that places every pod disturbs nobody beyond these nodes, and where
some pod gets no place on them, there are more of them the next time, up to all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

import numpy as np
import numpy.typing as npt

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.packing.fill import arrivals
from restow.packing.incumbent import greedy
from restow.packing.problem import Problem
from restow.planning.judge import Judge
from restow.rules.board import Board
from restow.rules.devices.demand import has_claims
from restow.rules.feasibility import feasible

SMALL: Final = 128
"""Nodes up to which a cluster is looked at as a whole."""

NEAR: Final = 2
"""Nodes per pending pod that lack least for it, at first."""

ROOMY: Final = 64
"""Nodes with most room, for those that give way."""

WIDER: Final = 4
"""How many times as many nodes the next time."""

TURNS: Final = 20_000
"""Turns of the first placement after which a focus counts as too narrow."""

Rooms = npt.NDArray[np.int64]


def focuses(judge: Judge, pending: Sequence[Pod]) -> Iterator[frozenset[NodeName] | None]:
    """Yield sets of nodes to plan the pending pods on, each larger; None, for all, comes last.

    Pods that claim devices are planned on all nodes: sums of requests say little about them.
    """
    targets = judge.targets()
    if len(targets) > SMALL and not any(has_claims(pod, judge.snapshot) for pod in pending):
        rooms = _Rooms(judge.snapshot, targets, pending)
        for factor in (1, WIDER):
            nodes = rooms.near(factor)
            if 2 * len(nodes) > len(targets):
                break
            yield nodes
    yield None


def started(problem: Problem) -> Problem:
    """Return the problem with a first placement, made in so many turns at most."""
    turns = count()
    return replace(problem, start=greedy(problem, lambda: next(turns) > TURNS))


def suffices(problem: Problem) -> bool:
    """Return whether the first placement gives every pod a place, or moves as many as it may."""
    changed = [
        (pods, dict(pods.running), dict(there))
        for pods, there in zip(problem.classes, problem.start or (), strict=True)
        if pods.pending or there != pods.running
    ]
    moved = sum(arrivals(home, there) for pods, home, there in changed if pods.running)
    if moved == problem.max_moves:
        return True
    return all(sum(there.values()) == pods.count for pods, _, there in changed)


class _Rooms:
    """The free room of the targets, as far as the pending pods ask for it."""

    def __init__(self, snapshot: Snapshot, targets: Sequence[Node], pending: Sequence[Pod]) -> None:
        self._names = tuple(node.name for node in targets)
        self._resources = sorted({name for pod in pending for name in pod.requests})
        self._free = self._rows(snapshot.free[name] for name in self._names)
        self._share = self._free / np.maximum(self._rows(n.allocatable for n in targets), 1)
        self._total = self._share.sum(axis=0)
        index = {name: number for number, name in enumerate(self._names)}
        self._asking: dict[tuple[Amounts, int], int] = {}
        self._allowed: dict[int, npt.NDArray[np.intp]] = {}
        for pod, allowed in zip(
            pending, feasible(pending, targets, Board(snapshot)).values(), strict=True
        ):
            key = (pod.requests, id(allowed))
            self._asking[key] = self._asking.get(key, 0) + 1
            if id(allowed) not in self._allowed:
                self._allowed[id(allowed)] = np.array([index[n] for n in allowed], np.intp)

    def near(self, factor: int) -> frozenset[NodeName]:
        """Return the nodes nearest to holding the pods, and those with most room."""
        chosen = np.zeros(len(self._names), bool)
        chosen[np.argsort(-self._share.min(axis=0), kind="stable")[: factor * ROOMY]] = True
        for (requests, allowed), pods in self._asking.items():
            nodes = self._allowed[allowed]
            nodes = nodes[~chosen[nodes]]  # the nearest of one are often those of another
            lack = np.zeros(len(nodes))
            for name, free in zip(self._resources, self._free, strict=True):
                need = requests.of(name)
                np.maximum(lack, (need - free[nodes]) / max(need, 1), out=lack)
            chosen[nodes[_least(lack, self._total[nodes], factor * NEAR * pods)]] = True
        return frozenset(self._names[int(n)] for n in np.flatnonzero(chosen))

    def _rows(self, amounts: Iterable[Amounts]) -> Rooms:
        """Return the amounts resource by resource: what is asked goes through all nodes of one."""
        rows = [each.row(self._resources) for each in amounts]
        table = np.array(rows, np.int64).reshape(len(rows), len(self._resources))
        return np.ascontiguousarray(table.T)


def _least(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], most: int
) -> npt.NDArray[np.intp]:
    """Return the places of up to `most` least pairs; of equal ones, those that come first."""
    some = np.arange(len(first))
    if most < len(first):
        some = np.flatnonzero(first <= np.partition(first, most - 1)[most - 1])
    return some[np.lexsort((second[some], first[some]))[:most]]
