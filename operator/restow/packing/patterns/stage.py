"""One level of a problem: what counts in it, as arrays, and the way back to a placement."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restow.packing.goals import Goal, Hold
from restow.packing.patterns.areas import areas_of
from restow.packing.patterns.arrays import Areas, Gain, Ints, Level, Nodes, Pods, Rows
from restow.packing.patterns.frame import Frame, gain_of, row_of, rows_of

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A level of a problem with what is settled taken out.

    Parameters
    ----------
    level
        As arrays, each node by itself.
    merged
        The same with nodes put together that the level cannot tell apart.
    members
        Per set of `merged`, its nodes.
    classes
        The classes that count here, as indices of the problem.
    pinned
        (classes of the problem,) whether the pods stay at home in every plan that is left.
    shift
        What pinned pods add to the gain.
    constant
        The goal's value is `sign * (gain + shift) + constant`.
    """

    level: Level
    merged: Level
    members: list[list[int]]
    classes: Ints
    pinned: Flags
    shift: int
    sign: int
    constant: int

    def gain(self, value: int) -> int:
        """Return the gain at which the goal has `value`."""
        return self.sign * (value - self.constant) - self.shift

    def value(self, gain: int) -> int:
        """Return the goal's value at `gain`."""
        return self.sign * (gain + self.shift) + self.constant


def stage_of(frame: Frame, goal: Goal, holds: Iterable[Hold]) -> Stage:
    """Return the arrays of a level: `goal` within `holds`."""
    classes = frame.count.shape[0]
    triples = [row for hold in holds if (row := row_of(hold, classes)) is not None]
    triples += zip(frame.sums.placed, frame.sums.moved, frame.sums.most.tolist(), strict=True)
    rows = rows_of(triples, classes)
    least, still = _settle(frame, rows)
    pinned = (frame.running > 0) & ((least == frame.count) & still | frame.fixed)
    placed, moved = gain_of(goal, classes)
    rows = _kept(frame, rows, least, still, pinned)
    counts = (placed != 0) | (moved != 0) | (least > 0)
    counts |= (rows.placed != 0).any(axis=0) | (rows.moved != 0).any(axis=0)
    counts &= ~pinned & (frame.count > 0)
    areas = _areas(frame, counts, pinned)
    active = np.flatnonzero(counts)
    index = np.cumsum(counts) - 1
    room = frame.capacity - frame.home[:, pinned] @ frame.demand[pinned]
    comers = np.where(still & (frame.running > 0), 0, frame.comers)[:, active]
    level = Level(
        pods=Pods(frame.demand[active], frame.count[active], least[active]),
        nodes=Nodes(room, frame.home[:, active], comers, np.ones(len(room), np.int64)),
        rows=Rows(rows.placed[:, active], rows.moved[:, active], rows.most),
        gain=Gain(placed[active], moved[active]),
        areas=areas_of(
            ((index[members].tolist(), where, most) for members, where, most in areas),
            len(room),
            len(active),
        ),
    )
    level = _contiguous(level)
    merged, members = _merge(level)
    return Stage(
        level=level,
        merged=merged,
        members=members,
        classes=active,
        pinned=pinned,
        shift=int((placed * frame.count)[pinned].sum()),
        sign=1 if goal.maximise else -1,
        constant=goal.constant,
    )


def _areas(frame: Frame, counts: Flags, pinned: Flags) -> list[tuple[Ints, Ints, int]]:
    """Return the sums that have to do with classes that count; all their classes count then.

    As (classes, what each node counts, limit), without the pinned pods.
    """
    chosen: list[tuple[Ints, Ints, int]] = []
    waiting, found = list(frame.areas), True
    while found:
        found, left = False, []
        for each in waiting:
            members = np.array(each.classes, np.int64)
            if not counts[members].any():
                left.append(each)
                continue
            found = True
            still, free = members[pinned[members]], members[~pinned[members]]
            most = each.most - int(each.where @ frame.home[:, still].sum(axis=1))
            counts[free] |= frame.count[free] > 0
            chosen.append((free, each.where, most))
        waiting = left
    return [(members[counts[members]], where, most) for members, where, most in chosen]


def _contiguous(level: Level) -> Level:
    """Return the level with its arrays in C order: for another, the loops are compiled anew."""
    return Level(
        Pods(*map(np.ascontiguousarray, level.pods)),
        Nodes(*map(np.ascontiguousarray, level.nodes)),
        Rows(*map(np.ascontiguousarray, level.rows)),
        Gain(*map(np.ascontiguousarray, level.gain)),
        Areas(*map(np.ascontiguousarray, level.areas)),
    )


def _settle(frame: Frame, rows: Rows) -> tuple[Ints, Flags]:
    """Return what the rows imply class by class: least pods placed, and whether none may move."""
    least = frame.least.copy()
    still = frame.fixed.copy()
    for _ in range(2):
        movable = np.where(still, 0, frame.running)
        low = np.minimum(rows.placed * least, rows.placed * frame.count).sum(axis=1)
        low += np.minimum(rows.moved * movable, 0).sum(axis=1)
        slack = np.maximum(0, rows.most - low)[:, None]
        still |= (rows.moved > slack).any(axis=0)
        lost = np.where(rows.placed < 0, slack // np.maximum(1, -rows.placed), frame.count)
        least = np.maximum(least, frame.count - lost.min(axis=0, initial=np.iinfo(np.int64).max))
    return np.clip(least, 0, frame.count), still


def _kept(frame: Frame, rows: Rows, least: Ints, still: Flags, pinned: Flags) -> Rows:
    """Return the rows that may be exceeded, without the pinned pods."""
    most = rows.most - (rows.placed * frame.count)[:, pinned].sum(axis=1)
    placed, moved = np.where(pinned, 0, rows.placed), np.where(pinned | still, 0, rows.moved)
    high = np.maximum(placed * least, placed * frame.count).sum(axis=1)
    high += np.maximum(moved * frame.running, 0).sum(axis=1)
    open_ = high > most
    return Rows(placed[open_], moved[open_], most[open_])


def _merge(level: Level) -> tuple[Level, list[list[int]]]:
    """Put nodes together that differ in nothing but pods whose moves do not matter."""
    nodes = level.nodes
    matters = (level.gain.moved != 0) | (level.rows.moved != 0).any(axis=0)
    matters |= ((nodes.home > 0) & (nodes.home + nodes.comers < level.pods.most)).any(axis=0)
    home = np.where(matters, nodes.home, 0)
    comers = np.where(matters, nodes.comers, nodes.home + nodes.comers)
    found: dict[bytes, list[int]] = {}
    for node in range(len(home)):
        parts = [nodes.room[node], home[node], comers[node], level.areas.where[:, node]]
        mark = np.concatenate(parts).tobytes()
        found.setdefault(mark, []).append(node)
    members = list(found.values())
    first = [each[0] for each in members]
    number = np.array([len(each) for each in members], np.int64)
    merged = Nodes(nodes.room[first], home[first], comers[first], number)
    areas = level.areas._replace(where=level.areas.where[:, first])
    return _contiguous(level._replace(nodes=merged, areas=areas)), members
