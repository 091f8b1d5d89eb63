"""PackingPlan: one decision as an object, and how far it has been carried out.

`spec` is the decision and never changes; it maps one to one on `planning.plan.Plan`, which this
room must not know. `status` is written by the operator alone.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict

from restow.policies.model import Model
from restow.policies.plan_spec import (
    MOST_STEPS,
    PackingPlanSpec,
    PlanAction,
    PlanOwner,
    PlanPod,
    PlanSnapshot,
    PlanStep,
    PlanTrigger,
    PlanUnplaced,
)
from restow.policies.plan_status import (
    FINISHED,
    Fragmentation,
    PackingPlanStatus,
    PlanCondition,
    PlanEnding,
    PlanExecution,
    PlanPhase,
    SolveDisturbed,
    SolveOutcome,
    SolveStatus,
    SolveTier,
    StepPhase,
    StepStatus,
)

__all__ = [
    "FINISHED",
    "MOST_STEPS",
    "Fragmentation",
    "PackingPlan",
    "PackingPlanSpec",
    "PackingPlanStatus",
    "PlanAction",
    "PlanCondition",
    "PlanEnding",
    "PlanExecution",
    "PlanOwner",
    "PlanPhase",
    "PlanPod",
    "PlanSnapshot",
    "PlanStep",
    "PlanTrigger",
    "PlanUnplaced",
    "SolveDisturbed",
    "SolveOutcome",
    "SolveStatus",
    "SolveTier",
    "StepPhase",
    "StepStatus",
]


class PackingPlan(Model):
    """One decision of restow: what to move where so that pending pods fit, and how far that is.

    Approve it with kubectl annotate packingplan NAME restow.dev/approved=true.
    """

    model_config = ConfigDict(extra="ignore")

    api_version: Literal["restow.dev/v1alpha1"] = "restow.dev/v1alpha1"
    kind: Literal["PackingPlan"] = "PackingPlan"
    metadata: Mapping[str, Any]
    spec: PackingPlanSpec
    status: PackingPlanStatus = PackingPlanStatus()
