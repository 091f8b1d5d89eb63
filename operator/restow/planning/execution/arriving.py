"""The second half of a wave: hold nominations, release gates, bind."""

from dataclasses import replace
from datetime import UTC, datetime

from restow.cluster.objects import Pod
from restow.core.marks import GATE
from restow.planning.acts import Bind, Nominate, Release, Withdraw
from restow.planning.execution.binding import bound_by_us
from restow.planning.execution.exchange import dropouts
from restow.planning.execution.holding import withheld
from restow.planning.execution.reserving import (
    all_left,
    lets_in,
    reserved,
    reserving,
    room_for,
)
from restow.planning.execution.scene import Scene
from restow.planning.outsiders import late_comers, who_came
from restow.planning.plan import Action, Step
from restow.planning.progress import NOMINATED, OVER, StepPhase, StepProgress, Verdict
from restow.planning.revalidate import misfits

LONG_AGO = datetime.min.replace(tzinfo=UTC)

GRACE_S = 1.0
"""So much longer a replacement may stay gated while the placeholders change."""

UNDER_WAY = frozenset({StepPhase.PLANNED, StepPhase.EVICTING, StepPhase.EVICTED})
"""Phases in which a pod has yet to leave, or to be replaced."""


def hold(scene: Scene) -> None:
    """Set the nominations of the pending pods, and set again what kube-scheduler cleared.

    Pods of later waves are held too. Withheld is what would keep the plan's own arrivals out.
    """
    scene.withheld = withheld(scene)
    for index, step, state in list(scene.steps(Action.PLACE)):
        pod = scene.arriving(index)
        if pod is None or state.phase in OVER:
            continue
        if index not in scene.withheld:
            _nominate(scene, index, pod)
        elif pod.nominated_node == step.target and scene.marked(pod):
            scene.acts.append(Withdraw(pod=pod.ref))


def arrive(scene: Scene) -> None:
    """Steer the replacements of this wave, and bind its pending pods when their room is free."""
    matched = {
        state.replacement.uid
        for state in scene.progress.steps
        if state.replacement and state.phase not in OVER
    }
    for pod in scene.gated():
        if pod.uid not in matched and not _yields(scene, pod):
            scene.acts.append(Release(pod=pod.ref))
    scene.acts.extend(Withdraw(pod=pod.ref) for pod in dropouts(scene))
    for index, _, state in list(scene.of_wave(Action.MOVE)):
        other = scene.arriving(index)
        if other is not None and state.phase not in OVER:
            _steer(scene, index, other)
    if all_left(scene):
        for index, _, state in list(scene.of_wave(Action.PLACE)):
            waiting = scene.arriving(index)
            if waiting is not None and state.phase not in OVER:
                _bind(scene, index, waiting)


def _yields(scene: Scene, pod: Pod) -> bool:
    """Whether an unplanned replica of an evicted pod's owner has to let planned ones go first.

    It could take a hole that is meant for another one, which has yet to come. Other replicas beyond
    the planned ones are not ours to keep waiting.
    """
    evicted = {step.owner.uid for _, step, _ in scene.of_wave(Action.EVICT) if step.owner}
    waited = any(state.phase not in OVER for _, _, state in scene.of_wave())
    ours = pod.owner is not None and pod.owner.uid in evicted
    return ours and waited and not scene.after(pod.created_at, scene.settings.gated_s)


def give_up_lost(scene: Scene) -> None:
    """Let evicted pods of lower priority go without their target if strangers took it.

    The pending pods of the wave outrank them and keep what is being freed; the plan goes on. Where
    an equal would lose its place, the plan is aborted instead, by revalidation.
    """
    places = [step.priority for _, step, _ in scene.of_wave(Action.PLACE)]
    while True:
        lost = next(
            (
                (index, text)
                for index, text in misfits(scene.plan, scene.progress, scene.snapshot)
                if _may_lose(scene, index, min(places, default=None))
            ),
            None,
        )
        if lost is None:
            return
        index, text = lost
        scene.put(index, scene.progress.steps[index].to(StepPhase.STRAYED, scene.now, text))


def _may_lose(scene: Scene, index: int, lowest: int | None) -> bool:
    step, state = scene.plan.steps[index], scene.progress.steps[index]
    return (
        step.action is Action.MOVE
        and step.wave == scene.progress.wave
        and state.phase in {StepPhase.EVICTED, StepPhase.STEERED, StepPhase.RELEASED}
        and lowest is not None
        and step.priority < lowest
    )


def overdue(scene: Scene) -> str | None:
    """Return what of this wave takes too long, or None."""
    for index, step, state in scene.of_wave():
        late = _late(scene, index, step, state)
        if late is not None:
            return late
    return _stuck(scene)


def _stuck(scene: Scene) -> str | None:
    """Return who still has no room long after the last of those that were to leave has left.

    Who came into it meanwhile is named: kube-scheduler does not preempt a pod of lower priority
    where a placeholder holds the same room.
    """
    leaving = list(scene.of_wave(Action.MOVE, Action.EVICT))
    left = all(
        state.phase not in UNDER_WAY and scene.pod(step) is None for _, step, state in leaving
    )
    since = max(
        (scene.progress.evicting_since, *(state.since for _, _, state in leaving)),
        key=lambda moment: moment or LONG_AGO,
    )
    if since is None or not left or not scene.after(since, scene.settings.arrive_s):
        return None
    for index, step, state in scene.of_wave(Action.MOVE, Action.PLACE):
        pod = scene.arriving(index)
        if state.phase in OVER or pod is None or step.target is None:
            continue
        if not room_for(scene, pod, step.target):
            late = late_comers(scene.plan, scene.progress, scene.snapshot)
            why = who_came(scene.board, late, pod, step.target)
            return f"{pod.key} found no room on {step.target} in time{why}"
    return None


def _late(scene: Scene, index: int, step: Step, state: StepProgress) -> str | None:
    limits = scene.settings
    if state.phase is StepPhase.EVICTED and state.replacement is None:
        gone = scene.pod(step) is None
        limit = limits.leave_s + (limits.replace_s if gone else 0)
        if scene.after(state.since, limit):
            return f"{step.pod} {'was not replaced' if gone else 'did not leave'} in time"
    arriving = state.phase in {StepPhase.HELD, StepPhase.STEERED, StepPhase.RELEASED}
    if arriving and state.room_since and scene.after(state.room_since, limits.arrive_s):
        pod = scene.arriving(index)
        return f"{pod.key if pod else step.pod} was not bound to {step.target} in time"
    return None


def _nominate(scene: Scene, index: int, pod: Pod) -> None:
    step, state = scene.plan.steps[index], scene.progress.steps[index]
    if step.target is None:
        return
    if pod.nominated_node == step.target and scene.marked(pod):
        if state.nominated_at is None:  # set by an operator that did not live to note it
            phase = NOMINATED.get(state.phase, state.phase)
            scene.put(index, replace(state.to(phase, scene.now), nominated_at=scene.now))
        return
    if state.nominated_at is not None and not pod.gates and _held(scene, index, pod):
        return
    rested = scene.after(state.tried_at, scene.settings.backoff_s)
    if rested and scene.after(state.nominated_at, scene.settings.renominate_s):
        scene.acts.append(Nominate(plan=scene.plan.name, pod=pod.ref, node=step.target))


def _waited_enough(scene: Scene, state: StepProgress) -> bool:
    """Whether a gated replacement has to go without room; as soon as placeholders hold that."""
    limit = scene.settings.gated_s
    held = not reserving(scene) or reserved(scene)
    return scene.after(state.since, limit if held else limit + GRACE_S)


def _held(scene: Scene, index: int, pod: Pod) -> bool:
    """Whether a placeholder holds the room of a pending pod until restow binds it."""
    return reserving(scene) and bound_by_us(scene, scene.plan.steps[index], pod)


def _steer(scene: Scene, index: int, pod: Pod) -> None:
    """Nominate the replacement, and let it go once its place is free or it waited enough."""
    step = scene.plan.steps[index]
    _nominate(scene, index, pod)
    room = _watch_room(scene, index, pod)
    state = scene.progress.steps[index]
    if GATE not in pod.gates:
        if state.phase in {StepPhase.STEERED, StepPhase.EVICTED}:
            scene.put(index, state.to(StepPhase.RELEASED, scene.now))
        if _held(scene, index, pod):
            _bind(scene, index, pod)
    elif state.phase is StepPhase.STEERED and step.target is not None:
        if (room and lets_in(scene, pod, step.target)) or _waited_enough(scene, state):
            scene.acts.append(Release(pod=pod.ref))
    elif state.phase is StepPhase.EVICTED:
        if state.tried_at is None and scene.after(pod.created_at, scene.settings.gated_s):
            scene.acts.append(Release(pod=pod.ref))  # it waited while no operator ran: no more
        elif scene.after(state.since, scene.settings.gated_s):
            scene.end(Verdict.ABORTED, f"{pod.key} could not be nominated: {state.message}")


def _bind(scene: Scene, index: int, pod: Pod) -> None:
    """Bind a pod that a placeholder keeps out, or that kube-scheduler leaves its room unused."""
    step = scene.plan.steps[index]
    room = _watch_room(scene, index, pod)
    state = scene.progress.steps[index]
    if not room or not step.bindable or step.target is None:
        return
    held = _held(scene, index, pod) and reserved(scene, step.target)
    late = pod.nominated_node == step.target and scene.after(
        state.room_since, scene.settings.bind_s
    )
    if (held or late) and scene.after(state.tried_at, scene.settings.backoff_s):
        scene.acts.append(Bind(plan=scene.plan.name, pod=pod.ref, node=step.target))
        scene.board.put(pod, step.target)  # it may fail; the next turn knows


def _watch_room(scene: Scene, index: int, pod: Pod) -> bool:
    step, state = scene.plan.steps[index], scene.progress.steps[index]
    room = step.target is not None and room_for(scene, pod, step.target)
    if room != (state.room_since is not None):
        scene.put(index, replace(state, room_since=scene.now if room else None))
    return room
