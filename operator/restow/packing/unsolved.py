"""Answers by the bounds that cost nothing, such as that everything stays."""

from collections.abc import Iterable
from dataclasses import replace

from restow.packing.fill import fill_of
from restow.packing.incumbent import stay_put
from restow.packing.ladder import Budget, Ladder
from restow.packing.levels import climb_all
from restow.packing.outcome import Level, LevelKind, Outcome, Placement, Status
from restow.packing.problem import Order, Problem

COUNTING = frozenset({LevelKind.KEEP, LevelKind.PLACE, LevelKind.RANK})


def glanced(problem: Problem, outcome: Outcome) -> Outcome:
    """Return the outcome with the bounds of `problem` that cost nothing, instead of its own.

    For a placement that was found under constraints which the problem does not have.
    """
    levels = _glance(problem, outcome.placement)
    return replace(outcome, status=status_of(problem, outcome.placement, levels), levels=levels)


def bounded(problem: Problem, outcome: Outcome, known: Iterable[Level]) -> Outcome:
    """Return the outcome with the bounds of `known` where these are better than its own.

    They are of levels that count moves, and valid for its placement.
    """
    better = {(level.kind, level.tier): level for level in known}
    levels, proven = [], True
    for level in outcome.levels:
        best = better.get((level.kind, level.tier))
        if best is None:
            proven = proven and level.proven
            levels.append(replace(level, proven=proven))
            continue
        bound = max(level.bound, best.bound)
        proven = proven and level.value == bound
        levels.append(replace(level, bound=bound, beyond=best.beyond, proven=proven))
    status = status_of(problem, outcome.placement, tuple(levels))
    return replace(outcome, status=status, levels=tuple(levels))


def narrowed(problem: Problem, outcome: Outcome) -> Outcome:
    """Return the outcome with bounds that hold beyond the nodes of `problem`, too.

    On more nodes all pods may get a place. Where all do, bounds on moves hold as far as they are
    known beyond; nobody else may have to be disturbed.
    """
    levels, proven, full = [], True, True
    for level in outcome.levels:
        bound = _loosest(problem, level)
        if level.kind in COUNTING:
            full = full and level.value == bound
        elif full and level.beyond is not None:
            bound = level.beyond
        proven = proven and level.value == bound
        levels.append(replace(level, bound=bound, proven=proven))
    status = status_of(problem, outcome.placement, tuple(levels))
    return replace(outcome, status=status, levels=tuple(levels))


def _loosest(problem: Problem, level: Level) -> int:
    """Return what the level is at best if there is room for everybody."""
    if level.kind not in COUNTING:
        return 0
    both = level.kind is LevelKind.RANK or problem.order is Order.PAPER
    return max(
        level.value,
        sum(
            pods.count
            for pods in problem.classes
            if pods.tier == level.tier
            and (both or bool(pods.pending) == (level.kind is LevelKind.PLACE))
        ),
    )


def unsolved(problem: Problem, *, wall_s: float, engine: str) -> Outcome:
    """Return the outcome in which nothing happens because no engine answered in time."""
    placement = stay_put(problem)
    return Outcome(
        status=Status.OUT_OF_TIME,
        placement=placement,
        levels=_glance(problem, placement),
        wall_s=wall_s,
        engine=engine,
        spent=wall_s,
    )


def _glance(problem: Problem, placement: Placement) -> tuple[Level, ...]:
    budget = Budget(total=0.0, deterministic=True, seed=0)
    ladder = Ladder(problem, fill_of(placement), budget, engine=None)
    return climb_all(ladder)


def status_of(problem: Problem, placement: Placement, levels: tuple[Level, ...]) -> Status:
    """Return how a solve ended.

    A placement that changes nothing is `Unchanged` if some level that has pods to place is proven
    or none has; `OutOfTime` otherwise.
    """
    proven = all(level.proven for level in levels)
    if placement == stay_put(problem):
        open_ = [x for x in levels if x.kind is LevelKind.PLACE and (x.bound or x.value)]
        return Status.UNCHANGED if proven or any(x.proven for x in open_) else Status.OUT_OF_TIME
    return Status.OPTIMAL if proven else Status.FEASIBLE
