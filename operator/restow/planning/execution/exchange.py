"""Twins: pods of one ReplicaSet are alike, so whichever of them arrives is the planned one.

kube-scheduler does not know which of two waiting twins the plan means for which node.
"""

from collections.abc import Iterator
from dataclasses import replace

from restow.cluster.objects import Pod
from restow.core.ids import Uid
from restow.core.marks import HOLD
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepPhase, StepProgress
from restow.planning.revalidate import misfits
from restow.planning.twins import twins

ARRIVING = frozenset(
    {
        StepPhase.PLANNED,
        StepPhase.HELD,
        StepPhase.EVICTED,
        StepPhase.STEERED,
        StepPhase.RELEASED,
    }
)


def exchange(scene: Scene) -> None:
    """Let steps of one controller exchange the pods that arrived at each other's target.

    One that is on its own target has come too early if a step of an earlier wave still waits for
    a pod like it there.
    """
    for index, step, state in list(scene.steps(Action.PLACE, Action.MOVE)):
        pod = scene.arriving(index)
        if state.phase in OVER or pod is None or pod.node is None:
            continue
        for place, other, theirs in _alternatives(scene, index):
            there = scene.arriving(place)
            early = pod.node != step.target or other.wave < step.wave
            if early and other.target == pod.node and (there is None or there.node != pod.node):
                mine = scene.progress.steps[index]
                scene.put(index, _arrival(mine, theirs, there))
                scene.put(place, _arrival(theirs, mine, pod))
                break


def adopt(scene: Scene) -> None:
    """Take a twin that nobody planned for for the step's pod, if it sits in that one's room."""
    if not misfits(scene.plan, scene.progress, scene.snapshot):
        return
    taken = {pod.uid for index, *_ in scene.steps() if (pod := scene.arriving(index))}
    waiting = {each.pod.uid for each in scene.plan.unplaced}
    waiting |= {step.pod.uid for _, step, _ in scene.steps(Action.PLACE)}
    for index, step, state in list(scene.steps(Action.PLACE, Action.MOVE)):
        pod = scene.arriving(index)
        if state.phase not in ARRIVING or pod is None or pod.node is not None:
            continue
        for twin in _siblings(scene, step):
            late = twin.uid in waiting or scene.marked(twin)
            if twin.node == step.target and late and twin.uid not in taken:
                taken.add(twin.uid)
                scene.put(index, replace(scene.progress.steps[index], replacement=twin.ref))
                break


def dropouts(scene: Scene) -> Iterator[Pod]:
    """Yield the pods that are still nominated although another one arrived in their place."""
    meant: set[Uid] = set()
    for index, _, state in scene.steps(Action.PLACE, Action.MOVE):
        pod = scene.arriving(index)
        if pod is not None and state.phase not in OVER:
            meant.add(pod.uid)
    for pod in scene.snapshot.pods.values():
        ours = scene.marked(pod) and HOLD not in pod.gates
        if ours and pod.nominated_node and not pod.node and pod.uid not in meant:
            yield pod


def _siblings(scene: Scene, step: Step) -> tuple[Pod, ...]:
    if step.owner is None or not twins(step.owner, step.owner):
        return ()
    return scene.snapshot.pods_by_owner.get(step.owner.uid, ())


def _alternatives(scene: Scene, index: int) -> Iterator[tuple[int, Step, StepProgress]]:
    """Yield the steps whose arrivals could be exchanged with that of the step."""
    step = scene.plan.steps[index]
    for place, other, state in scene.steps(step.action):
        if other is step or state.phase not in ARRIVING:
            continue
        if other.action is Action.MOVE and state.phase is StepPhase.PLANNED:
            continue  # its own pod is still where it was
        alike = _by_name_only(scene.arriving(index), scene.arriving(place))
        if alike or twins(step.owner, other.owner):
            yield place, other, state


def _by_name_only(pod: Pod | None, other: Pod | None) -> bool:
    """Whether two pods of a StatefulSet differ in nothing that binds them to a node."""
    if pod is None or other is None or pod.owner is None or pod.owner != other.owner:
        return False
    claims = (*pod.volumes, *other.volumes, *pod.claims, *other.claims)
    return pod.owner.kind == "StatefulSet" and not claims and pod.requests == other.requests


def _arrival(state: StepProgress, other: StepProgress, pod: Pod | None) -> StepProgress:
    """Return `state` with the arrival of `other`, which is `pod`."""
    return replace(
        state,
        phase=other.phase,
        since=other.since,
        replacement=None if pod is None else pod.ref,
        nominated_at=other.nominated_at,
        tried_at=other.tried_at,
        room_since=None,
        message="",
    )
