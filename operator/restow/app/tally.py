"""What the leader's doings leave in logs and metrics."""

from collections import Counter

from restow.fragmentation.measure import fragmentation
from restow.planning.decide import Decision
from restow.planning.formulation import Usage
from restow.planning.reschedule import Rescheduled
from restow.policies.packing_policy import Limits
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("leading")


def decision(policy: str, decision: Decision) -> None:
    """Log and count a decision."""
    plan, solve = decision.plan, decision.plan.solve
    if decision.outcome is not None:
        metrics.SOLVE_SECONDS.observe(solve.wall_s)
    reasons = Counter(each.reason.value for each in plan.unplaced)
    metrics.UNPLACED.remove_by_labels({"policy": policy})
    for reason, number in reasons.items():
        metrics.UNPLACED.labels(policy, reason).set(number)
    _log.info(
        happenings.DECIDED,
        policy=policy,
        plan=plan.name,
        outcome=solve.outcome.value,
        pending=len(decision.pending),
        places=len(plan.placed),
        moves=solve.disturbed.moves,
        evictions=solve.disturbed.evictions,
        unplaced=dict(reasons),
        wall_s=round(solve.wall_s, 3),
    )


def rescheduling(policy: str, found: Rescheduled) -> None:
    """Log and show what a look at fragmentation found."""
    plan, bound = (
        found.plan,
        0.0 if found.plan.fragmentation is None else (found.plan.fragmentation.bound),
    )
    metrics.SOLVE_SECONDS.observe(plan.solve.wall_s)
    for gauge in (metrics.FRAGMENTATION, metrics.SHAPE_COPIES):
        gauge.remove_by_labels({"policy": policy})
    for each in found.before:
        metrics.FRAGMENTATION.labels(policy, each.shape.name).set(each.fragmentation)
        metrics.SHAPE_COPIES.labels(policy, each.shape.name).set(each.copies)
    metrics.FRAGMENTATION_BOUND.labels(policy).set(bound)
    _log.info(
        happenings.LOOKED,
        policy=policy,
        plan=plan.name,
        outcome=plan.solve.outcome.value,
        moves=len(plan.steps),
        fragmentation=round(fragmentation(found.before), 4),
        promised=round(fragmentation(found.after), 4),
        bound=round(bound, 4),
        wall_s=round(plan.solve.wall_s, 3),
    )


def use(policy: str, used: Usage, limits: Limits | None) -> None:
    """Show what was used of the policy's hourly limits; None while its spec cannot be used."""
    for kind, number in (("moves", used.moves), ("evictions", used.evictions)):
        metrics.HOURLY_USE.labels(policy, kind).set(number)
    metrics.HOURLY_LIMIT.remove_by_labels({"policy": policy})
    if limits is None:
        return
    for kind, limit in (
        ("moves", limits.moves_per_hour),
        ("evictions", limits.evictions_per_hour),
    ):
        if limit is not None:
            metrics.HOURLY_LIMIT.labels(policy, kind).set(limit)


def forget(policy: str) -> None:
    """Show nothing any more of a policy that is gone."""
    for gauge in (
        metrics.PENDING_PODS,
        metrics.UNPLACED,
        metrics.HOURLY_USE,
        metrics.HOURLY_LIMIT,
        metrics.FRAGMENTATION,
        metrics.FRAGMENTATION_BOUND,
        metrics.SHAPE_COPIES,
    ):
        gauge.remove_by_labels({"policy": policy})
