"""The bound by volume: migrations change where room is free, not how much of it."""

import numpy as np

from restow.rescheduling.problem import Problem, worth

UNBOUNDED = 1 << 40
"""No bound."""


def volume_bound(problem: Problem) -> int:
    """Return a bound on the gain: all that is free, as if it were on one node.

    Movers that stand in more ways than one may take from one resource and give to another: then,
    where a shape may stand in several places, and where empty nodes or departures count, there is
    no such bound.
    """
    modes = any(len(kind.modes) > 1 for kind in problem.kinds)
    places = any(len(shape.requests) > 1 for shape in problem.shapes)
    rewarded = any(problem.emptied) or any(mover.fee < 0 for mover in problem.movers)
    if modes or places or rewarded:
        return UNBOUNDED
    free = np.array(problem.free, np.int64)
    total, nodes = np.maximum(free, 0).sum(axis=0), len(free)
    most = 0
    for shape in problem.shapes:
        request = np.array(shape.requests[0], np.int64)
        copies = int((total[request > 0] // request[request > 0]).min(initial=UNBOUNDED))
        most += shape.weight * min(copies, nodes * (shape.most or UNBOUNDED))
    return most - int(worth(problem.shapes, free).sum())
