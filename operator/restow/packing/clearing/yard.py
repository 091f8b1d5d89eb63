"""A level that counts moves, as arrays: who has to come, who may leave, and at what cost.

What is left out (relations, budgets that are not spent, limits, where a moved pod is not allowed)
only lets more plans be, so that a bound stays one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.packing.fill import free_room, stay_fill
from restow.packing.goals import Goal, Hold
from restow.packing.problem import Problem

Ints = NDArray[np.int64]

NOBODY = -1
"""The class of a pod on a node elsewhere."""


class Waiting(NamedTuple):
    """Pending pods of a like that must get a place.

    Parameters
    ----------
    need
        Amounts of the counted resources.
    nodes
        Which of the problem's nodes they may go to; elsewhere, any.
    pods
        How many there are.
    classes
        Their classes.
    """

    need: tuple[int, ...]
    nodes: frozenset[int]
    pods: int
    classes: tuple[int, ...]


class Yard(NamedTuple):
    """Nodes, the problem's own first, and their pods that may leave.

    Parameters
    ----------
    own
        How many of the nodes are the problem's.
    free, start
        (nodes, counted) free room and (nodes + 1,) where the pods of each node begin.
    need, cost
        (pods, counted) amounts and (pods,) what a departure counts in the goal.
    lands
        (pods,) whether a pod that leaves must have another place.
    name
        (pods,) its class, or `NOBODY`.
    waiting
        Who has to come.
    """

    own: int
    free: Ints
    start: Ints
    need: Ints
    cost: Ints
    lands: NDArray[np.bool_]
    name: Ints
    waiting: tuple[Waiting, ...]


class _Pod(NamedTuple):
    need: Sequence[int]
    cost: int
    lands: bool
    name: int


def yard_of(problem: Problem, goal: Goal, holds: Iterable[Hold]) -> Yard | None:
    """Return the level as arrays; None where nobody has to come, or the goal counts more.

    Pods have to come, or to stay somewhere, if all of a hold's do. Of other pending pods none
    comes, and others that run may leave for nothing, both of which a bound may suppose.
    """
    if goal.placed or goal.touched or goal.constant or goal.maximise:
        return None
    kept = _kept(problem, holds)
    coming = [c for c in kept if problem.classes[c].pending]
    counted = [
        r
        for r in range(len(problem.resources))
        if any(problem.classes[c].demand[r] for c in coming)
    ]
    if not counted:
        return None
    spent = {b for b, allowed in enumerate(problem.budgets) if not allowed}
    there: list[list[_Pod]] = [[] for _ in problem.capacity]
    for c, pods in enumerate(problem.classes):
        if pods.movable and spent.isdisjoint(pods.budgets):
            lands = c in kept or not pods.evictable
            cost = goal.moved.get(c, 0) if lands else 0
            pod = _Pod([pods.demand[r] for r in counted], cost, lands, c)
            for n, count in pods.running:
                there[n] += [pod] * count
    free = [[row[r] for r in counted] for row in free_room(problem, stay_fill(problem))]
    for room, pods_there in _elsewhere(problem, goal, counted):
        free.append(room)
        there.append(pods_there)
    return _arrays(problem, free, there, tuple(_waiting(problem, coming, counted)))


def _kept(problem: Problem, holds: Iterable[Hold]) -> set[int]:
    """Return the classes of which every pod has a place in whatever keeps the holds."""
    kept: set[int] = set()
    for hold in holds:
        goal, least = hold.goal, hold.at_least
        if least is None or goal.moved or goal.touched or set(goal.placed.values()) != {1}:
            continue
        if goal.constant + sum(problem.classes[c].count for c in goal.placed) == least:
            kept |= set(goal.placed)
    return kept


def _waiting(problem: Problem, coming: Iterable[int], counted: list[int]) -> Iterator[Waiting]:
    """Yield pending pods that need the same and may go to the same nodes as one."""
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for c in sorted(coming):
        pods = problem.classes[c]
        alike.setdefault((tuple(pods.demand[r] for r in counted), pods.allowed), []).append(c)
    for (need, allowed), classes in alike.items():
        pods_ = sum(problem.classes[c].pending for c in classes)
        yield Waiting(need, frozenset(allowed), pods_, tuple(classes))


def _elsewhere(
    problem: Problem, goal: Goal, counted: list[int]
) -> Iterator[tuple[list[int], list[_Pod]]]:
    """Yield the free room and the pods of each node that is no part of the problem."""
    if problem.elsewhere is None:
        return
    cheapest = min(goal.moved.values(), default=0)
    for free, there in problem.elsewhere:
        pods = [
            _Pod(
                [need[r] for r in counted],
                min(cost, cheapest) if tier == goal.tier or goal.tier is None else 0,
                lands=True,
                name=NOBODY,
            )
            for need, tier, cost in there
        ]
        yield [free[r] for r in counted], pods


def _arrays(
    problem: Problem, free: list[list[int]], there: list[list[_Pod]], waiting: tuple[Waiting, ...]
) -> Yard:
    pods = [pod for row in there for pod in row]
    counted = len(free[0]) if free else 0
    return Yard(
        own=len(problem.capacity),
        free=np.array(free, np.int64).reshape(len(free), counted),
        start=np.concatenate([[0], np.cumsum([len(row) for row in there])]).astype(np.int64),
        need=np.array([pod.need for pod in pods], np.int64).reshape(len(pods), counted),
        cost=np.array([pod.cost for pod in pods], np.int64),
        lands=np.array([pod.lands for pod in pods], np.bool_),
        name=np.array([pod.name for pod in pods], np.int64),
        waiting=waiting,
    )
