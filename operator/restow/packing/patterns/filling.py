"""All ways to fill a node so that next to nothing of it stays empty, found from both ends.

Where a level leaves no slack, each node must be filled nearly to the byte. Prices see one sum of
all resources and list millions of patterns; here a pattern is cut in two, by the resource that is
scarcest, and each large half is looked up in a sorted list of small ones
(Horowitz and Sahni 1974): the square root of the work.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.compiled import compiled, inlined

STEPS_PER_HALF = 8
"""Steps that a half in the list may cost before there are too many."""


class Halves(NamedTuple):
    """Multisets of pods up to half of a node, and room to work in.

    Parameters
    ----------
    load
        (halves, resources) what each needs.
    parent, last
        (halves,) the half it is made from by one more pod, and that pod's class; the first is
        empty. Classes are in order of falling size.
    amount
        (classes,) pods of each class under construction.
    used
        (resources,) what they need.
    """

    load: Ints
    parent: Ints
    last: Ints
    amount: Ints
    used: Ints


class Filler(NamedTuple):
    """A node to fill: classes by falling size in the first resource, the scarcest.

    Parameters
    ----------
    demand, most
        (classes, resources), (classes,).
    room, spare
        (resources,) room, and how much of it may stay empty.
    """

    demand: Ints
    most: Ints
    room: Ints
    spare: Ints


class Lists(NamedTuple):
    """(halves,) indices of the halves by load; (patterns, classes) room for the patterns."""

    order: Ints
    found: Ints


@inlined
def fits(node: Filler, used: Ints, c: int) -> bool:
    """Return whether one more pod of class `c` fits."""
    room = True
    for r in range(used.shape[0]):
        room = room and used[r] + node.demand[c, r] <= node.room[r]
    return room


@inlined
def put(node: Filler, halves: Halves, c: int, count: int) -> None:
    """Add `count` pods of class `c`, which may be negative."""
    halves.amount[c] += count
    for r in range(halves.used.shape[0]):
        halves.used[r] += count * node.demand[c, r]


@compiled
def small_halves(node: Filler, halves: Halves) -> int:
    """List every multiset up to half of the room, smallest pods first; -1 if there are too many."""
    number, at = 1, 0
    for r in range(halves.used.shape[0]):
        halves.load[0, r] = 0
    halves.parent[0], halves.last[0] = -1, node.most.shape[0] - 1
    while at < number:
        for c in range(halves.last[at], -1, -1):
            if 2 * (halves.load[at, 0] + node.demand[c, 0]) > node.room[0]:
                break
            same, above = 0, at
            while above > 0 and halves.last[above] == c:
                same += 1
                above = halves.parent[above]
            for r in range(halves.used.shape[0]):
                halves.used[r] = halves.load[at, r]
            if same >= node.most[c] or not fits(node, halves.used, c):
                continue
            if number == halves.parent.shape[0]:
                return -1
            for r in range(halves.used.shape[0]):
                halves.load[number, r] = halves.used[r] + node.demand[c, r]
            halves.parent[number], halves.last[number] = at, c
            number += 1
        at += 1
    return number


@inlined
def joined(node: Filler, halves: Halves, large: int, small: int) -> bool:
    """Return whether a small half completes the large one, whose smallest pod is `large`."""
    if small > 0 and halves.last[small] < large:
        return False
    for r in range(halves.used.shape[0]):
        total = halves.used[r] + halves.load[small, r]
        if total > node.room[r] or total < node.room[r] - node.spare[r]:
            return False
    same = halves.amount[large]
    while small > 0 and halves.last[small] == large:
        same += 1
        small = halves.parent[small]
    return bool(same <= node.most[large])


@inlined
def look_up(node: Filler, halves: Halves, large: int, lists: Lists, number: int) -> int:
    """Write down the patterns of one large half; return how many there are now, or -1."""
    order, found = lists.order, lists.found
    low, high = 0, order.shape[0]
    wanted = node.room[0] - node.spare[0] - halves.used[0]
    while low < high:
        middle = (low + high) // 2
        if halves.load[order[middle], 0] < wanted:
            low = middle + 1
        else:
            high = middle
    while low < order.shape[0]:
        small = order[low]
        if halves.load[small, 0] > node.room[0] - halves.used[0]:
            break
        if joined(node, halves, large, small):
            if number == found.shape[0]:
                return -1
            for c in range(node.most.shape[0]):
                found[number, c] = halves.amount[c]
            while small > 0:
                found[number, halves.last[small]] += 1
                small = halves.parent[small]
            number += 1
        low += 1
    return number


@compiled
def fill(node: Filler, halves: Halves, lists: Lists, steps: int) -> int:
    """List all patterns and return their number; -1 if too many, or after `steps`."""
    number, c = 0, 0
    for k in range(node.most.shape[0]):
        halves.amount[k] = 0
    for r in range(halves.used.shape[0]):
        halves.used[r] = 0
    for _ in range(steps):
        if c < node.most.shape[0]:
            if halves.amount[c] < node.most[c] and fits(node, halves.used, c):
                put(node, halves, c, 1)
                if 2 * halves.used[0] < node.room[0]:
                    continue
                number = look_up(node, halves, c, lists, number)
                if number < 0:
                    return -1
                put(node, halves, c, -1)
            c += 1
            continue
        c -= 1
        while c >= 0 and halves.amount[c] == 0:
            c -= 1
        if c < 0:
            return number
        put(node, halves, c, -1)
        c += 1
    return -1


@dataclass(frozen=True, kw_only=True)
class Most:
    """When to give up: at so many patterns, and after so many steps."""

    patterns: int
    steps: int


def fillings(
    level: Level, node: int, spare: Ints, give_up: Most, beside: int | None = None
) -> Ints | None:
    """Return all (patterns, classes) counts of a node's pods that leave at most `spare` empty.

    With `beside`, only those that have a pod of this class. None where it gives up, or where half
    of the room may stay empty.
    """
    room = level.nodes.room[node].copy()
    scarce = int(np.argmin(spare / np.maximum(1, room)))
    most = np.minimum(level.nodes.home[node] + level.nodes.comers[node], level.pods.most)
    if (level.pods.demand[most > 0, scarce] <= 0).any():
        return None
    if beside is not None:
        room -= level.pods.demand[beside]
        most[beside] -= 1
        if most[beside] < 0 or (room < 0).any():
            return np.zeros((0, len(most)), np.int64)
    if 2 * spare[scarce] >= room[scarce]:  # less than half would do, or nothing
        return None
    resources = [scarce, *(r for r in range(len(room)) if r != scarce)]
    classes = np.argsort(-level.pods.demand[:, scarce], kind="stable")
    classes = classes[most[classes] > 0]
    filler = Filler(
        demand=np.ascontiguousarray(level.pods.demand[classes][:, resources]),
        most=most[classes],
        room=room[resources],
        spare=np.minimum(spare, room)[resources],
    )
    found = _both(filler, give_up)
    if found is None:
        return None
    pods = np.zeros((len(found), len(most)), np.int64)
    pods[:, classes] = found
    if beside is not None:
        pods[:, beside] += 1
    return pods


def _both(filler: Filler, give_up: Most) -> Ints | None:
    size = max(1, give_up.steps // STEPS_PER_HALF)
    halves = Halves(
        load=np.zeros((size, len(filler.room)), np.int64),
        parent=np.zeros(size, np.int64),
        last=np.zeros(size, np.int64),
        amount=np.zeros(len(filler.most), np.int64),
        used=np.zeros(len(filler.room), np.int64),
    )
    number = small_halves(filler, halves)
    if number < 0:
        return None
    order = np.argsort(halves.load[:number, 0], kind="stable")
    found = np.zeros((give_up.patterns, len(filler.most)), np.int64)
    count = fill(filler, halves, Lists(order, found), give_up.steps)
    return None if count < 0 else found[:count]
