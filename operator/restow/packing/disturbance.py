"""How much an outcome disturbs, with a bound, from its placement and levels."""

from dataclasses import dataclass

from restow.packing.fill import evictions, fill_of, moves
from restow.packing.outcome import LevelKind, Outcome
from restow.packing.problem import Order, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Moves and evictions of a placement.

    Parameters
    ----------
    moves, evictions
        Running pods that change their node; running pods left without a place.
    bound
        Least number of both together in any plan that is as good in the levels before.
    proven
        Whether the levels down to the moves are proven, so that `bound` is reached.
    """

    moves: int
    evictions: int
    bound: int
    proven: bool


def disturbance(problem: Problem, outcome: Outcome) -> Disturbance:
    """Return how many running pods `outcome` disturbs, and the least number it could."""
    fill = fill_of(outcome.placement)
    classes = range(len(problem.classes))
    moved = sum(moves(problem, fill, c) for c in classes)
    evicted = sum(evictions(problem, fill, c) for c in classes)
    deciding = [x for x in outcome.levels if x.kind is not LevelKind.NODES]
    if all(level.proven for level in deciding):
        return Disturbance(moves=moved, evictions=evicted, bound=moved + evicted, proven=True)
    bound = min(moved + evicted, _least(problem, outcome))
    return Disturbance(moves=moved, evictions=evicted, bound=bound, proven=False)


def _least(problem: Problem, outcome: Outcome) -> int:
    """Sum the bounds: pods that cannot keep a place, and moves at the dearest cost of a tier."""
    if problem.order is Order.PAPER:
        return 0
    least = 0
    for level in outcome.levels:
        running = [p for p in problem.classes if p.running and p.tier == level.tier]
        if level.kind is LevelKind.KEEP:
            least += max(0, sum(p.count for p in running) - level.bound)
        if level.kind is LevelKind.MOVE and level.tier is not None:
            dearest = max((p.move_cost for p in running), default=0)
            least += -(-level.bound // dearest) if dearest else 0
    return least
