"""All patterns of a node that a placement of a given gain can use."""

from restow.packing.patterns.arrays import Ints, Level
from restow.packing.patterns.compiled import compiled, inlined
from restow.packing.patterns.knapsack import (
    LEAST_SLACK,
    Desk,
    fill_up,
    hope,
    lay_out,
    space_of,
    take_back,
    tune,
)
from restow.packing.patterns.pricing import Descent

TURNS = 8
"""Times a surrogate is tuned before the patterns of its node are listed."""

STEPS = 200_000
"""Most steps of listing one node's patterns."""


@inlined
def doubtful(level: Level, node: int, on: Desk, items: int) -> bool:
    """Return whether the pattern lets a pod come where one of its class could have stayed."""
    for i in range(items):
        if on.amount[i] and on.code[i] % 2:
            c, stayed = on.code[i] // 2, 0
            for k in range(items):
                if on.code[k] == 2 * c:
                    stayed = on.amount[k]
            if stayed < level.nodes.home[node, c]:
                return True
    return False


@inlined
def write_down(on: Desk, items: int, found: Ints, number: int) -> None:
    """Write the pattern on the desk down as `found[number]`."""
    for c in range(found.shape[1]):
        found[number, c, 0] = 0
        found[number, c, 1] = 0
    for k in range(items):
        found[number, on.code[k] // 2, on.code[k] % 2] = on.amount[k]


@compiled
def list_patterns(
    level: Level, node: int, at: Descent, within: tuple[int, int], found: Ints
) -> int:
    """List in `found` the patterns of `node` that are good enough; return how many.

    Parameters
    ----------
    at
        With the worth of each class's pods.
    within
        The least worth of a pattern; what a pod that may be in one is worth more than.
    found
        (patterns, classes, 2) room for them.

    Returns -1 if there are more than fit, or if it takes too long.
    """
    on = at.desk
    items = lay_out(level, node, on, (at.stay, at.come), within[1])
    for turn in range(TURNS):
        tune(level, node, on, items, turn)
    space = space_of(level, node, on)
    for r in range(on.left.shape[0]):
        on.left[r] = level.nodes.room[node, r]
    for k in range(items):
        on.amount[k] = 0
    number, value, i = 0, 0, 0
    for _ in range(STEPS):
        while i < items:
            if value + hope(on, i, items, space) < within[0] - LEAST_SLACK:
                break
            taken = fill_up(on, i)
            value += taken * on.value[i]
            space -= taken * on.size[i]
            i += 1
        if i == items and value >= within[0] and not doubtful(level, node, on, items):
            if number == found.shape[0]:
                return -1
            write_down(on, items, found, number)
            number += 1
        i = take_back(on, i)
        if i < 0:
            return number
        value -= on.value[i]
        space += on.size[i]
        i += 1
    return -1
