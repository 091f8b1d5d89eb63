"""What the leader's doings leave in logs and metrics."""

from collections import Counter
from collections.abc import Sequence

from restow.app.churn import Return
from restow.app.rescheduling import Looked
from restow.app.settling import Unsettled
from restow.fragmentation.measure import fragmentation
from restow.planning.decide import Decision
from restow.planning.formulation import Usage
from restow.planning.plan import Fragmentation
from restow.planning.promise import WHOLE
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


def put_off(policy: str, wait: Unsettled) -> None:
    """Log and count that rescheduling is due, and that the cluster has not settled."""
    metrics.LOOKS.labels(policy, wait.why.name).inc()
    _log.info(happenings.PUT_OFF, policy=policy, why=wait.fact)


def moved_back(policy: str, returns: Sequence[Return], *, new: Sequence[Return]) -> None:
    """Show how many workloads were moved back and forth, and log those that are new."""
    metrics.MOVED_BACK.labels(policy).set(len(returns))
    for each in new:
        _log.warning(happenings.MOVED_BACK, policy=policy, plan=each.back, what=str(each))


def looked(policy: str, looked: Looked) -> None:
    """Log and count what came of a look at the cluster."""
    metrics.LOOKS.labels(policy, looked.result.value).inc()
    if looked.found is not None:
        _rescheduling(policy, looked.found)


def _rescheduling(policy: str, found: Rescheduled) -> None:
    """Log and show what a look at fragmentation found."""
    plan, fragments = found.plan, found.plan.fragmentation
    metrics.SOLVE_SECONDS.observe(plan.solve.wall_s)
    for gauge in (metrics.FRAGMENTATION, metrics.SHAPE_COPIES):
        gauge.remove_by_labels({"policy": policy})
    for each in found.before:
        metrics.FRAGMENTATION.labels(policy, each.shape.name).set(each.fragmentation)
        metrics.SHAPE_COPIES.labels(policy, each.shape.name).set(each.copies)
    metrics.FRAGMENTATION_BOUND.remove_by_labels({"policy": policy})
    if fragments is not None and fragments.metric.endswith(WHOLE):
        metrics.FRAGMENTATION_BOUND.labels(policy).set(fragments.bound)
    _log.info(
        happenings.LOOKED,
        policy=policy,
        plan=plan.name,
        outcome=plan.solve.outcome.value,
        moves=len(plan.steps),
        fragmentation=round(fragmentation(found.before), 4),
        promised=round(fragmentation(found.after), 4),
        **({} if fragments is None else _told(fragments)),
        wall_s=round(plan.solve.wall_s, 3),
    )


def _told(fragments: Fragmentation) -> dict[str, str | float | bool]:
    return {
        "metric": fragments.metric,
        "bound": round(fragments.bound, 4),
        "proven": fragments.proven,
    }


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
        metrics.MOVED_BACK,
        metrics.LOOKS,
    ):
        gauge.remove_by_labels({"policy": policy})
