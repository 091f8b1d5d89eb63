"""Mode Approve: what an approval is worth by the time it comes."""

from datetime import datetime
from enum import StrEnum

from restow.cluster.snapshot import Snapshot
from restow.planning.judge import Judge
from restow.planning.plan import Plan
from restow.planning.progress import begin
from restow.planning.revalidate import exhausted, stale
from restow.policies.coverage import Policy


class Approval(StrEnum):
    """What to do with a plan."""

    WAIT = "Wait"  # not approved yet, and it still holds
    BEGIN = "Begin"
    REPLACE = "Replace"  # the cluster moved on: decide anew instead of acting


def judge_approval(
    plan: Plan, snapshot: Snapshot, policy: Policy, now: datetime, *, approved: bool
) -> tuple[Approval, str]:
    """Return what to do with a plan that has not begun, and why where it is REPLACE.

    A plan that does not hold any more is replaced whether it was approved or not.
    """
    judge = Judge(snapshot=snapshot, policy=policy, now=now)
    fresh = begin(plan, now)
    reason = stale(plan, fresh, judge) or exhausted(plan, fresh, judge)
    if reason is not None:
        return Approval.REPLACE, reason
    return (Approval.BEGIN if approved else Approval.WAIT), ""
