"""Solving a few nodes again, to the end, with all others as they are."""

from dataclasses import dataclass

import numpy as np

from restow.packing.patterns.areas import areas_on
from restow.packing.patterns.arrays import Gain, Ints, Level, Nodes, Pods, Rows
from restow.packing.patterns.bounding import Bounding
from restow.packing.patterns.closing import improve
from restow.packing.patterns.knapsack import LEAST_SLACK, UNIT
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.pricing import Descent, Whole, evaluate
from restow.packing.patterns.stage import Stage

STEPS, ROUNDS = 30, 40
"""Of the descent and of the linear program on a few nodes."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A few nodes of a level as a level of their own.

    Parameters
    ----------
    nodes, classes
        Indices of the level.
    there
        (nodes, classes) pods now.
    """

    level: Level
    nodes: Ints
    classes: Ints
    there: Ints


def part_of(level: Level, there: Ints, nodes: Ints) -> Part:
    """Return `nodes` as a level, the pods on all other nodes being where they are."""
    rest = np.ones(len(there), bool)
    rest[nodes] = False
    placed = there[rest].sum(axis=0)
    moved = np.maximum(0, there - level.nodes.home)[rest].sum(axis=0)
    most = level.pods.most - placed
    classes = np.flatnonzero(most > 0)
    home = np.minimum(level.nodes.home[np.ix_(nodes, classes)], most[classes])
    comers = np.minimum(level.nodes.comers[np.ix_(nodes, classes)], most[classes])
    return Part(
        level=Level(
            Pods(
                level.pods.demand[classes],
                most[classes],
                np.maximum(0, level.pods.least - placed)[classes],
            ),
            Nodes(level.nodes.room[nodes], home, comers, np.ones(len(nodes), np.int64)),
            Rows(
                np.ascontiguousarray(level.rows.placed[:, classes]),
                np.ascontiguousarray(level.rows.moved[:, classes]),
                level.rows.most - level.rows.placed @ placed - level.rows.moved @ moved,
            ),
            Gain(level.gain.placed[classes], level.gain.moved[classes]),
            areas_on(level, nodes, classes, there),
        ),
        nodes=nodes,
        classes=classes,
        there=there[np.ix_(nodes, classes)],
    )


def repaired(level: Level, there: Ints, nodes: Ints, meter: Meter) -> Ints | None:
    """Return a placement that gains more than `there` and differs on `nodes` only, or None."""
    part = part_of(level, there, nodes)
    stay = np.minimum(part.there, part.level.nodes.home)
    patterns = np.stack([stay, part.there - stay], axis=2)
    gain = _gain(part.level, patterns)
    known = [[(1, pattern)] for pattern in patterns]
    bounding = Bounding(part.level, meter, lambda: known)
    if bounding.descend(gain + 1, STEPS) or bounding.bound <= gain:
        return None
    bounding.solve(gain + 1, ROUNDS)
    if bounding.bound <= gain or meter.over():
        return None
    found = improve(part.level, bounding.descent, gain + 1, meter)
    if found is None:
        return None
    after = there.copy()
    for node, used in zip(nodes, found, strict=True):
        after[node, part.classes] = used[0][1].sum(axis=1)
    return after


def _gain(level: Level, patterns: Ints) -> int:
    placed = patterns.sum(axis=(0, 2))
    moved = patterns[:, :, 1].sum(axis=0)
    return int(level.gain.placed @ placed + level.gain.moved @ moved)


class Regret:
    """What each node falls short of what the best prices promise; all together, the gap."""

    def __init__(self, stage: Stage, at: Descent) -> None:
        evaluate(stage.merged, at, Whole(at.best.pods, at.best.rows, at.best.areas), 0, LEAST_SLACK)
        self._home = stage.level.nodes.home
        self._tops = np.zeros(len(self._home))
        for members, top in zip(stage.members, at.tops, strict=True):
            self._tops[members] = top / UNIT
        sets = np.zeros(len(self._home), np.int64)
        for number, members in enumerate(stage.members):
            sets[members] = number
        self._stay, self._come = at.stay[sets] / UNIT, at.come[sets] / UNIT

    def draw(self, there: Ints, size: int, rng: np.random.Generator) -> Ints:
        """Draw `size` nodes, those of high regret more often."""
        stay = np.minimum(there, self._home)
        worth = (stay * self._stay + (there - stay) * self._come).sum(axis=1)
        regret = np.maximum(0.0, self._tops - worth)
        chance = regret + 0.1 * max(1.0, float(regret.mean()))
        return np.sort(rng.choice(len(regret), size, replace=False, p=chance / chance.sum()))
