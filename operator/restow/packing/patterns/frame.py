"""A problem as arrays, once for all levels, and the sums that every plan keeps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restow.packing.fill import free_room, stay_fill
from restow.packing.goals import Goal, Hold
from restow.packing.patterns.areas import Sum, barred, known
from restow.packing.patterns.areas import sums as implied
from restow.packing.patterns.arrays import Ints, Rows
from restow.packing.problem import Problem

MOST_NODES = 64
"""Beyond, one level takes seconds and CP-SAT on neighbourhoods of nodes does better."""

LARGEST = 1 << 56
"""Sums of rooms stay below, so that nothing overflows in 64 bits."""


DEAREST, MOST_PODS = 1 << 10, 1 << 14
"""Highest cost of a move and most pods of a class, likewise: prices are up to 2^40."""


def supports(problem: Problem) -> bool:
    """Return whether patterns of nodes describe the problem: known relations, no overfull node.

    And whether its numbers are small enough for 64 bits.
    """
    if not 0 < len(problem.capacity) <= MOST_NODES:
        return False
    if not all(map(known, problem.relations)):
        return False
    if any(pods.move_cost > DEAREST or pods.count > MOST_PODS for pods in problem.classes):
        return False
    if any(
        sum(row[r] for row in problem.capacity) > LARGEST for r in range(len(problem.resources))
    ):
        return False
    return all(min(room, default=0) >= 0 for room in free_room(problem, stay_fill(problem)))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A problem as arrays.

    Parameters
    ----------
    demand, capacity
        (classes, resources), (nodes, resources).
    count, running
        (classes,) pods, and those of them that run.
    home, comers
        (nodes, classes) pods that run there; most that may come there.
    least
        (classes,) pods that must have a place.
    fixed
        (classes,) whether the pods run and may not move.
    sums
        What limits and budgets say.
    areas
        What relations say.
    """

    demand: Ints
    capacity: Ints
    count: Ints
    running: Ints
    home: Ints
    comers: Ints
    least: Ints
    fixed: NDArray[np.bool_]
    sums: Rows
    areas: list[Sum]


def frame_of(problem: Problem) -> Frame:
    """Return the arrays of `problem`."""
    classes, nodes, resources = (
        len(problem.classes),
        len(problem.capacity),
        len(problem.resources),
    )
    demand = np.array([p.demand for p in problem.classes], np.int64).reshape(classes, resources)
    capacity = np.array(problem.capacity, np.int64).reshape(nodes, resources)
    count = np.array([p.count for p in problem.classes], np.int64)
    running = np.array([p.count if p.running else 0 for p in problem.classes], np.int64)
    home = np.zeros((nodes, classes), np.int64)
    comers = np.zeros((nodes, classes), np.int64)
    for c, pods in enumerate(problem.classes):
        for node, here in pods.running:
            home[node, c] = here
        if pods.pending or pods.movable:
            allowed = list(pods.allowed)
            comers[allowed, c] = pods.count - home[allowed, c]
    for carriers, closed in barred(problem):
        comers[np.ix_(closed, carriers)] = 0
    fits = (demand[None, :, :] <= capacity[:, None, :]).all(axis=2)
    stuck = np.array([bool(p.running) and not p.movable for p in problem.classes], np.bool_)
    bound = np.array([bool(p.running) and not p.evictable for p in problem.classes], np.bool_)
    return Frame(
        demand=demand,
        capacity=capacity,
        count=count,
        running=running,
        home=home,
        comers=np.where(fits, comers, 0),
        least=np.where(bound, count, 0),
        fixed=stuck,
        sums=_limits(problem, running),
        areas=implied(problem),
    )


def rows_of(triples: list[tuple[Ints, Ints, int]], classes: int) -> Rows:
    """Return rows of (weights placed, weights moved, limit)."""
    return Rows(
        placed=np.array([t[0] for t in triples], np.int64).reshape(len(triples), classes),
        moved=np.array([t[1] for t in triples], np.int64).reshape(len(triples), classes),
        most=np.array([t[2] for t in triples], np.int64),
    )


def _limits(problem: Problem, running: Ints) -> Rows:
    """Return limits and budgets.

    A sequential one, evictions + (1 if any of its pods moves) <= allowed, is in whole numbers the
    same as pods * evictions + moves <= pods * allowed.
    """
    runs = (running > 0).astype(np.int64)
    nothing = np.zeros_like(runs)
    found: list[tuple[Ints, Ints, int]] = []
    if problem.max_moves is not None:
        found.append((nothing, runs, problem.max_moves))
    if problem.max_evictions is not None:
        found.append((-runs, nothing, problem.max_evictions - int(running.sum())))
    for b, allowed in enumerate(problem.budgets):
        ours = runs * np.array([b in p.budgets for p in problem.classes], np.int64)
        if ours.any():
            pods = int((ours * running).sum())
            each = pods if problem.sequential_budgets else 1
            found.append((-each * ours, ours, each * (allowed - pods)))
    return rows_of(found, len(problem.classes))


def gain_of(goal: Goal, classes: int) -> tuple[Ints, Ints]:
    """Return the goal's weights per pod placed and moved, signed so that more is better."""
    sign = 1 if goal.maximise else -1
    placed, moved = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
    for c, weight in goal.placed.items():
        placed[c] = sign * weight
    for c, weight in goal.moved.items():
        moved[c] = sign * weight
    return placed, moved


def row_of(hold: Hold, classes: int) -> tuple[Ints, Ints, int] | None:
    """Return the side of a hold that keeps its goal from getting worse; None if it has none.

    The other side says what no plan can better, which leaving out loses nothing.
    """
    goal = hold.goal
    placed, moved = gain_of(goal, classes)
    if goal.maximise:
        return None if hold.at_least is None else (-placed, -moved, goal.constant - hold.at_least)
    return None if hold.at_most is None else (-placed, -moved, hold.at_most - goal.constant)
