"""A placement while it is being worked on, and what it costs against doing nothing."""

from collections.abc import Mapping

from restow.packing.outcome import Placement
from restow.packing.problem import Problem

Fill = list[dict[int, int]]
"""Per class: node index to number of pods there, numbers positive."""


def stay_fill(problem: Problem) -> Fill:
    """Return the fill in which nothing happens: the running stay, the pending wait."""
    return [dict(pods.running) for pods in problem.classes]


def fill_of(placement: Placement) -> Fill:
    """Return a mutable copy of `placement`."""
    return [dict(pairs) for pairs in placement]


def placement_of(fill: Fill) -> Placement:
    """Return `fill` as a sorted, immutable placement without zeros."""
    return tuple(
        [tuple(sorted([pair for pair in row.items() if pair[1] > 0])) for row in fill],
    )


def placed(fill: Fill, c: int) -> int:
    """Return the number of pods of class `c` with a place."""
    return sum(fill[c].values())


def moves(problem: Problem, fill: Fill, c: int) -> int:
    """Return how many running pods of class `c` are on a node other than their own."""
    pods = problem.classes[c]
    if pods.pending:
        return 0
    home = dict(pods.running)
    if home == fill[c]:  # most classes: nothing happens to them
        return 0
    return arrivals(home, fill[c])


def arrivals(home: Mapping[int, int], row: Mapping[int, int]) -> int:
    """Return how many pods are on nodes beyond those that are at home there."""
    return sum(max(0, count - home.get(node, 0)) for node, count in row.items())


def evictions(problem: Problem, fill: Fill, c: int) -> int:
    """Return how many running pods of class `c` have no place."""
    pods = problem.classes[c]
    return 0 if pods.pending else pods.count - placed(fill, c)


def touched(problem: Problem, fill: Fill) -> set[int]:
    """Return the nodes that some pod arrives at or leaves."""
    nodes: set[int] = set()
    for pods, row in zip(problem.classes, fill, strict=True):
        home = dict(pods.running)
        if home != row:
            nodes.update(n for n in {*home, *row} if home.get(n, 0) != row.get(n, 0))
    return nodes


def free_room(problem: Problem, fill: Fill) -> list[list[int]]:
    """Return (nodes, resources) capacity minus what `fill` holds; negative where overfull."""
    free = [list(row) for row in problem.capacity]
    for pods, row in zip(problem.classes, fill, strict=True):
        for node, count in row.items():
            room = free[node]
            for r, need in enumerate(pods.demand):
                room[r] -= need * count
    return free
