"""Mode Approve: what an approval is worth by the time it comes."""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from restow.cluster.snapshot import Snapshot
from restow.planning.formulation import Usage
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan
from restow.planning.progress import begin
from restow.planning.revalidate import exhausted, stale
from restow.policies.coverage import Policy


class Approval(StrEnum):
    """What to do with a plan."""

    WAIT = "Wait"  # not approved yet, and it still holds
    BEGIN = "Begin"
    REPLACE = "Replace"  # the cluster moved on: decide anew instead of acting


def judge_approval(  # noqa: PLR0913 - by name, all but four
    plan: Plan,
    snapshot: Snapshot,
    policy: Policy,
    now: datetime,
    *,
    approved: bool,
    usage: Usage = Usage(),  # noqa: B008 - frozen
) -> tuple[Approval, str]:
    """Return what to do with a plan that has not begun, and why where it is REPLACE.

    A plan that does not hold any more, or no longer fits in what the limits have left, is replaced
    whether it was approved or not.
    """
    judge = Judge(
        snapshot=snapshot, policy=policy, now=now, moved=usage.moved, workloads=usage.workloads
    )
    fresh = begin(plan, now)
    reason = (
        stale(plan, fresh, judge) or exhausted(plan, fresh, judge) or _beyond(plan, judge, usage)
    )
    if reason is not None:
        return Approval.REPLACE, reason
    return (Approval.BEGIN if approved else Approval.WAIT), ""


def _beyond(plan: Plan, judge: Judge, usage: Usage) -> str | None:
    """Return which limit the plan is beyond by now, or None."""
    limits = judge.policy.spec.limits
    actions = Counter(step.action for step in plan.steps)
    for what, count, left in (
        ("moves", actions[Action.MOVE] + actions[Action.MIGRATE], usage.moves_left(limits)),
        ("evictions", actions[Action.EVICT], usage.evictions_left(limits)),
    ):
        if count > left:
            return f"the policy's limits have room for {left} {what} now, {count} are needed"
    return None
