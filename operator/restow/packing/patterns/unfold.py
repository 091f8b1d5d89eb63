"""From the counts of a level back to a placement of all pods."""

import numpy as np

from restow.packing.fill import Fill
from restow.packing.patterns.arrays import Ints
from restow.packing.patterns.frame import Frame
from restow.packing.patterns.legality import broken
from restow.packing.patterns.stage import Stage
from restow.packing.problem import Problem


def counts_of(fill: Fill, nodes: int) -> Ints:
    """Return (nodes, classes) pods."""
    there = np.zeros((nodes, len(fill)), np.int64)
    for c, row in enumerate(fill):
        for node, count in row.items():
            there[node, c] = count
    return there


def fill_from(there: Ints) -> Fill:
    """Return the fill of (nodes, classes) pods."""
    fill: Fill = [{} for _ in range(there.shape[1])]
    for node, c in np.argwhere(there > 0).tolist():
        fill[c][node] = int(there[node, c])
    return fill


def unfold(stage: Stage, patterns: list[list[tuple[int, Ints]]]) -> Ints:
    """Give the patterns of each set to its nodes, each to the one that has most of it at home."""
    there = np.zeros_like(stage.level.nodes.home)
    for members, used in zip(stage.members, patterns, strict=True):
        free = list(members)
        for count, pattern in used:
            pods = pattern.sum(axis=1)
            for _ in range(count):
                node = max(
                    free, key=lambda n: (np.minimum(pods, stage.level.nodes.home[n]).sum(), -n)
                )
                there[node] = pods
                free.remove(node)
    return there


def folded(stage: Stage, there: Ints) -> list[list[tuple[int, Ints]]]:
    """Return, per set of nodes, the (count, pattern) pairs of a placement."""
    found = []
    for node_set, members in enumerate(stage.members):
        home = stage.merged.nodes.home[node_set]
        stays = [np.minimum(there[node], home) for node in members]
        found.append(
            [
                (1, np.stack([stay, there[node] - stay], axis=1))
                for node, stay in zip(members, stays, strict=True)
            ]
        )
    return found


def whole(problem: Problem, frame: Frame, stage: Stage, there: Ints, before: Fill) -> Fill:
    """Add all other pods to those of the level: where they were before, at home, or anywhere.

    Of those whose relations that breaks, none arrives.
    """
    counts = np.zeros_like(frame.home)
    counts[:, stage.classes] = there
    counts[:, stage.pinned] = frame.home[:, stage.pinned]
    left = frame.capacity - counts @ frame.demand
    settled = stage.pinned.copy()
    settled[stage.classes] = True
    old = counts_of(before, len(counts))
    others = [c for c in range(len(settled)) if not settled[c] and frame.count[c]]
    for c in sorted(others, key=lambda c: (problem.classes[c].tier, c)):
        wanted = int(old[:, c].sum())
        for want in (np.minimum(old[:, c], frame.home[:, c]), old[:, c]):
            _seat(frame, counts, left, c, np.minimum(want - counts[:, c], wanted))
        missing = int(max(frame.running[c], wanted) - counts[:, c].sum())
        homes = np.minimum(frame.home[:, c] - counts[:, c], missing)
        _seat(frame, counts, left, c, homes)
        missing = int(max(frame.running[c], wanted) - counts[:, c].sum())
        _seat(frame, counts, left, c, np.minimum(frame.comers[:, c], missing))
    for c in sorted(broken(problem, fill_from(counts)).intersection(others)):
        counts[:, c] = np.minimum(counts[:, c], frame.home[:, c])
    return fill_from(counts)


def _seat(frame: Frame, counts: Ints, left: Ints, c: int, want: Ints) -> None:
    """Seat up to `want[node]` pods of class `c` on each node, as far as it has room."""
    demand = frame.demand[c]
    for node in np.flatnonzero(want > 0):
        room = int(want[node])
        for need, free in zip(demand, left[node], strict=True):
            if need:
                room = min(room, int(free // need))
        room = min(room, int(frame.count[c] - counts[:, c].sum()))
        if room > 0:
            counts[node, c] += room
            left[node] -= room * demand
