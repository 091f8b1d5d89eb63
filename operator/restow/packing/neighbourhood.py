"""Which nodes to look at together when a level is improved on a part of the cluster."""

import random
from collections.abc import Callable, Iterator

from restow.packing.fill import Fill, free_room, touched
from restow.packing.goals import Goal
from restow.packing.problem import Problem

PODS = 40
"""About how many pods a neighbourhood holds; CP-SAT often proves 40 in a tenth of a second."""

LEAST_NODES = 3


def neighbourhoods(
    problem: Problem, goal: Goal, incumbent: Callable[[], Fill], seed: int
) -> Iterator[frozenset[int]]:
    """Yield sets of nodes for ever; once the set of all nodes if that is no more than one set.

    To place more pods: in turn the nodes that are disturbed and those with most room, each with
    others drawn at random, and all at random. To disturb less: nodes that are disturbed.
    """
    nodes = range(len(problem.capacity))
    pods = sum(each.count for each in problem.classes)
    size = max(LEAST_NODES, PODS * len(nodes) // max(1, pods))
    if size >= len(nodes):
        yield frozenset(nodes)
        return
    rng = random.Random(seed)  # noqa: S311 - a search, no secret
    while True:
        fill = incumbent()
        upset = sorted(touched(problem, fill))
        rng.shuffle(upset)
        leads = [upset, _roomiest(problem, fill), []] if goal.maximise else [upset]
        for lead in leads:
            sure = lead[: size // 2]
            rest = [n for n in nodes if n not in sure]
            yield frozenset([*sure, *rng.sample(rest, size - len(sure))])


def _roomiest(problem: Problem, fill: Fill) -> list[int]:
    """Return the nodes by free share of their capacity, all resources together, most first."""
    free = free_room(problem, fill)
    shares = [
        sum(room / max(1, most) for room, most in zip(row, capacity, strict=True))
        for row, capacity in zip(free, problem.capacity, strict=True)
    ]
    return sorted(range(len(shares)), key=lambda n: (-shares[n], n))
