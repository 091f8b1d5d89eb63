"""The best single migration, again and again: VMR2L's heuristic HA, and always an answer."""

from collections.abc import Callable, Iterable

import numpy as np

from restow.rescheduling.occupancy import Occupancy
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Problem, worth

NEVER = 1 << 40
"""Cost of a place where a mover cannot be."""


def never() -> bool:
    """Return that there is time left."""
    return False


def greedy(
    problem: Problem, steps: tuple[Step, ...] = (), over: Callable[[], bool] = never
) -> tuple[Step, ...]:
    """Return `steps` and what greedy migrations add to them, each in a wave of its own.

    Parameters
    ----------
    over
        Says when to stop.
    """
    now = Occupancy(problem)
    for step, after in zip(steps, (*steps[1:], None), strict=False):
        now.move(step.mover, step.node, step.mode)
        if after is None or after.wave > step.wave:
            now.settle()
    wave = steps[-1].wave if steps else -1
    search = _Search(problem, now, {step.mover for step in steps})
    added: list[Step] = []
    while len(steps) + len(added) < problem.limit and not over():
        best = search.best()
        if best is None:
            break
        wave += 1
        added.append(Step(mover=best[0], node=best[1], mode=best[2], wave=wave))
        search.go(*best)
    return (*steps, *added)


class _Search:
    """What each departure gains and each arrival costs; looked up again where something changed."""

    def __init__(self, problem: Problem, now: Occupancy, paid: Iterable[int]) -> None:
        self._problem, self._now = problem, now
        self._ways = [
            (kind, mode, np.array(size, np.int64))
            for kind, of in enumerate(problem.kinds)
            for mode, size in enumerate(of.modes)
        ]
        self._sizes = np.stack([size for _, _, size in self._ways])
        self._of: dict[int, list[int]] = {}
        for w, (kind, _, _) in enumerate(self._ways):
            self._of.setdefault(kind, []).append(w)
        nodes = len(problem.free)
        self._cost = np.full((len(self._ways), nodes), NEVER, np.int64)
        self._gain = np.zeros(len(problem.movers), np.int64)
        self._on: list[set[int]] = [set() for _ in range(nodes)]
        for mover in range(len(problem.movers)):
            self._on[now.node(mover)].add(mover)
        self._price = np.array([mover.cost for mover in problem.movers], np.int64)
        self._fee = np.array([mover.fee for mover in problem.movers], np.int64)
        self._fee[list(paid)] = 0
        self._kind = np.array([mover.kind for mover in problem.movers], np.int64)
        self._welcome = np.ones((len(self._ways), nodes), bool)
        for w, (kind, _, _) in enumerate(self._ways):
            allowed = problem.kinds[kind].nodes
            if allowed is not None:
                self._welcome[w] = [node in allowed for node in range(nodes)]
        self.look_again(range(nodes))

    def go(self, mover: int, node: int, mode: int) -> None:
        """Let a mover go, at once."""
        old = self._now.node(mover)
        self._now.move(mover, node, mode)
        self._now.settle()
        self._fee[mover] = 0
        self._on[old].discard(mover)
        self._on[node].add(mover)
        self.look_again((old, node))

    def look_again(self, nodes: Iterable[int]) -> None:
        """Count anew what changed on nodes."""
        at = np.array(sorted(set(nodes)))
        free = self._now.free[at]
        value = worth(self._problem.shapes, free)
        for w in range(0, len(self._ways), AT_ONCE):
            left = free[None, :, :] - self._sizes[w : w + AT_ONCE, None, :]
            fits = (left >= np.minimum(0, free)[None]).all(axis=2)
            cost = value[None] - worth(self._problem.shapes, left)
            fits &= self._welcome[w : w + AT_ONCE, at]
            self._cost[w : w + AT_ONCE, at] = np.where(fits, cost, NEVER)
        here = [m for node in at.tolist() for m in self._on[node]]
        if here:
            room = self._now.free[[self._now.node(m) for m in here]]
            freed = room + np.stack([self._now.size(m) for m in here])
            self._gain[here] = worth(self._problem.shapes, freed) - worth(
                self._problem.shapes, room
            )

    def best(self) -> tuple[int, int, int] | None:
        """Return the migration that gains most, as (mover, node, mode); None if none gains."""
        cheapest = np.full(len(self._of), NEVER, np.int64)
        np.minimum.at(cheapest, [kind for kind, _, _ in self._ways], self._cost.min(axis=1))
        most = self._gain - self._fee - cheapest[self._kind]
        best, found = 0, None
        better = np.flatnonzero(most > 0)
        for mover in better[np.lexsort((self._price[better], -most[better]))][:LOOKED_AT]:
            if most[mover] <= best:
                break
            place = self._place(int(mover))
            gain = self._gain[mover] - self._fee[mover]
            if place is not None and gain - place[0] > best:
                best, found = int(gain - place[0]), (int(mover), *place[1:])
        return found

    def _place(self, mover: int) -> tuple[int, int, int] | None:
        """Return the cheapest place elsewhere, as (cost, node, mode), the tightest of them."""
        best: tuple[int, int, int, int] | None = None
        for w in self._of[int(self._kind[mover])]:
            _, mode, size = self._ways[w]
            for node in np.argsort(self._cost[w], kind="stable")[:LOOKED_AT]:
                cost = int(self._cost[w, node])
                if cost >= NEVER or (best is not None and cost > best[0]):
                    break
                if node == self._now.node(mover) or not self._now.welcome(mover, int(node)):
                    continue
                left = int((self._now.free[node] - size).sum())
                if best is None or (cost, left) < best[:2]:
                    best = (cost, left, int(node), mode)
        return None if best is None else (best[0], *best[2:])


AT_ONCE = 512
"""Ways to arrive that are counted at once."""

LOOKED_AT = 200
"""Movers, and places for each, that are looked at for one migration."""
