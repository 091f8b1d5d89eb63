"""The best pattern of one node under prices: a bounded knapsack of several resources.

Branch and bound with a surrogate knapsack as bound: the resources, weighted, as one. Values and
rooms are integers; the bound is in floating point, and nothing is followed up that is not better
by `slack`, which the answer then owns up to. `slack` is far above what floating point is off by.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.compiled import compiled, inlined

UNIT = 1 << 28
"""One of a goal's unit in the integers of prices and values."""

LEAST_SLACK = 1 << 10
"""2^-18 of a unit."""

STEPS = 60_000
"""Steps of the searches of all sets of nodes, 2 ms or so, shared out among them.

Where they do not suffice, the bound at the root of a node's search is the answer.
"""

FEWEST, MOST = 2_000, 30_000
"""Limits of a node's share."""

BOUNDLESS = 1e200
"""Density of a unit of value that needs no room."""

TURN = 1.25
"""By how much a weight of the surrogate is changed when a better one is looked for."""


class Desk(NamedTuple):
    """Room to work in; the items of one node, sorted by value for their size.

    Parameters
    ----------
    value, most, code
        (items,) value of one, how many there are, and 2 * class, plus 1 for pods that come.
    demand
        (items, resources).
    size, density
        (items,) in the surrogate knapsack.
    amount, best
        (items,) of the pattern under construction, and of the best one found.
    left
        (resources,) room left beside the pattern under construction.
    weights, order
        (sets, resources) each set's surrogate, tuned from search to search; (sets, items) its codes
        by density, as they were last.
    care
        [most steps of one search].
    """

    value: Ints
    most: Ints
    code: Ints
    demand: Ints
    size: Floats
    density: Floats
    amount: Ints
    best: Ints
    left: Ints
    weights: Floats
    order: Ints
    care: Ints


def desk(level: Level) -> Desk:
    """Return a desk for the nodes of `level`."""
    sets, classes = level.nodes.home.shape
    resources = level.nodes.room.shape[1]
    average = np.maximum(1.0, level.nodes.room.mean(axis=0, dtype=np.float64))
    items = 2 * classes
    return Desk(
        value=np.zeros(items, np.int64),
        most=np.zeros(items, np.int64),
        code=np.zeros(items, np.int64),
        demand=np.zeros((items, resources), np.int64),
        size=np.zeros(items, np.float64),
        density=np.zeros(items, np.float64),
        amount=np.zeros(items, np.int64),
        best=np.zeros(items, np.int64),
        left=np.zeros(resources, np.int64),
        weights=np.tile(1.0 / average, (sets, 1)),
        order=np.tile(np.arange(items), (sets, 1)),
        care=np.array([min(MOST, max(FEWEST, STEPS // max(1, sets)))]),
    )


@compiled
def lay_out(level: Level, node: int, on: Desk, worth: tuple[Ints, Ints], least: int) -> int:
    """Put the items of `node` worth more than `least` on the desk; return how many.

    Codes left out go to the end of the node's order.
    """
    found, skipped = 0, 0
    for k in range(on.order.shape[1]):
        code = on.order[node, k]
        c = code // 2
        if code % 2:
            value, most = worth[1][node, c], level.nodes.comers[node, c]
        else:
            value, most = worth[0][node, c], level.nodes.home[node, c]
        if value > least and most > 0:
            for r in range(level.nodes.room.shape[1]):
                if level.pods.demand[c, r] > 0:
                    most = min(most, level.nodes.room[node, r] // level.pods.demand[c, r])
        if value <= least or most <= 0:
            on.amount[skipped] = code
            skipped += 1
            continue
        on.value[found], on.most[found], on.code[found] = value, most, code
        for r in range(level.nodes.room.shape[1]):
            on.demand[found, r] = level.pods.demand[c, r]
        found += 1
    for k in range(skipped):
        on.order[node, found + k] = on.amount[k]
    return found


@compiled
def arrange(on: Desk, items: int, node: int) -> None:
    """Measure the items under the node's weights and sort them, the densest first."""
    for i in range(items):
        size = 0.0
        for r in range(on.left.shape[0]):
            size += on.weights[node, r] * on.demand[i, r]
        density = on.value[i] / size if size > 0 else on.value[i] * BOUNDLESS
        value, most, code = on.value[i], on.most[i], on.code[i]
        for r in range(on.left.shape[0]):
            on.left[r] = on.demand[i, r]
        k = i
        while k > 0 and on.density[k - 1] < density:
            on.value[k], on.most[k], on.code[k] = on.value[k - 1], on.most[k - 1], on.code[k - 1]
            on.size[k], on.density[k] = on.size[k - 1], on.density[k - 1]
            for r in range(on.left.shape[0]):
                on.demand[k, r] = on.demand[k - 1, r]
            k -= 1
        on.value[k], on.most[k], on.code[k] = value, most, code
        on.size[k], on.density[k] = size, density
        for r in range(on.left.shape[0]):
            on.demand[k, r] = on.left[r]
    for i in range(items):
        on.order[node, i] = on.code[i]


@inlined
def space_of(level: Level, node: int, on: Desk) -> float:
    """Return the node's room as one, under its weights."""
    space = 0.0
    for r in range(on.left.shape[0]):
        space += on.weights[node, r] * level.nodes.room[node, r]
    return space


@inlined
def hope_at_first(on: Desk, items: int, space: float) -> float:
    """Return the bound of the surrogate knapsack."""
    total: float = 0.0
    for i in range(items):
        if on.value[i] <= 0:
            break
        need = on.size[i] * on.most[i]
        if need > 0 and need > space:
            total += on.density[i] * space
            break
        total += on.value[i] * on.most[i]
        space -= need
    return total


@compiled
def tune(level: Level, node: int, on: Desk, items: int, turn: int) -> None:
    """Try one weight changed, which one `turn` tells, and leave the items arranged."""
    arrange(on, items, node)
    now = hope_at_first(on, items, space_of(level, node, on))
    r = (turn // 2) % on.left.shape[0]
    old = on.weights[node, r]
    on.weights[node, r] = old * TURN if turn % 2 else old / TURN
    arrange(on, items, node)
    if hope_at_first(on, items, space_of(level, node, on)) > now - LEAST_SLACK:
        on.weights[node, r] = old
        arrange(on, items, node)


@inlined
def hope(on: Desk, start: int, items: int, space: float) -> float:
    """Return a bound of what the items from `start` can add in `space`.

    What does not fit any more is left out.
    """
    total: float = 0.0
    for i in range(start, items):
        if on.value[i] <= 0:
            break
        fits = True
        for r in range(on.left.shape[0]):
            if on.demand[i, r] > on.left[r]:
                fits = False
        if not fits:
            continue
        need = on.size[i] * on.most[i]
        if need > 0 and need > space:
            total += on.density[i] * space
            break
        total += on.value[i] * on.most[i]
        space -= need
    return total


@inlined
def fill_up(on: Desk, i: int) -> int:
    """Put as many of item `i` into the pattern as fit; return how many."""
    taken: int = on.most[i]
    for r in range(on.left.shape[0]):
        if on.demand[i, r] > 0:
            taken = min(taken, on.left[r] // on.demand[i, r])
    on.amount[i] = taken
    for r in range(on.left.shape[0]):
        on.left[r] -= taken * on.demand[i, r]
    return taken


@inlined
def take_back(on: Desk, i: int) -> int:
    """Take one of the last item before `i` out of the pattern; return which, or -1 for none."""
    i -= 1
    while i >= 0 and on.amount[i] == 0:
        i -= 1
    if i >= 0:
        on.amount[i] -= 1
        for r in range(on.left.shape[0]):
            on.left[r] += on.demand[i, r]
    return i


@inlined
def search(level: Level, node: int, on: Desk, items: int, slack: int) -> tuple[int, int]:
    """Return the value of the best pattern, which is in `on.best`, and a bound of all patterns."""
    for r in range(on.left.shape[0]):
        on.left[r] = level.nodes.room[node, r]
    for k in range(items):
        on.amount[k] = 0
        on.best[k] = 0
    space = space_of(level, node, on)
    best, value, i = 0, 0, 0
    root = int(hope(on, 0, items, space)) + LEAST_SLACK
    bound = root
    for _ in range(on.care[0]):
        while i < items:
            if value + hope(on, i, items, space) <= best + slack:
                break
            taken = fill_up(on, i)
            value += taken * on.value[i]
            space -= taken * on.size[i]
            i += 1
        if value > best:
            best = value
            for k in range(items):
                on.best[k] = on.amount[k]
        i = take_back(on, i)
        if i < 0:
            bound = min(root, best + slack)
            break
        value -= on.value[i]
        space += on.size[i]
        i += 1
    return best, bound
