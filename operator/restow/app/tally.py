"""What the leader's doings leave in logs and metrics."""

from collections import Counter

from restow.planning.decide import Decision
from restow.planning.formulation import Usage
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
    ):
        gauge.remove_by_labels({"policy": policy})
