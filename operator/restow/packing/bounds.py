"""Cheap valid bounds of a goal, so that a level can be proven without a solver.

All in exact integers: any non-negative weights of the resources give a valid surrogate knapsack.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from restow.packing.fill import free_room, stay_fill
from restow.packing.goals import Goal, Hold
from restow.packing.problem import Problem

SCALE = 1 << 40
BLENDS = (1, 2, 4, 8, 16, 32)
"""Weights of one resource against another that are tried, both ways."""


Blend = tuple[list[int], int]
"""Need per class and total room, several resources weighted as one."""


def at_best(problem: Problem, goal: Goal, holds: Iterable[Hold], blends: Sequence[Blend]) -> int:
    """Return a value that no placement within `holds` can better.

    Counts, room on each node alone, and surrogate knapsacks over all nodes for a maximised count;
    zero disturbance otherwise. `blends` are the problem's `surrogates`.
    """
    if not goal.maximise:
        return _least(problem, goal, holds, blends)
    most = _alone(problem, goal)
    if set(goal.placed.values()) <= {1}:
        counted = [hold for hold in holds if _is_count(hold)]
        for need, room in blends:
            most = min(most, _knapsack(problem, goal, counted, need, room))
    return most


def _least(problem: Problem, goal: Goal, holds: Iterable[Hold], blends: Sequence[Blend]) -> int:
    """Zero for moves; for pods without a place as well, what the holds leave without one."""
    least = goal.constant + sum(
        weight * problem.classes[c].count for c, weight in goal.placed.items() if weight < 0
    )
    weights = set(goal.placed.values())
    if len(weights) == 1 and min(weights) < 0:
        count = Goal(
            kind=goal.kind, tier=goal.tier, maximise=True, placed=dict.fromkeys(goal.placed, 1)
        )
        least = max(least, goal.constant + min(weights) * at_best(problem, count, holds, blends))
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


def surrogates(problem: Problem) -> Iterator[Blend]:
    """Yield (need per class, total room) for each combination of resources tried."""
    totals = _totals(problem)
    sizes = range(len(totals))
    blends: list[dict[int, int]] = [{r: 1} for r in sizes]
    for one, two in combinations(sizes, 2):
        blends += [{one: k, two: BLENDS[-1 - i]} for i, k in enumerate(BLENDS)]
        blends += [{one: k, two: 1} for k in (8, 64)] + [{one: 1, two: k} for k in (8, 64)]
    if len(totals) > 2:
        blends.append(dict.fromkeys(sizes, 1))
    for blend in blends:
        weights = {r: k * SCALE // totals[r] for r, k in blend.items() if totals[r]}
        yield (
            [sum(w * pods.demand[r] for r, w in weights.items()) for pods in problem.classes],
            sum(w * totals[r] for r, w in weights.items()),
        )


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


def _knapsack(
    problem: Problem, goal: Goal, holds: Sequence[Hold], need: Sequence[int], room: int
) -> int:
    """Return how many pods of the goal fit beside the least that the holds ask for.

    Holds over pods counted already are left out, which only weakens the bound.
    """
    counted: set[int] = set(goal.placed)
    for hold in holds:
        if counted.isdisjoint(hold.goal.placed):
            counted.update(hold.goal.placed)
            room -= _least_need(problem, hold, need)
    for c, pods in enumerate(problem.classes):
        if c not in counted and pods.running and not pods.evictable:
            room -= need[c] * pods.count
    fitting = 0
    for c in sorted(goal.placed, key=lambda c: need[c]):
        count = problem.classes[c].count
        take = count if need[c] == 0 else min(count, max(0, room) // need[c])
        fitting += take
        room -= take * need[c]
        if take < count:
            break
    return fitting


def _least_need(problem: Problem, hold: Hold, need: Sequence[int]) -> int:
    """Return the least room that `hold.at_least` pods of its classes take."""
    wanted, total = hold.at_least or 0, 0
    for c in sorted(hold.goal.placed, key=lambda c: need[c]):
        take = min(wanted, problem.classes[c].count)
        total += take * need[c]
        wanted -= take
    return total
