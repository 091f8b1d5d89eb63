"""The status of a PackingPlan as it goes from phase to phase."""

from datetime import datetime

from restow.policies.conditions import Condition, ConditionStatus, put
from restow.policies.packing_plan import FINISHED, PackingPlanStatus, PlanCondition, PlanPhase

LONGEST_MESSAGE = 4096
_UNBEGUN = frozenset({PlanPhase.PROPOSED, PlanPhase.STALE, PlanPhase.SUPERSEDED})
_OVERTAKEN = frozenset({PlanPhase.STALE, PlanPhase.SUPERSEDED})


def in_phase(
    status: PackingPlanStatus, phase: PlanPhase, message: str, now: datetime
) -> PackingPlanStatus:
    """Return the status in `phase`, with the conditions that follow from it."""
    message = message[:LONGEST_MESSAGE]
    conditions = status.conditions
    for kind, holds in (
        (PlanCondition.APPROVED, phase not in _UNBEGUN),
        (PlanCondition.FRESH, phase not in _OVERTAKEN),
        (PlanCondition.FINISHED, phase in FINISHED),
    ):
        conditions = put(
            conditions,
            Condition(
                type=kind,
                status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
                reason=phase.value,
                message=message,
                last_transition_time=now,
                observed_generation=1,  # the spec never changes
            ),
        )
    ended = phase in FINISHED
    return status.model_copy(
        update={
            "phase": phase,
            "message": message,
            "observed_generation": 1,
            "conditions": conditions,
            "finished_at": (status.finished_at or now) if ended else None,
        }
    )
