"""What a PackingPolicy's status says: whether it is usable, active, alone, and what it did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from restow.app.churn import Return
from restow.app.desk import SeenPolicy
from restow.planning.formulation import Usage
from restow.policies import windows
from restow.policies.conditions import Condition, ConditionStatus, put
from restow.policies.coverage import Overlap
from restow.policies.packing_policy import (
    LastPlan,
    Mode,
    PackingPolicySpec,
    PackingPolicyStatus,
    PolicyCondition,
    SeenShape,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the operator knows of a policy beyond its object.

    Parameters
    ----------
    pending
        Number of pods that kube-scheduler gave up on and that the policy governs.
    usage
        What was moved and evicted within the last 60 minutes.
    overlaps
        Those in which the policy takes part.
    returns
        Workloads that were moved back and forth, oldest first.
    seen_shapes
        What pods asked for lately.
    last_plan
        None keeps the one that the status names already.
    """

    pending: int = 0
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    overlaps: tuple[Overlap, ...] = ()
    returns: tuple[Return, ...] = ()
    last_plan: LastPlan | None = None
    seen_shapes: tuple[SeenShape, ...] = ()


def status_of(seen: SeenPolicy, facts: Facts, now: datetime) -> PackingPolicyStatus:
    """Return the whole status; equal to the one in the cluster when there is nothing to say."""
    spec = None if seen.policy is None else seen.policy.spec
    judged = (
        _valid(seen),
        _ready(spec),
        _active(spec, facts.usage, now),
        _overlaps(seen.name, facts.overlaps),
        _churning(facts.returns),
    )
    conditions = seen.status.conditions
    for kind, holds, reason, message in judged:
        conditions = put(
            conditions,
            Condition(
                type=kind,
                status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
                reason=reason,
                message=message,
                last_transition_time=now,
                observed_generation=seen.generation,
            ),
        )
    open_now = spec is None or windows.is_open(spec.windows, now)
    return PackingPolicyStatus(
        observed_generation=seen.generation,
        conditions=conditions,
        pending_pods=facts.pending,
        last_plan=facts.last_plan or seen.status.last_plan,
        moves_last_hour=facts.usage.moves,
        evictions_last_hour=facts.usage.evictions,
        seen_shapes=facts.seen_shapes,
        next_window=None if open_now or spec is None else windows.next_open(spec.windows, now),
    )


Judgement = tuple[PolicyCondition, bool, str, str]


def _valid(seen: SeenPolicy) -> Judgement:
    if not seen.mistakes:
        return PolicyCondition.VALID, True, "Valid", "the spec can be used"
    text = "; ".join(f"{each.field}: {each.problem}; {each.remedy}" for each in seen.mistakes)
    return PolicyCondition.VALID, False, "Invalid", text


def _ready(spec: PackingPolicySpec | None) -> Judgement:
    if spec is None:
        return PolicyCondition.READY, False, "Invalid", "correct the spec"
    return PolicyCondition.READY, True, "Watching", "the cluster is watched for this policy"


def _active(spec: PackingPolicySpec | None, usage: Usage, now: datetime) -> Judgement:
    kind = PolicyCondition.ACTIVE
    if spec is None:
        return kind, False, "Invalid", "correct the spec"
    if spec.mode is Mode.OBSERVE:
        return kind, False, "Observing", "plans are written and nothing is touched"
    if not windows.is_open(spec.windows, now):
        return kind, False, "WindowClosed", "plans wait for the next maintenance window"
    for what, used, limit in (
        ("moves within 60 minutes", usage.moves, spec.limits.moves_per_hour),
        ("evictions within 60 minutes", usage.evictions, spec.limits.evictions_per_hour),
        ("moves within 24 hours", usage.moves_of_day, spec.limits.moves_per_day),
    ):
        if limit and limit <= used:
            return kind, False, "LimitReached", f"{used} {what}, {limit} allowed"
    if spec.mode is Mode.APPROVE:
        return kind, True, "Approving", "plans are carried out once they are approved"
    return kind, True, "Acting", "plans are carried out"


def _churning(returns: tuple[Return, ...]) -> Judgement:
    kind = PolicyCondition.CHURNING
    if not returns:
        return kind, False, "Settled", "nothing was moved back and forth, as far as plans are kept"
    return kind, True, "MovedBack", f"{returns[-1]}; {len(returns)} such in the plans kept"


def _overlaps(name: str, overlaps: Iterable[Overlap]) -> Judgement:
    kind = PolicyCondition.OVERLAPS
    texts = [
        f"{each.governing} governs {each.pods} pods that {', '.join(each.others)} covers too, "
        f"{each.example} for one"
        for each in overlaps
        if name in (each.governing, *each.others)
    ]
    if not texts:
        return kind, False, "Alone", "no other policy covers the same pods"
    return kind, True, "Overlapping", f"{'; '.join(texts)}; make the selectors disjoint"
