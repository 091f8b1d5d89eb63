"""What the snapshot shows of the steps: who left, who came in their place, who arrived."""

from dataclasses import replace
from datetime import timedelta

from restow.cluster.objects import Pod
from restow.core.ids import Uid
from restow.planning.execution.exchange import adopt, exchange
from restow.planning.execution.migrating import watch
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepPhase, StepProgress

CLOCK_SLACK = timedelta(seconds=2)
"""Creation times have whole seconds, and the API server's clock is not ours."""


def observe(scene: Scene) -> None:
    """Bring the state of every step up to what the snapshot shows."""
    for index, step, state in list(scene.steps()):
        if state.phase not in OVER and step.action in {Action.MOVE, Action.EVICT}:
            scene.put(index, _left(scene, step, state))
    watch(scene)
    _match(scene)
    exchange(scene)
    adopt(scene)
    for index, step, state in list(scene.steps(Action.PLACE, Action.MOVE)):
        if state.phase in OVER:
            continue
        pod = scene.arriving(index)
        if pod is None and state.replacement is not None and step.action is Action.MOVE:
            back = state.to(StepPhase.EVICTED, scene.now, "its replacement is gone")
            scene.put(index, replace(back, replacement=None, nominated_at=None))
        else:
            _arrived(scene, index, pod)


def _arrived(scene: Scene, index: int, pod: Pod | None) -> None:
    if pod is None or pod.node is None:
        return
    step, state = scene.plan.steps[index], scene.progress.steps[index]
    if pod.node == step.target:
        scene.put(index, state.to(StepPhase.DONE, scene.now))
    else:
        stray = f"{pod.key} was bound to {pod.node} instead of {step.target}"
        scene.put(index, state.to(StepPhase.STRAYED, scene.now, stray))


def _left(scene: Scene, step: Step, state: StepProgress) -> StepProgress:
    pod = scene.pod(step)
    begun = step.wave == scene.progress.wave and scene.progress.evicting_since is not None
    due = state.phase is StepPhase.EVICTING or (begun and state.phase is StepPhase.PLANNED)
    if due and (pod is None or pod.deleting):  # kube-scheduler may have preempted it before us
        state = state.to(StepPhase.EVICTED, scene.now)
    if step.action is Action.EVICT and state.phase is StepPhase.EVICTED and pod is None:
        state = state.to(StepPhase.DONE, scene.now)
    return state


def _match(scene: Scene) -> None:
    """Recognise replacements: new pods of an owner for its evicted pods, each at most once."""
    taken = {state.replacement.uid for state in scene.progress.steps if state.replacement}
    for index, step, state in list(scene.steps(Action.MOVE)):
        if state.phase is not StepPhase.EVICTED or state.replacement is not None:
            continue
        found = min(
            _candidates(scene, step, state, taken),
            key=lambda pod: (
                pod.key != step.pod.key,  # a StatefulSet's replacement has the same name
                pod.node != step.target,
                pod.node is not None,
                pod.created_at,
                pod.key,
            ),
            default=None,
        )
        if found is not None:
            taken.add(found.uid)
            scene.put(index, replace(state, replacement=found.ref, since=scene.now))


def _candidates(scene: Scene, step: Step, state: StepProgress, taken: set[Uid]) -> list[Pod]:
    if step.owner is None:
        return []
    known = {each.pod.uid for each in scene.plan.steps} | taken | scene.progress.siblings
    since = (state.begun_at or scene.now) - CLOCK_SLACK
    return [
        pod
        for pod in scene.snapshot.pods_by_owner.get(step.owner.uid, ())
        if pod.uid not in known
        and not pod.deleting
        and (scene.marked(pod) or pod.created_at >= since)
    ]


def young(scene: Scene) -> frozenset[Uid]:
    """Return the pods of the wave's controllers that their age does not tell from replacements."""
    since = scene.now - CLOCK_SLACK
    owners = {step.owner.uid for _, step, _ in scene.of_wave() if step.owner is not None}
    return frozenset(
        pod.uid
        for owner in owners
        for pod in scene.snapshot.pods_by_owner.get(owner, ())
        if pod.created_at >= since
    )
