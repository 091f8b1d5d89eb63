"""Whether a placement keeps what a level's arrays leave out."""

from restow.packing import ranks
from restow.packing.fill import Fill, evictions, free_room, moves, placed, stay_fill
from restow.packing.judges import complaints
from restow.packing.judges.change import Change
from restow.packing.problem import Order, Problem
from restow.packing.relations import involved


def legal(problem: Problem, fill: Fill) -> bool:
    """Return whether `fill` keeps rooms, limits, budgets, and evicts for higher ones only.

    And whether it keeps the relations.
    """
    if any(min(room, default=0) < 0 for room in free_room(problem, fill)):
        return False
    classes = range(len(problem.classes))
    moved = [moves(problem, fill, c) for c in classes]
    lost = [evictions(problem, fill, c) for c in classes]
    for total, most in ((sum(moved), problem.max_moves), (sum(lost), problem.max_evictions)):
        if most is not None and total > most:
            return False
    return (
        _budgeted(problem, moved, lost)
        and (problem.order is Order.PAPER or not any(lost) or _justified(problem, fill))
        and not broken(problem, fill)
    )


def broken(problem: Problem, fill: Fill) -> frozenset[int]:
    """Return the classes of the relations that `fill` breaks."""
    if not problem.relations:
        return frozenset()
    change = Change(problem=problem, now=stay_fill(problem), then=fill)
    return frozenset(
        c
        for relation in problem.relations
        if next(complaints((relation,), change), None) is not None
        for c in involved(relation)
    )


def _budgeted(problem: Problem, moved: list[int], lost: list[int]) -> bool:
    for b, allowed in enumerate(problem.budgets):
        drawn = [c for c, pods in enumerate(problem.classes) if b in pods.budgets]
        away, gone = sum(moved[c] for c in drawn), sum(lost[c] for c in drawn)
        serial = problem.sequential_budgets and allowed > 0
        if gone + (min(1, away) if serial else away) > allowed:
            return False
    return True


def _justified(problem: Problem, fill: Fill) -> bool:
    """Whether a higher tier, or rank for rank one of the same group, takes each lost place."""
    classes = problem.classes
    for (tier, _), members in ranks.groups(problem).items():
        if any(
            p.tier < tier and p.pending and p.preempts and fill[c] for c, p in enumerate(classes)
        ):
            continue
        for rank in ranks.ranks(problem, members):
            lost = sum(evictions(problem, fill, c) for c in ranks.running(problem, members, rank))
            rivals = ranks.challengers(problem, members, rank)
            if lost > sum(placed(fill, c) for c in rivals):
                return False
    return True
