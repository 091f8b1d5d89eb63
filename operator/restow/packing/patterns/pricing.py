"""The Lagrangian bound: coupling sums priced, each node packed alone.

For prices p of the classes (one per pod placed) and m >= 0 of the rows and areas, no placement
gains more than

    sum_c max(p_c * most_c, p_c * least_c) + sum_r m_r * most_r + sum_nodes best pattern,

where a pod is worth its gain minus its prices on that node. Everything is in integers, `UNIT` to
one.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.compiled import compiled, inlined
from restow.packing.patterns.knapsack import (
    LEAST_SLACK,
    UNIT,
    Desk,
    desk,
    lay_out,
    search,
    tune,
)

HIGHEST = 1 << 11
"""Highest price; keeps every sum of values far below 2^63."""

LOSS = 32
"""Searches may miss the best patterns by 1 / LOSS of a unit, all nodes together."""

STALL, SLOWER = 6, 0.5
"""After how many steps without progress the pace falls, and to what share."""

AIM = 0.05
"""How far below the target the descent aims, in units."""

TURN_OFF = 1.5
"""How strongly a step avoids going back on the one before (Camerini, Fratta and Maffioli 1975)."""


class Prices(NamedTuple):
    """(classes,) prices of pods, (rows,) and (areas,), in the goal's unit; work in progress."""

    pods: Floats
    rows: Floats
    areas: Floats


class Best(NamedTuple):
    """The lowest bound found, in `bound[0]`, and the integer prices that give it."""

    bound: Ints
    pods: Ints
    rows: Ints
    areas: Ints


class Whole(NamedTuple):
    """(classes,), (rows,) and (areas,) prices in integers, `UNIT` to one."""

    pods: Ints
    rows: Ints
    areas: Ints


class Trial(NamedTuple):
    """The prices of one step in integers, and the bound's slope in each of them."""

    pods: Ints
    rows: Ints
    areas: Ints
    slope_pods: Floats
    slope_rows: Floats
    slope_areas: Floats


def trial_of(level: Level) -> Trial:
    """Return room for a step's prices."""
    sizes = (len(level.pods.most), len(level.rows.most), len(level.areas.most))
    pods, rows, areas = (np.zeros(n, np.int64) for n in sizes)
    return Trial(pods, rows, areas, *(np.zeros(n) for n in sizes))


class Descent(NamedTuple):
    """A descent between two calls.

    Parameters
    ----------
    direction
        The last step's.
    stay, come
        (sets, classes) worth of a pod that stays there and of one that comes.
    pattern, tops
        (sets, classes, 2) pods that stay, and that come, in each set's best pattern; (sets,) what
        no pattern of the set is worth more than.
    pace
        Length of the next step as a share of Polyak's, and steps since the last progress.
    """

    prices: Prices
    direction: Prices
    best: Best
    stay: Ints
    come: Ints
    pattern: Ints
    tops: Ints
    pace: Floats
    desk: Desk
    trial: Trial


def descent(level: Level) -> Descent:
    """Return a descent that has not begun, all prices zero."""
    sets, classes = level.nodes.home.shape
    sizes = (classes, len(level.rows.most), len(level.areas.most))
    return Descent(
        prices=Prices(*(np.zeros(n) for n in sizes)),
        direction=Prices(*(np.zeros(n) for n in sizes)),
        best=Best(np.full(1, np.iinfo(np.int64).max), *(np.zeros(n, np.int64) for n in sizes)),
        stay=np.zeros((sets, classes), np.int64),
        come=np.zeros((sets, classes), np.int64),
        pattern=np.zeros((sets, classes, 2), np.int64),
        tops=np.zeros(sets, np.int64),
        pace=np.array([1.0, 0.0]),
        desk=desk(level),
        trial=trial_of(level),
    )


@inlined
def quantise(prices: Floats, whole: Ints) -> None:
    """Set `whole` to the prices in integers."""
    for k in range(prices.shape[0]):
        whole[k] = int(np.rint(min(1.0 * HIGHEST, max(-1.0 * HIGHEST, prices[k])) * UNIT))


@inlined
def worth(level: Level, prices: Whole, stay: Ints, come: Ints) -> int:
    """Set the worth of each class's pods, and return what the prices themselves sum up to."""
    total, pods, rows = 0, prices.pods, prices.rows
    for r in range(rows.shape[0]):
        total += rows[r] * level.rows.most[r]
    for c in range(pods.shape[0]):
        total += max(pods[c] * level.pods.most[c], pods[c] * level.pods.least[c])
        stays = level.gain.placed[c] * UNIT - pods[c]
        moved = level.gain.moved[c] * UNIT
        for r in range(rows.shape[0]):
            stays -= rows[r] * level.rows.placed[r, c]
            moved -= rows[r] * level.rows.moved[r, c]
        for node in range(stay.shape[0]):
            stay[node, c] = stays
            come[node, c] = stays + moved
    return total + by_area(level, prices.areas, stay, come)


@inlined
def by_area(level: Level, prices: Ints, stay: Ints, come: Ints) -> int:
    """Charge pods for the areas they count in, and return what the prices themselves sum up to."""
    total, areas = 0, level.areas
    for a in range(prices.shape[0]):
        price = prices[a]
        if price == 0:
            continue
        total += price * areas.most[a]
        for node in range(stay.shape[0]):
            charge = price * areas.where[a, node]
            if charge != 0:
                for k in range(areas.first[a], areas.first[a + 1]):
                    stay[node, areas.member[k]] -= charge
                    come[node, areas.member[k]] -= charge
    return total


@compiled
def slack_of(level: Level, excess: float) -> int:
    """Return what each search may miss by; more, when the bound is far above what it is to be."""
    nodes = 0
    for node in range(level.nodes.number.shape[0]):
        nodes += level.nodes.number[node]
    return max(LEAST_SLACK, int(UNIT * max(1.0, excess) / (LOSS * max(1, nodes))))


@compiled
def pack_nodes(level: Level, at: Descent, turn: int, slack: int) -> int:
    """Find each set's best pattern under the worth of the pods, and return the sum of bounds."""
    total = 0
    for node in range(level.nodes.number.shape[0]):
        at.tops[node] = 0
        for c in range(at.stay.shape[1]):
            at.pattern[node, c, 0] = 0
            at.pattern[node, c, 1] = 0
    for node in range(level.nodes.number.shape[0]):
        items = lay_out(level, node, at.desk, (at.stay, at.come), 0)
        if items == 0:
            continue
        tune(level, node, at.desk, items, turn)
        _, bound = search(level, node, at.desk, items, slack)
        at.tops[node] = bound
        total += bound * level.nodes.number[node]
        for i in range(items):
            if at.desk.best[i]:
                code = at.desk.code[i]
                at.pattern[node, code // 2, code % 2] = at.desk.best[i]
    return total


@compiled
def evaluate(level: Level, at: Descent, prices: Whole, turn: int, slack: int) -> int:
    """Return the bound of these prices; the best patterns are in `at.pattern`."""
    total = worth(level, prices, at.stay, at.come)
    return total + pack_nodes(level, at, turn, slack)


@inlined
def slope(level: Level, at: Descent, slope: Prices) -> None:
    """Set the bound's slope in each price: what is offered minus what the patterns take."""
    pods, rows = slope.pods, slope.rows
    slope_of_areas(level, at, slope.areas)
    for r in range(rows.shape[0]):
        rows[r] = level.rows.most[r]
    for c in range(pods.shape[0]):
        placed, came = 0.0, 0.0
        for node in range(level.nodes.number.shape[0]):
            number = level.nodes.number[node]
            came += number * at.pattern[node, c, 1]
            placed += number * (at.pattern[node, c, 0] + at.pattern[node, c, 1])
        offer = level.pods.most[c] if at.prices.pods[c] >= 0 else level.pods.least[c]
        if at.prices.pods[c] == 0 and placed < offer:
            offer = max(placed, level.pods.least[c])
        pods[c] = offer - placed
        for r in range(rows.shape[0]):
            rows[r] -= level.rows.placed[r, c] * placed + level.rows.moved[r, c] * came
    for r in range(rows.shape[0]):
        if at.prices.rows[r] == 0 and rows[r] > 0:
            rows[r] = 0.0


@inlined
def slope_of_areas(level: Level, at: Descent, slope: Floats) -> None:
    """Set the slope in the price of each area, likewise."""
    areas = level.areas
    for a in range(slope.shape[0]):
        slope[a] = areas.most[a]
        for node in range(level.nodes.number.shape[0]):
            each = areas.where[a, node] * level.nodes.number[node]
            if each != 0:
                for k in range(areas.first[a], areas.first[a + 1]):
                    c = areas.member[k]
                    slope[a] -= each * (at.pattern[node, c, 0] + at.pattern[node, c, 1])
        if at.prices.areas[a] == 0 and slope[a] > 0:
            slope[a] = 0.0


@inlined
def product(one: Floats, other: Floats) -> float:
    """Return the scalar product."""
    total = 0.0
    for k in range(one.shape[0]):
        total += one[k] * other[k]
    return total


@inlined
def turn(direction: Floats, slope: Floats, turn_off: float) -> float:
    """Turn the direction towards the slope; return the square of its length."""
    for k in range(slope.shape[0]):
        direction[k] = slope[k] + turn_off * direction[k]
    return product(direction, direction)


@inlined
def step(level: Level, at: Descent, excess: float, slope: Prices) -> None:
    """Move the prices against the slope, eased by the last direction."""
    now, by = at.direction, at.prices
    along = product(slope.pods, now.pods) + product(slope.rows, now.rows)
    along += product(slope.areas, now.areas)
    square = 1e-6 + product(now.pods, now.pods) + product(now.rows, now.rows)
    square += product(now.areas, now.areas)
    turn_off = max(0.0, -TURN_OFF * along / square)
    square = 1e-6 + turn(now.pods, slope.pods, turn_off) + turn(now.rows, slope.rows, turn_off)
    square += turn(now.areas, slope.areas, turn_off)
    length = at.pace[0] * excess / square
    for c in range(by.pods.shape[0]):
        price = by.pods[c] - length * now.pods[c]
        by.pods[c] = price if level.pods.least[c] else max(0.0, price)
    for r in range(by.rows.shape[0]):
        by.rows[r] = max(0.0, by.rows[r] - length * now.rows[r])
    for a in range(by.areas.shape[0]):
        by.areas[a] = max(0.0, by.areas[a] - length * now.areas[a])


@inlined
def restore(prices: Floats, direction: Floats, best: Ints) -> None:
    """Set prices to the best ones, and forget the direction."""
    for k in range(prices.shape[0]):
        prices[k] = best[k] / UNIT
        direction[k] = 0.0


@inlined
def go_back(at: Descent) -> None:
    """Go on from the best prices."""
    restore(at.prices.pods, at.direction.pods, at.best.pods)
    restore(at.prices.rows, at.direction.rows, at.best.rows)
    restore(at.prices.areas, at.direction.areas, at.best.areas)


@inlined
def copy(source: Ints, target: Ints) -> None:
    """Copy numbers."""
    for k in range(source.shape[0]):
        target[k] = source[k]


@inlined
def improve(at: Descent, bound: int, trial: Trial) -> None:
    """Keep the prices of a lower bound, and go more slowly where there was none for a while."""
    if bound < at.best.bound[0] - UNIT // 512:
        at.pace[1] = 0.0
    else:
        at.pace[1] += 1.0
        if at.pace[1] >= STALL:
            at.pace[0] *= SLOWER
            at.pace[1] = 0.0
            go_back(at)
    if bound < at.best.bound[0]:
        at.best.bound[0] = bound
        copy(trial.pods, at.best.pods)
        copy(trial.rows, at.best.rows)
        copy(trial.areas, at.best.areas)


@compiled
def descend(level: Level, at: Descent, target: int, steps: int, turn: int) -> int:
    """Lower the bound until it is below `target` units, `steps` times at most; return the steps."""
    trial = at.trial
    whole = Whole(trial.pods, trial.rows, trial.areas)
    slopes = Prices(trial.slope_pods, trial.slope_rows, trial.slope_areas)
    for done in range(steps):
        quantise(at.prices.pods, trial.pods)
        quantise(at.prices.rows, trial.rows)
        quantise(at.prices.areas, trial.areas)
        bound = worth(level, whole, at.stay, at.come)
        slack = slack_of(level, at.best.bound[0] / UNIT - target)
        bound += pack_nodes(level, at, turn + done, slack)
        improve(at, bound, trial)
        if at.best.bound[0] < target * UNIT:
            return done + 1
        slope(level, at, slopes)
        step(level, at, (bound - target * UNIT) / UNIT + AIM, slopes)
    return steps
