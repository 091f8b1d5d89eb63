"""restow's engine, and what it is compared with: HA, POP, plain CP-SAT and CP-SAT neighbourhoods.

All of them plan on the same problem and leave the order of the migrations to the same code.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from restow.packing.effort import Effort
from restow.rescheduling.check import check
from restow.rescheduling.compaction import compacted
from restow.rescheduling.engine import Outcome, reschedule
from restow.rescheduling.greedy import greedy
from restow.rescheduling.ordering import Hole, Leaving, Step, order
from restow.rescheduling.problem import Group, Mover, Problem, worth

Place = tuple[int, int]
"""A node and a mode."""

Ways = dict[Place, cp_model.IntVar]
"""Whether a mover is in each place."""

NEIGHBOURS: Final = 10
"""Nodes of a neighbourhood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan; a bound only if its maker proves one."""

    steps: tuple[Step, ...]
    before: int
    after: int
    bound: int | None = None

    @property
    def proven(self) -> bool:
        return self.after == self.bound


def ours(problem: Problem, effort: Effort) -> Answer:
    """Plan by restow."""
    return answer_of(reschedule(problem, effort))


def answer_of(outcome: Outcome) -> Answer:
    """Return an outcome of restow's as an answer."""
    return Answer(
        steps=outcome.steps, before=outcome.before, after=outcome.after, bound=outcome.bound
    )


def ha(problem: Problem, effort: Effort) -> Answer:
    """Plan by the best single migration, again and again."""
    return _answer(problem, compacted(problem, greedy(problem)))


def pop(parts: int) -> Callable[[Problem, Effort], Answer]:
    """Plan parts of the cluster by themselves, each with its part of the limit (POP, SOSP'21)."""

    def plan(problem: Problem, effort: Effort) -> Answer:
        began, chance = time.monotonic(), random.Random(effort.seed)
        nodes = list(range(len(problem.free)))
        chance.shuffle(nodes)
        work = _Work(problem)
        for part in range(parts):
            left = (effort.seconds or 60.0) - (time.monotonic() - began)
            share = (part + 1) * problem.limit // parts - part * problem.limit // parts
            inside = set(nodes[part::parts])
            work.begin_greedily(inside, share)
            work.improve(inside, share, left / (parts - part))
        return _ordered(problem, work.there)

    return plan


def neighbourhoods(problem: Problem, effort: Effort) -> Answer:
    """Plan a few random nodes at a time, again and again, from HA's plan."""
    began, chance = time.monotonic(), random.Random(effort.seed)
    work, everywhere = _Work(problem), range(len(problem.free))
    work.begin_greedily(set(everywhere), problem.limit)
    while (left := (effort.seconds or 60.0) - (time.monotonic() - began)) > 0.1:
        inside = set(chance.sample(everywhere, min(NEIGHBOURS, len(everywhere))))
        spare = problem.limit - work.away(set(everywhere)) + work.away(inside)
        work.improve(inside, spare, min(left, 1.0))
    return _ordered(problem, work.there)


class _Work:
    """Places that get better, a set of nodes at a time."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._start = [(mover.node, mover.mode) for mover in problem.movers]
        self.there = list(self._start)

    def away(self, inside: set[int]) -> int:
        """Return how many movers on the nodes are not where they started."""
        pairs = zip(self.there, self._start, strict=True)
        return sum(now != start and now[0] in inside for now, start in pairs)

    def begin_greedily(self, inside: set[int], limit: int) -> None:
        """Let HA make the first moves, among the nodes alone."""
        problem = self._problem
        here = [m for m, (node, _) in enumerate(self.there) if node in inside]
        names = {m: i for i, m in enumerate(here)}
        groups = [[names[m] for m in group.movers if m in names] for group in problem.groups]
        part = replace(
            problem,
            limit=limit,
            movers=tuple(problem.movers[m] for m in here),
            kinds=tuple(replace(kind, nodes=frozenset(inside)) for kind in problem.kinds),
            groups=tuple(Group(movers=frozenset(group)) for group in groups if group),
        )
        for step in greedy(part):
            self.there[here[step.mover]] = (step.node, step.mode)

    def improve(self, inside: set[int], limit: int, seconds: float) -> None:
        """Find the best places of whoever is on the nodes, with so many of them away."""
        began, problem = time.monotonic(), self._problem
        model, at = cp_model.CpModel(), {}
        for m in [m for m, (node, _) in enumerate(self.there) if node in inside]:
            at[m] = {(n, k): model.new_bool_var("") for n in inside for k in _modes(problem, m)}
            model.add_exactly_one(at[m].values())
            for way, used in at[m].items():
                model.add_hint(used, way == self.there[m])
            if time.monotonic() - began > seconds:
                return
        home = [ways[self._start[m]] for m, ways in at.items() if self._start[m] in ways]
        model.add(len(at) - sum(home) <= limit)
        _keep_apart(problem, model, at, inside)
        _make_room(model, at, _moved(problem, self.there), inside)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = max(0.01, seconds - (time.monotonic() - began))
        if solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            for m, ways in at.items():
                self.there[m] = next(way for way, used in ways.items() if solver.value(used))


def _keep_apart(
    problem: Problem, model: cp_model.CpModel, at: dict[int, Ways], inside: set[int]
) -> None:
    for group in problem.groups:
        for n in inside:
            mates = [at[m][n, k] for m in group.movers & at.keys() for k in _modes(problem, m)]
            model.add_at_most_one(mates)


def _modes(problem: Problem, mover: int) -> range:
    return range(len(problem.kinds[problem.movers[mover].kind].modes))


def _make_room(
    model: cp_model.CpModel, at: dict[int, Ways], now: Problem, inside: set[int]
) -> None:
    """Let nobody overfill a node, and count the copies that fit."""
    full = {n: np.array(now.free[n], np.int64) for n in inside}
    for m in at:
        full[now.movers[m].node] += now.size(now.movers[m])
    gains = []
    for n in inside:
        asked = [
            (np.array(request, np.int64), shape.weight)
            for shape in now.shapes
            for request in shape.requests
        ]
        most = [int((full[n][r > 0] // r[r > 0]).min()) for r, _ in asked]
        copies = [model.new_int_var(0, max(0, m), "") for m in most]
        gains += [weight * c for (_, weight), c in zip(asked, copies, strict=True)]
        for r, room in enumerate(full[n].tolist()):
            taken = [
                int(now.needs(now.movers[m].kind, k)[r]) * ways[n, k]
                for m, ways in at.items()
                for k in _modes(now, m)
            ]
            free = [int(a[r]) * c for (a, _), c in zip(asked, copies, strict=True)]
            model.add(sum(taken) + sum(free) <= room)
    model.maximize(sum(gains))


def _moved(problem: Problem, there: list[Place]) -> Problem:
    """Return the problem with its movers elsewhere."""
    free = np.array(problem.free, np.int64)
    movers = []
    for mover, (node, mode) in zip(problem.movers, there, strict=True):
        free[mover.node] += problem.size(mover)
        free[node] -= problem.needs(mover.kind, mode)
        movers.append(Mover(node=node, kind=mover.kind, mode=mode))
    return replace(problem, free=tuple(map(tuple, free.tolist())), movers=tuple(movers))


def _ordered(problem: Problem, there: list[Place]) -> Answer:
    """Return the migrations that lead there; what finds no order is left out."""
    leaving, holes = [], []
    for m, (mover, (node, mode)) in enumerate(zip(problem.movers, there, strict=True)):
        if (mover.node, mover.mode) != (node, mode):
            leaving.append(Leaving(node=mover.node, needs=m, candidates=[m]))
            place = problem.needs(mover.kind, mode)
            holes.append(Hole(node=node, needs=m, place=place))
    return _answer(problem, order(problem, leaving, holes).steps)


def _answer(problem: Problem, steps: tuple[Step, ...]) -> Answer:
    before = int(worth(problem.shapes, np.array(problem.free, np.int64)).sum())
    return Answer(steps=steps, before=before, after=check(problem, steps))


ENGINES: Final[dict[str, Callable[[Problem, Effort], Answer]]] = {
    "restow": ours,
    "ha": ha,
    "pop-4": pop(4),
    "pop-16": pop(16),
    "cp-sat": pop(1),
    "cp-sat-lns": neighbourhoods,
}
