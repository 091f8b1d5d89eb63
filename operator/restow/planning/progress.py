"""How far a plan has come: what PackingPlan.status stores, so that any operator can go on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from restow.core.ids import PodRef, Uid
from restow.planning.plan import Plan


class StepPhase(StrEnum):
    """How far one step has come."""

    PLANNED = "Planned"
    HELD = "Held"  # a pending pod with its nomination set
    EVICTING = "Evicting"  # decided and written down; the eviction may or may not have happened
    EVICTED = "Evicted"  # accepted by the Eviction API, or seen leaving
    STEERED = "Steered"  # the replacement is known and was nominated
    RELEASED = "Released"  # its gate is gone; kube-scheduler places it
    MIGRATING = "Migrating"  # a machine's; decided and written down, and then under way
    DONE = "Done"
    STRAYED = "Strayed"  # kube-scheduler bound the pod elsewhere


OVER = frozenset({StepPhase.DONE, StepPhase.STRAYED})
"""Phases after which nothing of a step is left to do."""

NOMINATED: Mapping[StepPhase, StepPhase] = {
    StepPhase.PLANNED: StepPhase.HELD,
    StepPhase.EVICTED: StepPhase.STEERED,
}
"""Where a nomination that was set brings a step."""


class Gate(StrEnum):
    """State of the admission gate for the wave in progress."""

    OFF = "Off"
    ARMED = "Armed"  # it may be in force
    PROVEN = "Proven"  # a dry run showed that it is
    ABSENT = "Absent"  # this API server has none: replacements land where the scheduler likes


class Verdict(StrEnum):
    """How a plan ended."""

    COMPLETED = "Completed"
    ABORTED = "Aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A plan that only cleans up any more. `reason` is a sentence; empty when all went well."""

    verdict: Verdict
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """One step's state.

    Parameters
    ----------
    phase, since
        The phase, and when it began; None before anything happened.
    begun_at, disturbed_at
        When the first act of the step was decided, and when the eviction, or the migration, was
        accepted.
    replacement
        The pod that took the place of the evicted one, once recognised; for a pending pod, the twin
        that arrives instead of it; for a machine, its pod on the target.
    nominated_at
        When the nomination was last set with success.
    tried_at
        When the last act for this step was answered by anything but success, for back-off.
    room_since
        Since when the target is known to have room for the pod; None while it has none.
    message
        The last answer worth telling a person.
    """

    phase: StepPhase = StepPhase.PLANNED
    since: datetime | None = None
    begun_at: datetime | None = None
    disturbed_at: datetime | None = None
    replacement: PodRef | None = None
    nominated_at: datetime | None = None
    tried_at: datetime | None = None
    room_since: datetime | None = None
    message: str = ""

    def to(self, phase: StepPhase, now: datetime, message: str = "") -> "StepProgress":
        """Return the step in another phase since `now`; unchanged if it is in it already."""
        if phase is self.phase:
            return self
        evicted = now if phase is StepPhase.EVICTED else None
        return replace(
            self,
            phase=phase,
            since=now,
            message=message,
            begun_at=self.begun_at or now,
            disturbed_at=self.disturbed_at or evicted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A plan's state; `steps` run parallel to `Plan.steps`.

    Parameters
    ----------
    wave, wave_since
        The wave in progress, and when it began.
    evicting_since
        When the first eviction of the wave was decided; None before.
    siblings
        Pods of the controllers that were there already then, and so young that their time of
        creation does not tell them from replacements.
    gate, gate_since
        State of the gate, and since when.
    gate_tried_at
        When arming, proving or disarming last failed; None after a success.
    blocked_since
        Since when the wave waits for disruption budgets; None while it does not.
    ending
        Set once the plan only cleans up.
    """

    started_at: datetime
    wave: int = 0
    wave_since: datetime
    evicting_since: datetime | None = None
    siblings: frozenset[Uid] = frozenset()
    gate: Gate = Gate.OFF
    gate_since: datetime | None = None
    gate_tried_at: datetime | None = None
    blocked_since: datetime | None = None
    steps: tuple[StepProgress, ...]
    ending: Ending | None = None

    def put(self, index: int, step: StepProgress) -> "Progress":
        """Return the progress with one step replaced."""
        if step == self.steps[index]:
            return self
        return replace(self, steps=(*self.steps[:index], step, *self.steps[index + 1 :]))

    @property
    def evictions_begun(self) -> int:
        """Number of pods whose eviction was at least decided."""
        return sum(step.phase not in {StepPhase.PLANNED, StepPhase.HELD} for step in self.steps)


def begin(plan: Plan, now: datetime) -> Progress:
    """Return the progress of a plan of which nothing has happened yet."""
    return Progress(started_at=now, wave_since=now, steps=(StepProgress(),) * len(plan.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time limits of the execution, in seconds.

    Parameters
    ----------
    deadline_s
        The whole plan; then it is aborted.
    gate_s
        Until the armed gate must be proven; then the wave goes on without one.
    gated_s
        Longest time a replacement stays gated while its target has no room yet.
    budget_s
        Longest wait of a later wave for disruption budgets.
    leave_s
        From an accepted eviction until the pod must be gone (its grace period included).
    replace_s
        From a pod being gone until its replacement must exist.
    arrive_s
        From the target having room until the pod must be bound.
    bind_s
        How long kube-scheduler is left to bind a pending pod whose room is free.
    backoff_s
        Pause before an act that failed is tried again.
    renominate_s
        Pause before a nomination that the snapshot does not show is set again.
    settle_s
        After disarming at the end: how long late replacements are still looked for.
    handover_s
        From an accepted migration until memory is copied: KubeVirt's limits, its pod being bound
        and started. Then as long as KubeVirt gives it for its memory, and `grace_s` more.
    grace_s
        How much longer than that; KubeVirt ends what takes too long itself.
    seen_s
        How long the snapshot may take to show a migration that was accepted.
    """

    deadline_s: float = 600
    gate_s: float = 4
    gated_s: float = 3
    budget_s: float = 60
    leave_s: float = 150
    replace_s: float = 30
    arrive_s: float = 45
    bind_s: float = 1
    backoff_s: float = 1
    renominate_s: float = 0.1
    settle_s: float = 1
    handover_s: float = 150
    grace_s: float = 30
    seen_s: float = 10
