"""What the API server's answer to an act changes in the progress."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from restow.core.ids import PodRef
from restow.planning.acts import (
    Act,
    ActResult,
    ActStatus,
    Arm,
    Bind,
    CancelMigration,
    Disarm,
    Evict,
    Migrate,
    Nominate,
    ProveGate,
    Release,
    Reserve,
    Unreserve,
    Withdraw,
)
from restow.planning.plan import Action, Plan
from restow.planning.progress import (
    NOMINATED,
    OVER,
    Ending,
    Gate,
    Progress,
    StepPhase,
    StepProgress,
    Verdict,
)

OK = frozenset({ActStatus.DONE, ActStatus.GONE})
_THEN = {
    Nominate: NOMINATED,
    Release: {
        StepPhase.EVICTED: StepPhase.RELEASED,
        StepPhase.STEERED: StepPhase.RELEASED,
    },
    Evict: {StepPhase.EVICTING: StepPhase.EVICTED},
    Migrate: {},
    Bind: {
        StepPhase.PLANNED: StepPhase.DONE,
        StepPhase.HELD: StepPhase.DONE,
        StepPhase.RELEASED: StepPhase.DONE,
    },
}
"""The next phase of a step after an act that worked."""


def note(plan: Plan, progress: Progress, act: Act, result: ActResult, now: datetime) -> Progress:
    """Return the progress after the answer to one act; to be stored like that of a turn."""
    match act:
        case Arm() | ProveGate() | Disarm():
            return _gate(progress, act, result, now)
        case Nominate() | Release() | Evict() | Bind() | Migrate():
            for index in _steps_of(plan, progress, act.pod):
                state = _answered(progress.steps[index], act, result, now)
                progress = progress.put(index, state)
            if isinstance(act, Evict | Migrate):
                return _refused(progress, act, result, now)
            return progress
        case Withdraw() | Reserve() | Unreserve() | CancelMigration():
            return progress


def _gate(
    progress: Progress, act: Arm | ProveGate | Disarm, result: ActResult, now: datetime
) -> Progress:
    if isinstance(act, Disarm):
        if result.status not in OK:
            return replace(progress, gate_tried_at=now)
        kept = Gate.ABSENT if progress.gate is Gate.ABSENT and not progress.ending else Gate.OFF
        return replace(progress, gate=kept, gate_since=now, gate_tried_at=None)
    if result.status is not ActStatus.DONE:
        return replace(progress, gate_tried_at=now)
    if isinstance(act, ProveGate) and progress.gate_tried_at is None:
        return replace(progress, gate=Gate.PROVEN, gate_since=now)
    return progress if isinstance(act, ProveGate) else replace(progress, gate_tried_at=None)


def _steps_of(plan: Plan, progress: Progress, pod: PodRef) -> Iterator[int]:
    for index, step in enumerate(plan.steps):
        replacement = progress.steps[index].replacement
        own = step.action is not Action.PLACE or replacement is None
        if (own and pod.uid == step.pod.uid) or pod == replacement:
            yield index


def _answered(
    state: StepProgress,
    act: Nominate | Release | Evict | Bind | Migrate,
    result: ActResult,
    now: datetime,
) -> StepProgress:
    gone_is_done = isinstance(act, Evict) and result.status is ActStatus.GONE
    if result.status is ActStatus.DONE or gone_is_done:
        state = state.to(_THEN[type(act)].get(state.phase, state.phase), now)
        if isinstance(act, Nominate):
            state = replace(state, nominated_at=now)
        if isinstance(act, Migrate):
            state = replace(state, disturbed_at=state.disturbed_at or now)
        return replace(state, tried_at=None, message=state.message if state.phase in OVER else "")
    message = result.message or str(result.status)
    if isinstance(act, Evict) and result.status is ActStatus.CONFLICT:
        return replace(state, message=message)  # the next snapshot has the new version: no pause
    return replace(state, tried_at=now, message=message)


def _refused(
    progress: Progress, act: Evict | Migrate, result: ActResult, now: datetime
) -> Progress:
    final = {ActStatus.REFUSED, ActStatus.UNAVAILABLE}
    if isinstance(act, Migrate):
        final.add(ActStatus.GONE)  # nothing that could be made there
    if result.status not in final or progress.ending:
        return progress
    verb = "migrated" if isinstance(act, Migrate) else "evicted"
    reason = f"{act.pod} may not be {verb}: {result.message or result.status}"
    return replace(progress, ending=Ending(verdict=Verdict.ABORTED, reason=reason, since=now))
