"""Plan and Progress to and from the PackingPlan object, without loss."""

from collections.abc import Mapping
from datetime import datetime

from restow.cluster.objects import OwnerRef
from restow.core.errors import InputError
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.reasons import Reason
from restow.packing.outcome import Status
from restow.planning.plan import (
    Action,
    Disturbed,
    Fragmentation,
    Plan,
    Solve,
    Step,
    TierResult,
    Trigger,
    Unplaced,
)
from restow.planning.progress import (
    OVER,
    Ending,
    Gate,
    Progress,
    StepPhase,
    StepProgress,
    Verdict,
)
from restow.policies import packing_plan as model

_COARSE: Mapping[StepPhase, model.StepPhase] = {
    StepPhase.PLANNED: model.StepPhase.WAITING,
    StepPhase.DONE: model.StepPhase.DONE,
    StepPhase.STRAYED: model.StepPhase.FAILED,
}


def document(plan: Plan, status: model.PackingPlanStatus | None = None) -> model.PackingPlan:
    """Return the object of the plan; `status` None is that of a plan nobody has looked at."""
    return model.PackingPlan(
        metadata={"name": plan.name},
        spec=spec_of(plan),
        status=status
        or model.PackingPlanStatus(
            solve=solve_of(plan.solve), fragmentation=fragmentation_of(plan.fragmentation)
        ),
    )


def spec_of(plan: Plan) -> model.PackingPlanSpec:
    """Return the spec of the plan's object."""
    return model.PackingPlanSpec(
        trigger=model.PlanTrigger(plan.trigger.value),
        policy=plan.policy,
        snapshot=model.PlanSnapshot(digest=plan.snapshot_digest, taken_at=plan.taken_at),
        steps=tuple(_step(step) for step in plan.steps),
        unplaced=tuple(
            model.PlanUnplaced(
                pod=_pod(each.pod),
                reason=each.reason.value,
                message=each.message,
                proven=each.proven,
            )
            for each in plan.unplaced
        ),
    )


def solve_of(solve: Solve) -> model.SolveStatus:
    """Return `status.solve`."""
    return model.SolveStatus(
        outcome=model.SolveOutcome(solve.outcome.value),
        wall_s=solve.wall_s,
        engine=solve.engine,
        tiers=tuple(
            model.SolveTier(
                priority=tier.priority,
                pods=tier.pods,
                placed_before=tier.placed_before,
                placed=tier.placed,
                bound=tier.bound,
                proven=tier.proven,
            )
            for tier in solve.tiers
        ),
        disturbed=model.SolveDisturbed(
            moves=solve.disturbed.moves,
            evictions=solve.disturbed.evictions,
            bound=solve.disturbed.bound,
            proven=solve.disturbed.proven,
        ),
    )


def fragmentation_of(found: Fragmentation | None) -> model.Fragmentation | None:
    """Return `status.fragmentation`."""
    if found is None:
        return None
    return model.Fragmentation(
        metric=found.metric,
        before=dict(found.before),
        after=dict(found.after),
        bound=found.bound,
        proven=found.proven,
    )


def plan_of(document: model.PackingPlan) -> Plan:
    """Read the plan back.

    Raises
    ------
    InputError
        If the object was never given a `status.solve`, or carries an unknown reason code.
    """
    name = str(document.metadata.get("name", ""))
    if document.status.solve is None:
        raise InputError(
            where=f"PackingPlan {name}",
            field="status.solve",
            problem="it is missing, so the plan was not written in full",
            remedy="delete the PackingPlan; restow makes a new one",
        )
    spec = document.spec
    return Plan(
        name=name,
        trigger=Trigger(spec.trigger.value),
        policy=spec.policy,
        snapshot_digest=spec.snapshot.digest,
        taken_at=spec.snapshot.taken_at,
        steps=tuple(_read_step(step) for step in spec.steps),
        unplaced=tuple(_read_unplaced(name, each) for each in spec.unplaced),
        solve=_read_solve(document.status.solve),
        fragmentation=_read_fragmentation(document.status.fragmentation),
    )


def progress_status(
    plan: Plan, progress: Progress, *, over: bool = False
) -> model.PackingPlanStatus:
    """Return the parts of the status that tell how far the plan has come.

    These are `wave`, `steps`, `execution`, `started_at` and `solve`; phase, message and conditions
    are the caller's. `over` says that the plan has its verdict: steps not done are then Failed, or
    Skipped where nothing happened.
    """
    ending = progress.ending
    return model.PackingPlanStatus(
        wave=progress.wave,
        steps=tuple(
            _step_status(index, state, over=over) for index, state in enumerate(progress.steps)
        ),
        started_at=progress.started_at,
        solve=solve_of(plan.solve),
        fragmentation=fragmentation_of(plan.fragmentation),
        execution=model.PlanExecution(
            started_at=progress.started_at,
            wave_since=progress.wave_since,
            evicting_since=progress.evicting_since,
            siblings=tuple(sorted(progress.siblings))[: model.MOST_STEPS],
            gate=progress.gate.value,
            gate_since=progress.gate_since,
            gate_tried_at=progress.gate_tried_at,
            blocked_since=progress.blocked_since,
            ending=None
            if ending is None
            else model.PlanEnding(
                verdict=ending.verdict.value, reason=ending.reason[:4096], since=ending.since
            ),
        ),
    )


def progress_of(document: model.PackingPlan) -> Progress | None:
    """Read the progress back; None for a plan that was never begun."""
    status = document.status
    execution = status.execution
    if execution is None:
        return None
    ending = execution.ending
    return Progress(
        started_at=execution.started_at,
        wave=status.wave or 0,
        wave_since=execution.wave_since,
        evicting_since=execution.evicting_since,
        siblings=frozenset(map(Uid, execution.siblings)),
        gate=Gate(execution.gate),
        gate_since=execution.gate_since,
        gate_tried_at=execution.gate_tried_at,
        blocked_since=execution.blocked_since,
        steps=tuple(_read_state(state) for state in status.steps),
        ending=None
        if ending is None
        else Ending(verdict=Verdict(ending.verdict), reason=ending.reason, since=ending.since),
    )


def _pod(ref: PodRef) -> model.PlanPod:
    return model.PlanPod(namespace=ref.key.namespace, name=ref.key.name, uid=ref.uid)


def _ref(pod: model.PlanPod) -> PodRef:
    return PodRef(ObjectKey(pod.namespace, pod.name), Uid(pod.uid))


def _step(step: Step) -> model.PlanStep:
    owner = step.owner
    return model.PlanStep(
        wave=step.wave,
        action=model.PlanAction(step.action.value),
        pod=_pod(step.pod),
        vmi=step.vmi,
        source=step.source,
        target=step.target,
        owner=None
        if owner is None
        else model.PlanOwner(
            api_version=owner.api_version, kind=owner.kind, name=owner.name, uid=owner.uid
        ),
        priority=step.priority,
        bindable=step.bindable,
    )


def _read_step(step: model.PlanStep) -> Step:
    owner = step.owner
    return Step(
        wave=step.wave,
        action=Action(step.action.value),
        pod=_ref(step.pod),
        source=None if step.source is None else NodeName(step.source),
        target=None if step.target is None else NodeName(step.target),
        owner=None
        if owner is None
        else OwnerRef(
            api_version=owner.api_version, kind=owner.kind, name=owner.name, uid=Uid(owner.uid)
        ),
        priority=step.priority,
        bindable=step.bindable,
        vmi=step.vmi,
    )


def _read_unplaced(plan: str, each: model.PlanUnplaced) -> Unplaced:
    try:
        reason = Reason(each.reason)
    except ValueError as error:
        raise InputError(
            where=f"PackingPlan {plan}",
            field="spec.unplaced.reason",
            problem=f"{each.reason!r} is no reason code of this version of restow",
            remedy="delete the PackingPlan; restow makes a new one",
        ) from error
    return Unplaced(pod=_ref(each.pod), reason=reason, message=each.message, proven=each.proven)


def _read_solve(solve: model.SolveStatus) -> Solve:
    return Solve(
        outcome=Status(solve.outcome.value),
        wall_s=solve.wall_s,
        engine=solve.engine,
        tiers=tuple(TierResult(**tier.model_dump()) for tier in solve.tiers),
        disturbed=Disturbed(**solve.disturbed.model_dump()),
    )


def _read_fragmentation(found: model.Fragmentation | None) -> Fragmentation | None:
    if found is None:
        return None
    return Fragmentation(
        metric=found.metric,
        before=tuple(sorted(found.before.items())),
        after=tuple(sorted(found.after.items())),
        bound=found.bound,
        proven=found.proven,
    )


def _step_status(index: int, state: StepProgress, *, over: bool) -> model.StepStatus:
    phase = _COARSE.get(state.phase, model.StepPhase.ACTING)
    if over and state.phase not in OVER:
        untouched = state.phase in {StepPhase.PLANNED, StepPhase.HELD}
        phase = model.StepPhase.SKIPPED if untouched else model.StepPhase.FAILED
    return model.StepStatus(
        index=index,
        phase=phase,
        detail=state.phase.value,
        message=state.message[:4096],
        replacement=None if state.replacement is None else _pod(state.replacement),
        since=state.since,
        nominated_at=state.nominated_at,
        tried_at=state.tried_at,
        room_since=state.room_since,
        started_at=state.begun_at,
        disturbed_at=state.disturbed_at,
        finished_at=_finished(state),
    )


def _finished(state: StepProgress) -> datetime | None:
    return state.since if state.phase in OVER else None


def _read_state(state: model.StepStatus) -> StepProgress:
    return StepProgress(
        phase=StepPhase(state.detail or StepPhase.PLANNED.value),
        since=state.since,
        begun_at=state.started_at,
        disturbed_at=state.disturbed_at,
        replacement=None if state.replacement is None else _ref(state.replacement),
        nominated_at=state.nominated_at,
        tried_at=state.tried_at,
        room_since=state.room_since,
        message=state.message,
    )
