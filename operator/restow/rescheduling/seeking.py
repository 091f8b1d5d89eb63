"""Who should leave each node, where there are so many cells that hardly two ways end in one.

Departures are decided one by one, and given up where no plane above the best use of room lets the
others make up for their price (branch and bound). A node that takes too long is worth at most what
its planes say.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.rescheduling.departing import WORD, Task
from restow.rescheduling.leaning import Planes
from restow.rescheduling.problem import Ints

CLOSE = 4
"""Planes that are asked of each node: the lowest where it begins."""


LOOKS, THOROUGH = 30_000, 1_000_000
"""Ways to depart that are looked at on one node, and where a bound is to be as low as it gets."""


FAR = 1 << 62
"""Higher than any plane."""


class Trail(NamedTuple):
    """Where a search is.

    Parameters
    ----------
    pod
        (depth,) who leaves, by place in the sequence.
    room, paid
        (depth, counted) and (depth,) after them.
    plane
        (close,) planes that are asked.
    head
        (depth, close) what each says of those who leave.
    score, rest
        (pods, close) what each says of one of them, and at most of all from this one on.
    looks
        [1] how many there may be on a node.
    """

    pod: Ints
    room: Ints
    paid: Ints
    plane: Ints
    head: Ints
    score: Ints
    rest: Ints
    looks: Ints


def trail_of(pods: int, counted: int, looks: int) -> Trail:
    """Return room for a search among so many pods on a node."""
    return Trail(
        pod=np.zeros(pods + 1, np.int64),
        room=np.zeros((pods + 1, counted), np.int64),
        paid=np.zeros(pods + 1, np.int64),
        plane=np.zeros(CLOSE, np.int64),
        head=np.zeros((pods + 1, CLOSE), np.int64),
        score=np.zeros((pods + 1, CLOSE), np.int64),
        rest=np.zeros((pods + 1, CLOSE), np.int64),
        looks=np.array([looks], np.int64),
    )


@compiled
def seek(task: Task, planes: Planes, trail: Trail) -> None:
    """Find who should leave each row; its value is too high where the search is cut off."""
    for row in range(task.free.shape[0]):
        prepare(task, planes, trail, row)
        seek_row(task, trail, row)


@inlined
def prepare(task: Task, planes: Planes, trail: Trail, row: int) -> None:
    """Take the row as it is, and let the planes say what there is to gain."""
    scale, pods, found = task.scale, task.pods, task.found
    first, count = pods.start[row], pods.start[row + 1] - pods.start[row]
    here = 0
    for d in range(scale.steps.shape[0]):
        trail.room[0, d] = task.free[row, d]
        amount = task.free[row, d] + scale.up * (scale.steps[d] - 1)
        here += amount // scale.steps[d] * scale.strides[d]
    trail.paid[0] = 0
    found.value[row], found.cell[row] = task.best[task.set_of[row], here], here
    for w in range(found.mask.shape[1]):
        found.mask[row, w] = 0
    choose(task, planes, trail, row)
    for c in range(CLOSE):
        plane = trail.plane[c]
        trail.head[0, c] = begins(task, planes, plane, row)
        trail.rest[count, c] = 0
        for k in range(count - 1, -1, -1):
            trail.score[k, c] = scored(task, planes, plane, pods.sequence[first + k])
            trail.rest[k, c] = trail.rest[k + 1, c] + max(0, trail.score[k, c])


@inlined
def choose(task: Task, planes: Planes, trail: Trail, row: int) -> None:
    """Choose the planes that say least of a row, the lowest first."""
    pods = task.pods
    for c in range(CLOSE):
        trail.plane[c], trail.rest[0, c] = 0, FAR
    for plane in range(planes.height.shape[0]):
        total = begins(task, planes, plane, row)
        for k in range(pods.start[row], pods.start[row + 1]):
            total += max(0, scored(task, planes, plane, pods.sequence[k]))
        at = CLOSE
        while at > 0 and total < trail.rest[0, at - 1]:
            at -= 1
        for c in range(CLOSE - 1, at, -1):
            trail.plane[c], trail.rest[0, c] = trail.plane[c - 1], trail.rest[0, c - 1]
        if at < CLOSE:
            trail.plane[at], trail.rest[0, at] = plane, total


@inlined
def begins(task: Task, planes: Planes, plane: int, row: int) -> int:
    """Return what a plane says of the room that is free."""
    scale = task.scale
    total: int = planes.height[plane]
    for d in range(scale.steps.shape[0]):
        amount = task.free[row, d] + scale.up * (scale.steps[d] - 1)
        total += amount // scale.steps[d] * planes.slope[plane, d]
    return total


@inlined
def scored(task: Task, planes: Planes, plane: int, pod: int) -> int:
    """Return what a plane says of a departure, less its price."""
    scale = task.scale
    total: int = -task.pods.fee[pod]
    for d in range(scale.steps.shape[0]):
        amount = task.pods.frees[pod, d] + scale.steps[d] - 1
        total += amount // scale.steps[d] * planes.slope[plane, d]
    return total


@inlined
def seek_row(task: Task, trail: Trail, row: int) -> None:
    """Go through the departures of a row."""
    scale, pods, found = task.scale, task.pods, task.found
    first, count = pods.start[row], pods.start[row + 1] - pods.start[row]
    depth, pod, looks = 0, 0, trail.looks[0]
    while True:
        if pod < count and reach(trail, depth, pod) > found.value[row]:
            looks -= 1
            if looks == 0:
                found.value[row] = reach(trail, 0, 0)
                return
            leaves = pods.sequence[first + pod]
            there = 0
            for d in range(scale.steps.shape[0]):
                room = trail.room[depth, d] + pods.frees[leaves, d]
                trail.room[depth + 1, d] = room
                amount = room + scale.up * (scale.steps[d] - 1)
                there += amount // scale.steps[d] * scale.strides[d]
            trail.paid[depth + 1] = trail.paid[depth] + pods.fee[leaves]
            for c in range(CLOSE):
                trail.head[depth + 1, c] = trail.head[depth, c] + trail.score[pod, c]
            trail.pod[depth] = pod
            depth += 1
            pod += 1
            value = task.best[task.set_of[row], there] - trail.paid[depth]
            if value > found.value[row]:
                found.value[row], found.cell[row] = value, there
                keep(task, trail, row, depth)
        elif depth == 0:
            return
        else:
            depth -= 1
            pod = trail.pod[depth] + 1


@inlined
def reach(trail: Trail, depth: int, pod: int) -> int:
    """Return what the planes leave possible if the pod and any after it leave."""
    least: int = trail.head[depth, 0] + trail.rest[pod, 0]
    for c in range(1, CLOSE):
        least = min(least, trail.head[depth, c] + trail.rest[pod, c])
    return least


@inlined
def keep(task: Task, trail: Trail, row: int, depth: int) -> None:
    """Remember who leaves."""
    pods, found = task.pods, task.found
    first = pods.start[row]
    for w in range(found.mask.shape[1]):
        found.mask[row, w] = 0
    for k in range(depth):
        bit = pods.sequence[first + trail.pod[k]] - first
        found.mask[row, bit // WORD] |= 1 << (bit % WORD)
