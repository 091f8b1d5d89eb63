"""What the stored plans say together: who is next, what was used this hour, what may go.

Pure functions over PackingPlan objects, so that a restarted operator knows what its forerunner
knew.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from restow.core.frozen import FrozenMap
from restow.core.marks import APPROVED
from restow.planning.formulation import Usage
from restow.policies.packing_plan import (
    FINISHED,
    PackingPlan,
    PackingPlanSpec,
    PlanAction,
    PlanPhase,
)
from restow.policies.packing_policy import LastPlan

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = frozenset({PlanPhase.PROPOSED, PlanPhase.APPROVED})
"""Phases of a plan that was not begun."""


def name_of(plan: PackingPlan) -> str:
    """Return the plan's name."""
    return str(plan.metadata["name"])


def approved(plan: PackingPlan) -> bool:
    """Return whether somebody approved the plan by annotation."""
    annotations: Mapping[str, str] = plan.metadata.get("annotations") or {}
    return annotations.get(APPROVED) == "true"


def phase_of(plan: PackingPlan) -> PlanPhase:
    """Return the plan's phase; a plan that was only just created is proposed."""
    return plan.status.phase or PlanPhase.PROPOSED


def written(plan: PackingPlan) -> bool:
    """Return whether the plan was stored in full: its status comes after its spec."""
    return plan.status.solve is not None


def executing(plans: Iterable[PackingPlan]) -> tuple[PackingPlan, ...]:
    """Return the plans that were begun and not ended, the oldest first."""
    begun = (plan for plan in plans if phase_of(plan) is PlanPhase.EXECUTING)
    return tuple(sorted(begun, key=_age))


def open_plans(plans: Iterable[PackingPlan], policy: str) -> tuple[PackingPlan, ...]:
    """Return the plans of a policy that were not begun, the oldest first."""
    waiting = (p for p in plans if phase_of(p) in OPEN and p.spec.policy == policy)
    return tuple(sorted(waiting, key=_age))


def _age(plan: PackingPlan) -> tuple[datetime, str]:
    return plan.spec.snapshot.taken_at, name_of(plan)


def same_decision(one: PackingPlanSpec, other: PackingPlanSpec) -> bool:
    """Return whether two plans do the same and leave the same pods, whatever they were read from.

    Messages are left out: they quote amounts that change without changing the decision.
    """

    def unplaced(spec: PackingPlanSpec) -> list[tuple[object, ...]]:
        return [(each.pod, each.reason, each.proven) for each in spec.unplaced]

    return (
        one.policy == other.policy and one.steps == other.steps and unplaced(one) == unplaced(other)
    )


def free_name(plans: Mapping[str, PackingPlan], name: str) -> str:
    """Return `name`, numbered if a plan of that name is still kept.

    One that was not stored in full, because its operator died, leaves its name to the same decision
    made again.
    """
    if name not in plans or not written(plans[name]):
        return name
    number = 2
    while f"{name}-{number}" in plans:
        number += 1
    return f"{name}-{number}"


def usage_of(plans: Iterable[PackingPlan], policy: str, now: datetime) -> Usage:
    """Return what the plans of a policy did within the last hour and day, and whom they moved."""
    moves = evictions = moves_of_day = 0
    moved: dict[str, datetime] = {}
    workloads: dict[str, datetime] = {}
    for plan in plans:
        if plan.spec.policy != policy:
            continue
        for step in plan.status.steps:
            at = step.disturbed_at
            if at is None or step.index >= len(plan.spec.steps):
                continue
            asked = plan.spec.steps[step.index]
            if step.replacement is not None:
                moved[step.replacement.uid] = at
            if asked.action is PlanAction.EVICT:
                evictions += at > now - HOUR
                continue
            moves += at > now - HOUR
            moves_of_day += at > now - DAY
            if asked.owner is not None:
                workloads[asked.owner.uid] = max(at, workloads.get(asked.owner.uid, at))
    return Usage(
        moves=moves,
        evictions=evictions,
        moves_of_day=moves_of_day,
        moved=FrozenMap(moved),
        workloads=FrozenMap(workloads),
    )


def expired(
    plans: Iterable[PackingPlan],
    keep: Mapping[str, timedelta],
    now: datetime,
    *,
    daily: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the names of finished plans that were kept long enough.

    Parameters
    ----------
    keep
        How long per policy; an hour for a policy that is gone. Never less than an hour, because
        the hourly limits are counted from the plans.
    daily
        Policies with a limit per day: their plans are kept a day if they moved anybody.
    """

    def kept(plan: PackingPlan) -> timedelta:
        moved = any(step.disturbed_at is not None for step in plan.status.steps)
        least = DAY if moved and plan.spec.policy in daily else HOUR
        return max(least, keep.get(plan.spec.policy, HOUR))

    return tuple(
        sorted(
            name_of(plan)
            for plan in plans
            if phase_of(plan) in FINISHED
            and (plan.status.finished_at or plan.spec.snapshot.taken_at) + kept(plan) <= now
        )
    )


def last_plan(plans: Iterable[PackingPlan], policy: str) -> LastPlan | None:
    """Return what a policy's status says of its newest plan, None without any."""
    ours = [each for each in plans if each.spec.policy == policy]
    if not ours:
        return None
    newest = max(ours, key=lambda each: (each.spec.snapshot.taken_at, name_of(each)))
    solve = newest.status.solve
    return LastPlan(
        name=name_of(newest),
        time=newest.spec.snapshot.taken_at,
        outcome="" if solve is None else solve.outcome.value,
    )
