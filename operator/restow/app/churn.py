"""Plans that were in vain: aborted ones, and moves that later plans took back.

Pure functions over the plans that are kept, so that a restarted operator knows what its forerunner
knew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from restow.app import ledger
from restow.policies.packing_plan import PackingPlan, PlanAction, PlanPhase, PlanTrigger, StepPhase

MOST_DOUBLINGS = 10
"""Setbacks beyond so many make a pause no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A workload moved back and forth: from a node to another by one plan, and back by another.

    Parameters
    ----------
    pod
        The pod that moved back, as namespace/name.
    source, target
        Nodes of the first move.
    there, back
        Names of the plans.
    at
        When the second move was begun.
    """

    pod: str
    source: str
    target: str
    there: str
    back: str
    at: datetime

    def __str__(self) -> str:
        return (
            f"{self.pod}, or another pod of its controller, went from {self.source} to "
            f"{self.target} by plan {self.there} and back by plan {self.back}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    plan: str
    workload: str
    pod: str
    source: str
    target: str
    at: datetime


def returns(plans: Iterable[PackingPlan], policy: str) -> tuple[Return, ...]:
    """Return who was moved back and forth under a policy, as far as plans are kept, oldest first.

    Pods of one controller count as one another: its replicas are alike.
    """
    moves = sorted(_moves(plans, policy), key=lambda move: (move.at, move.plan, move.pod))
    there: dict[tuple[str, str, str], _Move] = {}
    found = []
    for move in moves:
        first = there.pop((move.workload, move.target, move.source), None)
        if first is not None and first.plan != move.plan:
            found.append(
                Return(
                    pod=move.pod,
                    source=first.source,
                    target=first.target,
                    there=first.plan,
                    back=move.plan,
                    at=move.at,
                )
            )
        there[move.workload, move.source, move.target] = move
    return tuple(found)


def setbacks(plans: Iterable[PackingPlan], policy: str) -> int:
    """Return how many of the newest plans of rescheduling in a row were in vain.

    One is if it was aborted, if it took moves back, or if a later plan took moves of it back.
    """
    every = tuple(plans)
    vain = {name for each in returns(every, policy) for name in (each.there, each.back)}
    count = 0
    for plan in sorted(_over(every, policy), key=_age, reverse=True):
        if ledger.phase_of(plan) is not PlanPhase.ABORTED and ledger.name_of(plan) not in vain:
            break
        count += 1
    return min(count, MOST_DOUBLINGS)


def newest(plans: Iterable[PackingPlan], policy: str) -> datetime:
    """Return when the newest plan of rescheduling that was begun and is over was made.

    Raises
    ------
    ValueError
        There is none.
    """
    return max(plan.spec.snapshot.taken_at for plan in _over(plans, policy))


def _over(plans: Iterable[PackingPlan], policy: str) -> Iterable[PackingPlan]:
    """Yield the policy's plans of rescheduling that were begun and are over."""
    return (
        plan
        for plan in plans
        if plan.spec.policy == policy
        and plan.spec.trigger is PlanTrigger.RESCHEDULING
        and ledger.phase_of(plan) in {PlanPhase.COMPLETED, PlanPhase.ABORTED}
    )


def _age(plan: PackingPlan) -> tuple[datetime, str]:
    return plan.spec.snapshot.taken_at, ledger.name_of(plan)


def _moves(plans: Iterable[PackingPlan], policy: str) -> Iterable[_Move]:
    for plan in plans:
        if plan.spec.policy != policy:
            continue
        for state in plan.status.steps:
            there = state.phase is StepPhase.DONE and state.index < len(plan.spec.steps)
            if state.disturbed_at is None or not there:
                continue
            step = plan.spec.steps[state.index]
            if step.action is PlanAction.EVICT or step.source is None or step.target is None:
                continue
            yield _Move(
                plan=ledger.name_of(plan),
                workload=step.pod.uid if step.owner is None else step.owner.uid,
                pod=f"{step.pod.namespace}/{step.pod.name}",
                source=step.source,
                target=step.target,
                at=state.disturbed_at,
            )
