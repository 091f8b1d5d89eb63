"""Status of a PackingPlan: how the decision came about, and how far it has been carried out."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints

from restow.policies.conditions import Condition
from restow.policies.model import Flag, Model, Whole
from restow.policies.plan_spec import BOUNDED, Count, Int32, Message, PlanPod, UidText, Word


class SolveOutcome(StrEnum):
    """How the solve ended."""

    OPTIMAL = "Optimal"
    FEASIBLE = "Feasible"
    UNCHANGED = "Unchanged"
    OUT_OF_TIME = "OutOfTime"


class SolveTier(Model):
    """The pods of one priority."""

    priority: Int32
    """The priority."""
    pods: Count
    """Pods of this priority that took part."""
    placed_before: Count
    """Those with a node before the plan."""
    placed: Count
    """Those with a node after it."""
    bound: Count
    """No plan gives more of them a node, given the tiers above."""
    proven: Flag
    """Whether that is reached and proven."""


class SolveDisturbed(Model):
    """Whom the plan disturbs."""

    moves: Count
    """Pods that move."""
    evictions: Count
    """Pods left without a place."""
    bound: Count
    """No plan that places as many disturbs fewer."""
    proven: Flag
    """Whether that is reached and proven."""


class SolveStatus(Model):
    """How the decision came about."""

    outcome: SolveOutcome
    """Optimal: every level is proven. Feasible: better than doing nothing. Unchanged: doing nothing
    is what remains. OutOfTime: nothing better was found in time, and nothing is proven."""
    wall_s: float = Field(alias="wallSeconds", ge=0)
    """Seconds that the decision took."""
    engine: Annotated[str, StringConstraints(max_length=128)] = ""
    """Which engine answered."""
    tiers: tuple[SolveTier, ...] = Field(default=(), max_length=1024)
    """Per priority, highest first."""
    disturbed: SolveDisturbed
    """Whom the plan disturbs."""


class Fragmentation(Model):
    """What rescheduling is to make of the cluster, in metrics by name."""

    metric: Annotated[str, StringConstraints(max_length=128)] = "fragmentation"
    """The one that the objective is about: fragmentation, empty nodes, pods to drain, or nodes
    above the bound; net of what migrations cost where they have a price."""
    before: dict[str, float] = Field(default_factory=dict, max_length=64)
    """Before the plan."""
    after: dict[str, float] = Field(default_factory=dict, max_length=64)
    """After the plan, as promised."""
    bound: float = Field(default=0, ge=0)
    """The best value of that metric that any plan within the migration limit could leave."""
    proven: Flag = False
    """Whether the plan reaches that bound."""


class PlanPhase(StrEnum):
    """Where a plan stands. The last four are final: a plan never leaves them.

    Proposed ──► Approved ──► Executing ──► Completed | Aborted
        └────────────┴──► Stale | Superseded
    """

    PROPOSED = "Proposed"  # written; waits for an approval, or is there to be read (Observe)
    APPROVED = "Approved"  # may begin: approved, or mode Act; waits for its turn or a window
    EXECUTING = "Executing"  # holds the cluster; the only plan that does
    COMPLETED = "Completed"  # every step is done
    ABORTED = "Aborted"  # given up midway; its marks are undone
    STALE = "Stale"  # never begun: the cluster moved on
    SUPERSEDED = "Superseded"  # never begun: a newer plan took its place


FINISHED: Final = frozenset(
    {PlanPhase.COMPLETED, PlanPhase.ABORTED, PlanPhase.STALE, PlanPhase.SUPERSEDED}
)
"""Phases that a plan never leaves."""


class StepPhase(StrEnum):
    """Where a step stands."""

    WAITING = "Waiting"  # nothing was done for it yet
    ACTING = "Acting"  # begun: nominated, gated, evicted or migrating, not arrived yet
    DONE = "Done"  # the pod or its replacement is bound where it should be; or it is evicted
    FAILED = "Failed"  # it ended elsewhere or could not be done; the message says why
    SKIPPED = "Skipped"  # nothing was done for it, and nothing will be: the plan ended before


class StepStatus(Model):
    """Where one step stands."""

    index: Whole = Field(ge=0)
    """Position of the step in spec.steps, from 0."""
    detail: Annotated[str, StringConstraints(max_length=64)] = ""
    """Where exactly the step stands in the protocol, for the operator that goes on with it."""
    since: AwareDatetime | None = None
    """Since when it stands there."""
    nominated_at: AwareDatetime | None = None
    """When the nomination of the arriving pod was last set."""
    tried_at: AwareDatetime | None = None
    """When an act for the step last failed; it is tried again after a pause."""
    room_since: AwareDatetime | None = None
    """Since when the target has had room for the arriving pod."""
    phase: StepPhase = StepPhase.WAITING
    """Waiting, Acting, Done, Failed or Skipped."""
    message: Message = ""
    """What happened, for people."""
    replacement: PlanPod | None = None
    """The pod that came in the place of the moved one."""
    started_at: AwareDatetime | None = None
    """When the first act of the step was done."""
    disturbed_at: AwareDatetime | None = None
    """When the pod was evicted or its migration began; the hourly limits count from here."""
    finished_at: AwareDatetime | None = None
    """When the step was done or failed."""


class PlanEnding(Model):
    """A plan that only cleans up any more."""

    verdict: Word
    """Completed or Aborted."""
    reason: Message = ""
    """Why, for people."""
    since: AwareDatetime
    """Since when."""


class PlanExecution(Model):
    """What an operator needs to go on with the plan where another one stopped."""

    started_at: AwareDatetime
    """When it began."""
    wave_since: AwareDatetime
    """When the present wave began."""
    evicting_since: AwareDatetime | None = None
    """When the first eviction of the wave was decided."""
    siblings: tuple[UidText, ...] = Field(default=(), json_schema_extra=BOUNDED)
    """Uids of pods that were there already then, and are no replacements."""
    gate: Word = "Off"
    """State of the admission gate: Off, Armed, Proven or Absent."""
    gate_since: AwareDatetime | None = None
    """Since when the gate has been in that state."""
    gate_tried_at: AwareDatetime | None = None
    """When arming, proving or disarming last failed."""
    blocked_since: AwareDatetime | None = None
    """Since when the wave has been waiting for disruption budgets."""
    ending: PlanEnding | None = None
    """Set once the plan only cleans up."""


class PlanCondition(StrEnum):
    """Types of the conditions of a PackingPlan."""

    APPROVED = "Approved"  # may be carried out
    FRESH = "Fresh"  # still holds on the newest snapshot
    FINISHED = "Finished"  # in a final phase; the reason is that phase


class PackingPlanStatus(Model):
    """How the decision came about, and how far it has been carried out."""

    phase: PlanPhase | None = None
    """Proposed: written, waits for an approval or is there to be read. Approved: may begin.
    Executing: being carried out. Completed: every step is done. Aborted: given up midway, its marks
    undone. Stale: never begun, the cluster moved on. Superseded: never begun, a newer plan took its
    place. The last four are final."""
    message: Message = ""
    """Why the plan is in this phase, for people."""
    observed_generation: Whole | None = Field(default=None, ge=0)
    """Generation of the spec that this status speaks of."""
    conditions: tuple[Condition, ...] = Field(default=(), max_length=16)
    """Approved: may be carried out. Fresh: still holds. Finished: ended, the reason says how."""
    wave: Whole | None = Field(default=None, ge=0)
    """The wave being carried out, or the last one that was."""
    steps: tuple[StepStatus, ...] = Field(default=(), json_schema_extra=BOUNDED)
    """Where each step stands."""
    execution: PlanExecution | None = None
    """How the operator goes on; left out before the plan begins."""
    started_at: AwareDatetime | None = None
    """When the first act was done."""
    finished_at: AwareDatetime | None = None
    """When the plan reached a final phase; it is removed some time after."""
    solve: SolveStatus | None = None
    """How the decision came about."""
    fragmentation: Fragmentation | None = None
    """What rescheduling makes of the cluster."""
