"""The first half of a wave: nominate, arm the gate, prove it, then evict."""

from dataclasses import replace

from restow.cluster.objects import OwnerRef
from restow.core.ids import Uid
from restow.planning.acts import Arm, Disarm, Evict, ProveGate
from restow.planning.execution.observe import young
from restow.planning.execution.reserving import reserved, reserving
from restow.planning.execution.scene import Scene
from restow.planning.execution.vacating import may_leave, on_the_way
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, Gate, StepPhase, Verdict
from restow.planning.revalidate import exhausted, why_stays

DISRUPTIONS = (Action.MOVE, Action.EVICT)


def keep_gate(scene: Scene) -> None:
    """Arm the gate while a replacement of this wave is missing, and not a moment longer."""
    owners = _awaited(scene)
    gate, tried = scene.progress.gate, scene.progress.gate_tried_at
    if gate is Gate.ABSENT or not scene.after(tried, scene.settings.backoff_s):
        return
    if not owners:
        if gate is not Gate.OFF:
            scene.acts.append(Disarm(plan=scene.plan.name))
        return
    if gate is Gate.PROVEN:
        return
    if gate is Gate.OFF or scene.progress.gate_since is None:
        scene.progress = replace(scene.progress, gate=Gate.ARMED, gate_since=scene.now)
    elif scene.after(scene.progress.gate_since, scene.settings.gate_s):
        scene.acts.append(Disarm(plan=scene.plan.name))
        scene.progress = replace(scene.progress, gate=Gate.ABSENT, gate_since=scene.now)
        return
    name = scene.plan.name
    scene.acts.append(Arm(plan=name, owners=frozenset(owners)))
    scene.acts.append(ProveGate(plan=name, owners=tuple(owners.values())))


def _awaited(scene: Scene) -> dict[Uid, OwnerRef]:
    """Return the owners whose new pods are to be held back; none once all left and were replaced.

    The owners of pods that are left without a place are among them, so that their new pods do not
    take the holes meant for the moved ones.
    """
    owners = {
        step.owner.uid: step.owner
        for _, step, _ in scene.of_wave(Action.MOVE, Action.EVICT)
        if step.owner is not None
    }
    moves = list(scene.of_wave(Action.MOVE))
    missing = any(state.replacement is None and state.phase not in OVER for _, _, state in moves)
    to_leave = any(
        state.phase in {StepPhase.PLANNED, StepPhase.EVICTING}
        for _, _, state in scene.of_wave(*DISRUPTIONS)
    )
    return dict(sorted(owners.items())) if moves and (missing or to_leave) else {}


def leave(scene: Scene) -> None:
    """Evict the wave's pods once everything they need is in place, each as soon as it may."""
    planned = [
        (index, step)
        for index, step, state in scene.of_wave(*DISRUPTIONS)
        if state.phase is StepPhase.PLANNED
    ]
    due = _next(scene, planned) if planned and _ready(scene) else []
    for index in due:
        state = scene.progress.steps[index].to(StepPhase.EVICTING, scene.now)
        scene.put(index, replace(state, tried_at=None))
    if due:
        scene.progress = replace(scene.progress, blocked_since=None)
        if scene.progress.evicting_since is None:
            scene.progress = replace(
                scene.progress, evicting_since=scene.now, siblings=young(scene)
            )
    _evict(scene)


def _next(scene: Scene, planned: list[tuple[int, Step]]) -> list[int]:
    """Return those that may leave now; end the plan if none may and nothing is under way."""
    due, blocked = may_leave(scene, planned)
    if not due and not on_the_way(scene):
        since = scene.progress.blocked_since or scene.now
        scene.progress = replace(scene.progress, blocked_since=since)
        if scene.progress.evictions_begun == 0 or scene.after(since, scene.settings.budget_s):
            scene.end(Verdict.ABORTED, blocked)
    return due


def _ready(scene: Scene) -> bool:
    """Whether the wave may begin: nominations set, gate proven or absent, budgets left."""
    wave = list(scene.of_wave())
    held = all(
        state.nominated_at is not None or state.phase in OVER or index in scene.withheld
        for index, step, state in wave
        if step.action is Action.PLACE
    )
    gated = scene.progress.gate in {Gate.PROVEN, Gate.ABSENT} or not any(
        step.action is Action.MOVE for _, step, _ in wave
    )
    if not held or not gated:
        return False
    if reserving(scene) and not reserved(scene):
        return False
    budget = exhausted(scene.plan, scene.progress, scene.judge) or _unready(scene)
    if budget is None:
        return True
    since = scene.progress.blocked_since or scene.now
    scene.progress = replace(scene.progress, blocked_since=since)
    if scene.progress.evictions_begun == 0 or scene.after(since, scene.settings.budget_s):
        scene.end(Verdict.ABORTED, budget)
    return False


def _unready(scene: Scene) -> str | None:
    """Return which pod of an earlier wave its controller still waits for, before it loses more."""
    owners = {step.owner.uid for _, step, _ in scene.of_wave(Action.MOVE) if step.owner}
    for index, step, state in scene.steps(Action.MOVE):
        if step.wave >= scene.progress.wave or step.owner is None or step.owner.uid not in owners:
            continue
        pod = scene.arriving(index)
        if state.replacement is not None and pod is not None and not pod.ready:
            return f"{pod.key}, moved in an earlier wave, is not ready yet"
    return None


def _evict(scene: Scene) -> None:
    """Evict what was decided to leave."""
    due: list[Step] = []
    for _, step, state in scene.of_wave(*DISRUPTIONS):
        if state.phase is StepPhase.EVICTING:
            if scene.after(state.since, scene.settings.budget_s):
                scene.end(Verdict.ABORTED, f"{step.pod} could not be evicted: {state.message}")
                return
            if scene.after(state.tried_at, scene.settings.backoff_s):
                due.append(step)
    for step in due:
        refusal = why_stays(step, scene.judge)
        if refusal is not None:
            scene.end(Verdict.ABORTED, refusal)
            return
        pod = scene.pod(step)
        version = pod.resource_version if pod is not None else ""
        scene.acts.append(Evict(plan=scene.plan.name, pod=step.pod, resource_version=version))
