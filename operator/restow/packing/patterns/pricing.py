"""The Lagrangian bound: coupling sums priced, each node packed alone.

For prices p of the classes (one per pod placed) and m >= 0 of the rows, no placement gains more
than

    sum_c max(p_c * most_c, p_c * least_c) + sum_r m_r * most_r + sum_nodes best pattern,

where a pod is worth its gain minus its prices. Everything is in integers, `UNIT` to one.
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
    """(classes,) prices of pods, and (rows,) of rows, in the goal's unit; work in progress."""

    pods: Floats
    rows: Floats


class Best(NamedTuple):
    """The lowest bound found, in `bound[0]`, and the integer prices that give it."""

    bound: Ints
    pods: Ints
    rows: Ints


class Whole(NamedTuple):
    """(classes,) and (rows,) prices in integers, `UNIT` to one."""

    pods: Ints
    rows: Ints


class Trial(NamedTuple):
    """The prices of one step in integers, and the bound's slope in each of them."""

    pods: Ints
    rows: Ints
    slope_pods: Floats
    slope_rows: Floats


def trial_of(level: Level) -> Trial:
    """Return room for a step's prices."""
    classes, rows = len(level.pods.most), len(level.rows.most)
    return Trial(
        np.zeros(classes, np.int64), np.zeros(rows, np.int64), np.zeros(classes), np.zeros(rows)
    )


class Descent(NamedTuple):
    """A descent between two calls.

    Parameters
    ----------
    direction
        The last step's.
    stay, come
        (classes,) worth of a pod that stays and of one that comes.
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
    rows = len(level.rows.most)
    return Descent(
        prices=Prices(np.zeros(classes), np.zeros(rows)),
        direction=Prices(np.zeros(classes), np.zeros(rows)),
        best=Best(
            np.full(1, np.iinfo(np.int64).max),
            np.zeros(classes, np.int64),
            np.zeros(rows, np.int64),
        ),
        stay=np.zeros(classes, np.int64),
        come=np.zeros(classes, np.int64),
        pattern=np.zeros((sets, classes, 2), np.int64),
        tops=np.zeros(sets, np.int64),
        pace=np.array([1.0, 0.0]),
        desk=desk(level),
        trial=trial_of(level),
    )


@inlined
def quantised(price: float) -> int:
    """Return `price` in integers."""
    return int(np.rint(min(1.0 * HIGHEST, max(-1.0 * HIGHEST, price)) * UNIT))


@inlined
def worth(level: Level, pods: Ints, rows: Ints, stay: Ints, come: Ints) -> int:
    """Set the worth of each class's pods, and return what the prices themselves sum up to."""
    total = 0
    for r in range(rows.shape[0]):
        total += rows[r] * level.rows.most[r]
    for c in range(pods.shape[0]):
        total += max(pods[c] * level.pods.most[c], pods[c] * level.pods.least[c])
        stay[c] = level.gain.placed[c] * UNIT - pods[c]
        moved = level.gain.moved[c] * UNIT
        for r in range(rows.shape[0]):
            stay[c] -= rows[r] * level.rows.placed[r, c]
            moved -= rows[r] * level.rows.moved[r, c]
        come[c] = stay[c] + moved
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
        for c in range(at.stay.shape[0]):
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
    total = worth(level, prices.pods, prices.rows, at.stay, at.come)
    return total + pack_nodes(level, at, turn, slack)


@inlined
def slope(level: Level, at: Descent, pods: Floats, rows: Floats) -> None:
    """Set the bound's slope in each price: what is offered minus what the patterns take."""
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
def step(level: Level, at: Descent, excess: float, pods: Floats, rows: Floats) -> None:
    """Move the prices against the slope, eased by the last direction."""
    along, square = 0.0, 1e-6
    for c in range(pods.shape[0]):
        along += pods[c] * at.direction.pods[c]
        square += at.direction.pods[c] ** 2
    for r in range(rows.shape[0]):
        along += rows[r] * at.direction.rows[r]
        square += at.direction.rows[r] ** 2
    turn_off = max(0.0, -TURN_OFF * along / square)
    square = 1e-6
    for c in range(pods.shape[0]):
        at.direction.pods[c] = pods[c] + turn_off * at.direction.pods[c]
        square += at.direction.pods[c] ** 2
    for r in range(rows.shape[0]):
        at.direction.rows[r] = rows[r] + turn_off * at.direction.rows[r]
        square += at.direction.rows[r] ** 2
    length = at.pace[0] * excess / square
    for c in range(pods.shape[0]):
        price = at.prices.pods[c] - length * at.direction.pods[c]
        at.prices.pods[c] = price if level.pods.least[c] else max(0.0, price)
    for r in range(rows.shape[0]):
        at.prices.rows[r] = max(0.0, at.prices.rows[r] - length * at.direction.rows[r])


@inlined
def go_back(at: Descent) -> None:
    """Go on from the best prices."""
    for c in range(at.prices.pods.shape[0]):
        at.prices.pods[c] = at.best.pods[c] / UNIT
        at.direction.pods[c] = 0.0
    for r in range(at.prices.rows.shape[0]):
        at.prices.rows[r] = at.best.rows[r] / UNIT
        at.direction.rows[r] = 0.0


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
        for c in range(trial.pods.shape[0]):
            at.best.pods[c] = trial.pods[c]
        for r in range(trial.rows.shape[0]):
            at.best.rows[r] = trial.rows[r]


@compiled
def descend(level: Level, at: Descent, target: int, steps: int, turn: int) -> int:
    """Lower the bound until it is below `target` units, `steps` times at most; return the steps."""
    trial = at.trial
    for done in range(steps):
        for c in range(trial.pods.shape[0]):
            trial.pods[c] = quantised(at.prices.pods[c])
        for r in range(trial.rows.shape[0]):
            trial.rows[r] = quantised(at.prices.rows[r])
        bound = worth(level, trial.pods, trial.rows, at.stay, at.come)
        slack = slack_of(level, at.best.bound[0] / UNIT - target)
        bound += pack_nodes(level, at, turn + done, slack)
        improve(at, bound, trial)
        if at.best.bound[0] < target * UNIT:
            return done + 1
        slope(level, at, trial.slope_pods, trial.slope_rows)
        step(level, at, (bound - target * UNIT) / UNIT + AIM, trial.slope_pods, trial.slope_rows)
    return steps
