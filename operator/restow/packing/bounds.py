"""Cheap valid bounds of a goal, so that a level can be proven without a solver.

All in integers: any non-negative weights of the resources give a valid surrogate knapsack.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from restow.packing.fill import free_room, stay_fill
from restow.packing.goals import Goal, Hold
from restow.packing.problem import Problem

SCALE = 1 << 35
"""What all room of a resource counts as: sums over a million pods stay below 2^63."""

EXACT = 1 << 10
"""Where a unit of a resource counts as much or more, amounts are scaled exactly."""

BLENDS = (1, 2, 4, 8, 16, 32)
"""Weights of one resource against another that are tried, both ways."""

Numbers = npt.NDArray[np.int64]


class Surrogates:
    """Surrogate knapsacks of one Problem: several resources weighted as one, all nodes as one.

    A pod's need is rounded down, so that what fits within the room here fits at least there.
    """

    def __init__(self, problem: Problem) -> None:
        totals = _totals(problem)
        weights = np.array([*_blends(totals)], np.int64)
        weights = weights.reshape(len(weights), len(totals))
        shares = [_share(problem, r, total) for r, total in enumerate(totals)]
        classes = problem.classes
        needs = np.array([need for need, _ in shares], np.int64).reshape(len(totals), len(classes))
        self._need: Numbers = weights @ needs
        self._room: Numbers = weights @ np.array([room for _, room in shares], np.int64)
        self._order = np.argsort(self._need, axis=1, kind="stable")
        self._count = np.array([pods.count for pods in classes], np.int64)
        self._fixed = np.array([bool(p.running and not p.evictable) for p in classes], bool)

    def most(self, goal: Goal, holds: Sequence[Hold]) -> int:
        """Return how many pods of the goal fit beside the least that the holds ask for.

        Holds over pods counted already are left out, which only weakens the bound.
        """
        asked = self._members(goal)
        counted, apart = asked.copy(), []
        for hold in holds:
            members = self._members(hold.goal)
            if not (members & counted).any():
                counted |= members
                apart.append((members, hold.at_least or 0))
        fixed = self._fixed & ~counted
        found = []
        for need, order, room in zip(self._need, self._order, self._room, strict=True):
            taken = sum(self._least_need(need, order[each[order]], n) for each, n in apart)
            left = int(room) - taken - int((need * self._count)[fixed].sum())
            found.append(self._fitting(need, order[asked[order]], max(0, left)))
        return min(found, default=int(self._count[asked].sum()))

    def _members(self, goal: Goal) -> npt.NDArray[np.bool_]:
        members = np.zeros(len(self._count), bool)
        members[list(goal.placed)] = True
        return members

    def _fitting(self, need: Numbers, classes: npt.NDArray[np.intp], room: int) -> int:
        """Return how many pods of the classes, least need first, fit into the room."""
        counts, needs = self._count[classes], need[classes]
        used = np.cumsum(counts * needs)
        whole = int(np.searchsorted(used, room, side="right"))
        fitting = int(counts[:whole].sum())
        if whole < len(classes):
            fitting += (room - int(used[whole - 1] if whole else 0)) // int(needs[whole])
        return fitting

    def _least_need(self, need: Numbers, classes: npt.NDArray[np.intp], wanted: int) -> int:
        """Return the least room that `wanted` pods of the classes, least need first, take."""
        counts = self._count[classes]
        before = np.cumsum(counts) - counts
        taken = np.clip(wanted - before, 0, counts)
        return int((taken * need[classes]).sum())


def _blends(totals: Sequence[int]) -> Iterator[list[int]]:
    """Yield a weight per resource for each combination of them that is tried."""
    sizes = range(len(totals))
    blends: list[dict[int, int]] = [{r: 1} for r in sizes]
    for one, two in combinations(sizes, 2):
        blends += [{one: k, two: BLENDS[-1 - i]} for i, k in enumerate(BLENDS)]
        blends += [{one: k, two: 1} for k in (8, 64)] + [{one: 1, two: k} for k in (8, 64)]
    if len(totals) > 2:
        blends.append(dict.fromkeys(sizes, 1))
    for blend in blends:
        yield [blend.get(r, 0) for r in sizes]


def _share(problem: Problem, r: int, total: int) -> tuple[list[int], int]:
    """Return what part of all room of a resource a pod of each class needs, and all room."""
    factor = SCALE // total if total else 0
    if not total or factor >= EXACT:
        room = factor * total
        return [min(factor * pods.demand[r], room + 1) for pods in problem.classes], room
    return [min(SCALE * p.demand[r] // total, SCALE + 1) for p in problem.classes], SCALE


def _totals(problem: Problem) -> list[int]:
    """Room of all nodes per resource; an overfull node counts as what it holds now."""
    free = free_room(problem, stay_fill(problem))
    return [
        sum(
            capacity[r] + max(0, -room[r])
            for capacity, room in zip(problem.capacity, free, strict=True)
        )
        for r in range(len(problem.resources))
    ]


def at_best(problem: Problem, goal: Goal, holds: Iterable[Hold], surrogates: Surrogates) -> int:
    """Return a value that no placement within `holds` can better.

    Counts, room on each node alone, and surrogate knapsacks over all nodes for a maximised count;
    zero disturbance otherwise. `surrogates` are the problem's.
    """
    if not goal.maximise:
        return _least(problem, goal, holds, surrogates)
    most = _alone(problem, goal)
    if most > goal.constant and set(goal.placed.values()) <= {1}:
        most = min(most, surrogates.most(goal, [hold for hold in holds if _is_count(hold)]))
    return most


def _least(problem: Problem, goal: Goal, holds: Iterable[Hold], surrogates: Surrogates) -> int:
    """Zero for moves; for pods without a place as well, what the holds leave without one."""
    least = goal.constant + sum(
        weight * problem.classes[c].count for c, weight in goal.placed.items() if weight < 0
    )
    weights = set(goal.placed.values())
    if len(weights) == 1 and min(weights) < 0:
        count = Goal(
            kind=goal.kind, tier=goal.tier, maximise=True, placed=dict.fromkeys(goal.placed, 1)
        )
        least = max(
            least, goal.constant + min(weights) * at_best(problem, count, holds, surrogates)
        )
    return least


def _alone(problem: Problem, goal: Goal) -> int:
    """Bound by each class's own room on the nodes that may take it, all else gone."""
    total = goal.constant
    for c, weight in goal.placed.items():
        total += weight * most_of(problem, c)
    return total


def most_of(problem: Problem, c: int) -> int:
    """Return the most pods of class `c` that fit if there were no others."""
    pods = problem.classes[c]
    if not pods.pending:
        return pods.count
    room = 0
    for node in pods.allowed:
        room += fits(pods.demand, problem.capacity[node], pods.count)
        if room >= pods.count:
            return pods.count
    return room


def fits(demand: Sequence[int], room: Sequence[int], most: int) -> int:
    """Return how many times `demand` fits into `room`, at most `most`."""
    for need, free in zip(demand, room, strict=True):
        if need:
            most = min(most, max(0, free) // need)
    return most


def _is_count(hold: Hold) -> bool:
    goal = hold.goal
    return (
        hold.at_least is not None
        and not goal.moved
        and not goal.touched
        and not goal.constant
        and set(goal.placed.values()) == {1}
    )
