"""The figures of a decision, as PackingPlan `status.solve` shows them."""

from collections.abc import Sequence

from restow.packing.disturbance import disturbance
from restow.packing.outcome import Level, LevelKind, Outcome
from restow.packing.problem import Problem
from restow.planning.formulation import Formulation
from restow.planning.plan import Disturbed, Solve, Step, TierResult


def summary(
    formulation: Formulation, outcome: Outcome, steps: Sequence[Step], *, wall_s: float
) -> Solve:
    """Return what was reached per tier and how much it disturbs, with bounds and proofs.

    `steps` are those of the plan; without any, nothing is reached.
    """
    problem = formulation.problem
    placement = outcome.placement if steps else _as_it_is(problem)
    return Solve(
        outcome=outcome.status,
        wall_s=wall_s,
        engine=outcome.engine,
        tiers=tuple(
            _tier(problem, outcome.levels, placement, tier) for tier in range(len(problem.tiers))
        ),
        disturbed=_disturbed(problem, outcome, steps),
    )


def _as_it_is(problem: Problem) -> tuple[tuple[tuple[int, int], ...], ...]:
    return tuple(shape.running for shape in problem.classes)


def _tier(
    problem: Problem,
    levels: Sequence[Level],
    placement: tuple[tuple[tuple[int, int], ...], ...],
    tier: int,
) -> TierResult:
    mine = [index for index, shape in enumerate(problem.classes) if shape.tier == tier]
    running = sum(count for index in mine for _, count in problem.classes[index].running)
    pending = sum(problem.classes[index].pending for index in mine)
    placed = sum(count for index in mine for _, count in placement[index])
    bounds = {
        LevelKind.KEEP: running,
        LevelKind.PLACE: pending,
    }
    for level in levels:
        if level.tier == tier and level.kind in bounds:
            bounds[level.kind] = min(bounds[level.kind], level.bound)
    bound = max(placed, sum(bounds.values()))
    judged = [
        level.proven
        for level in levels
        if level.tier == tier and level.kind in {LevelKind.KEEP, LevelKind.PLACE}
    ]
    return TierResult(
        priority=problem.tiers[tier],
        pods=running + pending,
        placed_before=running,
        placed=placed,
        bound=bound,
        proven=placed == bound and all(judged),
    )


def _disturbed(problem: Problem, outcome: Outcome, steps: Sequence[Step]) -> Disturbed:
    if not steps:
        return Disturbed(moves=0, evictions=0, bound=0, proven=True)
    found = disturbance(problem, outcome)
    return Disturbed(
        moves=found.moves, evictions=found.evictions, bound=found.bound, proven=found.proven
    )
