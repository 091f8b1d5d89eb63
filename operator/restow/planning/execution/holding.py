"""Nominations: which pending pods hold their nodes now, and against whom."""

from restow.cluster.objects import Pod
from restow.core.ids import NodeName
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER
from restow.planning.room import why_no_room
from restow.rules.survey import Nominated


def withheld(scene: Scene) -> frozenset[int]:
    """Return the steps whose pending pods would keep the plan's own arrivals out if nominated.

    A replacement that fits now arrives first; beside a nominee whose room is not free yet it would
    not. Pods of later waves stand back from every node where something of this wave is to arrive.
    """
    arrivals = [
        (step, pod)
        for index, step, state in scene.of_wave(Action.MOVE, Action.PLACE)
        if state.phase not in OVER and (pod := scene.arriving(index) or scene.pod(step))
    ]
    return frozenset(
        index
        for index, step, state in scene.steps(Action.PLACE)
        if state.phase not in OVER and any(_first(scene, index, step, *each) for each in arrivals)
    )


def _first(scene: Scene, index: int, step: Step, other: Step, arrival: Pod) -> bool:
    """Whether the arrival of `other` has to come before the pending pod of `step` is nominated."""
    pending, target = scene.arriving(index), step.target
    if target is None or other.target != target or pending is None:
        return False
    if step.wave > scene.progress.wave:
        return True
    placed = other.action is Action.PLACE
    if placed or target not in scene.board.nodes or pending.priority < arrival.priority:
        return False
    places = {pod.uid for place, *_ in scene.steps(Action.PLACE) if (pod := scene.arriving(place))}
    others = tuple(pod for pod in scene.snapshot.nominated.get(target, ()) if pod.uid not in places)
    alone, beside = {target: others}, {target: (*others, pending)}
    return (
        why_no_room(scene.board, arrival, target, alone) is None
        and why_no_room(scene.board, arrival, target, beside) is not None
    )


def meant(scene: Scene) -> Nominated:
    """Return who is nominated, or will be by the plan in this wave, per node."""
    found: dict[NodeName, dict[str, Pod]] = {
        node: {pod.uid: pod for pod in pods} for node, pods in scene.snapshot.nominated.items()
    }
    for index, step, state in scene.of_wave(Action.PLACE, Action.MOVE):
        pod = scene.arriving(index)
        if pod is None or step.target is None or state.phase in OVER:
            continue
        if index in scene.withheld:
            found.get(step.target, {}).pop(pod.uid, None)
        else:
            found.setdefault(step.target, {})[pod.uid] = pod
    return {node: tuple(pods.values()) for node, pods in found.items()}
