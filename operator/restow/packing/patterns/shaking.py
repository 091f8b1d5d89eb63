"""Better placements of one level by annealing."""

import numpy as np

from restow.packing.patterns.annealing import Run, State, anneal
from restow.packing.patterns.areas import totals
from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.meter import CHANGES_PER_S, Meter

FIRST, LEAST, MOST = 1_000, 10_000, 100_000
"""Changes per pod tried by the first run, and limits of its length.

Each run that finds nothing is followed by a longer one.
"""

MENDING = ((0.004, 4), (0.0005, 8))
"""Prices of a unit of loss in runs that mend a placement, and their length in those of the first
run. The cheaper it is, the more pods leave home to make room for one that lacks it."""

LONGEST = 16_000_000

HOT, WARM, LUKEWARM, COLD = 0.015, 0.004, 0.002, 0.00005
"""First temperature where pods are to be placed, where they are to go home, and where a placement
is near the best; last temperature.

In shares of a node's room. With 0.05 to 0.0008 a run on 32 nodes without slack places three to
five pods fewer.
"""

LOSS = 0.004
"""First price of a unit of loss, in shares of a node's room; then dearer after a run that ends
without overflow, and cheaper after one that does not."""

STRAY = 0.002
"""Price of a running pod away from home while others are to be placed, every second run."""

ROW = 0.5
"""Price of a unit beyond a row, in shares of a node's room."""


class Shaking:
    """Runs of annealing on one level, each longer, from the best placement known."""

    def __init__(self, level: Level, start: Ints, meter: Meter, seed: int) -> None:
        self._level = level
        self._meter = meter
        self._luck = seed
        self._loss = LOSS
        self._rate = float(CHANGES_PER_S)
        self._first = min(MOST, max(LEAST, FIRST * int(level.pods.most.sum())))
        self._steps = self._first
        self.there = start
        self.gain = gain_at(level, start)

    def restart(self, there: Ints) -> None:
        """Go on from `there`."""
        self.there = there
        self.gain = gain_at(self._level, there)

    def improve(self, target: int) -> bool:
        """Run once for a gain of up to `target`; return whether the best gain rose.

        Where the gain is a count of pods with a place, `target` of them are put somewhere first.
        """
        level = self._level
        left = self._meter.left()
        steps = int(min(self._steps, left * self._rate / 2))
        if steps < LEAST // 4 or not len(level.pods.most):
            return False
        self._luck += 1
        state = _state(level, self.there, target, self._luck)
        found = anneal(level, state, self._run(steps, target))
        self._meter.book_changes(steps)
        self._rate = steps / max(1e-6, left - self._meter.left())
        self._steps = min(LONGEST, self._steps * 3 // 2)
        self._loss = max(LOSS / 16, min(LOSS * 16, self._loss * (0.8 if state.tally[1] else 1.25)))
        if found <= self.gain:
            return False
        self.gain = found
        self.there = _there(level, state)
        self._steps = max(self._first, self._steps // 2)
        return True

    def mend(self, there: Ints, target: int) -> bool:
        """Run from `there`, which may lack pods, without spoiling it; return as `improve` does."""
        level = self._level
        start = completed(level, there)
        if (start.sum(axis=0) < level.pods.least).any():
            return False
        for loss, length in MENDING:
            steps = int(min(length * self._first, self._meter.left() * self._rate / 2))
            if steps < LEAST // 4:
                return False
            self._luck += 1
            state = _state(level, start, target, self._luck)
            run = self._run(steps, target)._replace(loss=loss, stray=0.0, hot=LUKEWARM)
            found = anneal(level, state, run)
            self._meter.book_changes(steps)
            if found > self.gain:
                self.gain, self.there = found, _there(level, state)
                return True
        return False

    def _run(self, steps: int, target: int) -> Run:
        """Return how the next run is to go."""
        placing = not (self._level.gain.moved != 0).any()
        return Run(
            loss=self._loss,
            stray=STRAY if placing and self._luck % 2 else 0.0,
            row=ROW,
            hot=HOT if placing else WARM,
            cold=COLD,
            steps=steps,
            known=self.gain,
            enough=target,
        )


def completed(level: Level, there: Ints) -> Ints:
    """Return `there` with the pods that classes and rows ask for, even where they do not fit."""
    there, share = there.copy(), 1.0 / np.maximum(1.0, level.nodes.room.mean(axis=0))
    size = (level.pods.demand * share).sum(axis=1)
    for c in np.argsort(size, kind="stable"):
        while there[:, c].sum() < level.pods.most[c]:
            placed = there.sum(axis=0)
            moved = np.maximum(0, there - level.nodes.home).sum(axis=0)
            short = level.rows.placed @ placed + level.rows.moved @ moved > level.rows.most
            asked = (level.rows.placed[short, c] < 0).any() or placed[c] < level.pods.least[c]
            open_ = there[:, c] < level.nodes.home[:, c] + level.nodes.comers[:, c]
            if not asked or not open_.any():
                break
            left = ((level.nodes.room - there @ level.pods.demand) * share).sum(axis=1)
            there[int(np.argmax(np.where(open_, left, -np.inf))), c] += 1
    return there


def gain_at(level: Level, there: Ints) -> int:
    """Return the gain of (nodes, classes) counts."""
    placed = there.sum(axis=0)
    moved = np.maximum(0, there - level.nodes.home).sum(axis=0)
    return int((level.gain.placed * placed).sum() + (level.gain.moved * moved).sum())


def _there(level: Level, state: State) -> Ints:
    """Return the (nodes, classes) counts of the best state."""
    there = np.zeros_like(level.nodes.home)
    placed = state.best >= 0
    np.add.at(there, (state.best[placed], state.of[placed]), 1)
    return there


def _state(level: Level, there: Ints, target: int, luck: int) -> State:
    """Return the state of `there`, with pods added until a count of places reaches `target`."""
    of, at = [], []
    for c, most in enumerate(level.pods.most):
        nodes = np.repeat(np.arange(len(there)), there[:, c])
        at += [*nodes.tolist(), *[-1] * (int(most) - len(nodes))]
        of += [c] * int(most)
    classes, nodes_at = np.array(of, np.int64), np.array(at, np.int64)
    there = there.copy()
    _add(level, (classes, nodes_at, there), target - gain_at(level, there), luck)
    placed = there.sum(axis=0)
    moved = np.maximum(0, there - level.nodes.home).sum(axis=0)
    left = level.nodes.room - there @ level.pods.demand
    share = 1.0 / np.maximum(1.0, level.nodes.room.mean(axis=0))
    out = np.flatnonzero(nodes_at < 0)
    slot = np.zeros(len(of), np.int64)
    slot[out] = np.arange(len(out))
    gain = int((level.gain.placed * placed).sum() + (level.gain.moved * moved).sum())
    return State(
        of=classes,
        at=nodes_at,
        there=np.ascontiguousarray(there.T),
        left=left,
        over=(np.maximum(0, -left) * share).sum(axis=1),
        runs=(level.nodes.home.sum(axis=0) > 0).astype(np.int64),
        share=share,
        sums=level.rows.placed @ placed + level.rows.moved @ moved,
        more=np.zeros(len(level.rows.most), np.int64),
        areas=totals(level.areas, there),
        seated=placed,
        out=np.concatenate([out, np.zeros(len(of) - len(out), np.int64)]),
        slot=slot,
        tally=np.array([len(out), int((left < 0).any(axis=1).sum()), gain], np.int64),
        best=nodes_at.copy(),
        luck=np.array([(luck + 1) * 0x9E3779B97F4A7C15 % (1 << 62) + 1], np.int64),
    )


def _add(level: Level, state: tuple[Ints, Ints, Ints], missing: int, luck: int) -> None:
    """Give `missing` pods without a place one, the smallest first, on nodes drawn at random."""
    if (level.gain.moved != 0).any():
        return
    of, at, there = state
    share = 1.0 / np.maximum(1.0, level.nodes.room.mean(axis=0))
    size = (level.pods.demand * share).sum(axis=1)
    waiting = [p for p in np.flatnonzero(at < 0) if level.gain.placed[of[p]] > 0]
    rng = np.random.default_rng(luck)
    for p in sorted(waiting, key=lambda p: (size[of[p]], p))[: max(0, missing)]:
        c = of[p]
        open_ = np.flatnonzero(there[:, c] < level.nodes.comers[:, c] + level.nodes.home[:, c])
        if len(open_):
            at[p] = rng.choice(open_)
            there[at[p], c] += 1
