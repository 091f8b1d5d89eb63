"""Whose turn it is to leave: room that comes free is anybody's unless a nomination holds it."""

from collections.abc import Iterable, Set

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepPhase
from restow.planning.room import why_no_room, without

ON_THE_WAY = frozenset(
    {StepPhase.EVICTING, StepPhase.EVICTED, StepPhase.STEERED, StepPhase.RELEASED}
)


def may_leave(scene: Scene, planned: list[tuple[int, Step]]) -> tuple[list[int], str]:
    """Return those of `planned` whose pods may be evicted now, and why the others may not.

    A pod stays while kube-scheduler would give its room to a pod that it has given up on and that
    the plan does not want there. Once what is to come there is nominated, that holds the room
    against equal and lower priorities. Nodes of pending pods are emptied first.

    Pods that are left without a place wait for moved ones whose replacements come late: their own
    new ones would take the room. Otherwise all leave together, since kube-scheduler preempts on its
    own, by DELETE, as soon as that suffices.
    """
    late = any(
        step.owner is not None
        and step.owner.kind == "StatefulSet"
        and state.nominated_at is None
        and state.phase not in OVER
        for _, step, state in scene.of_wave(Action.MOVE)
    )
    wanted = _wanted(scene)
    waiting = [
        pod
        for pod in scene.snapshot.pods.values()
        if pod.node is None
        and pod.unschedulable_since is not None
        and not pod.gates
        and not pod.deleting
    ]
    awaited = {step.target for _, step, _ in scene.of_wave(Action.PLACE)}
    leaving: set[Uid] = set()
    chosen: list[int] = []
    blocked = ""
    for index, step in sorted(planned, key=lambda each: each[1].source not in awaited):
        if step.source is None or (step.action is Action.EVICT and late):
            continue
        rivals = [pod for pod in waiting if pod.uid not in wanted.get(step.source, {pod.uid})]
        other = _taker(scene, step.source, {*leaving, step.pod.uid}, rivals)
        if other is None:
            chosen.append(index)
            leaving.add(step.pod.uid)
        else:
            blocked = blocked or f"{other.key} would take the room of {step.pod} on {step.source}"
    return chosen, blocked


def on_the_way(scene: Scene) -> bool:
    """Whether something of the wave is under way whose arrival may change who may leave."""
    return any(state.phase in ON_THE_WAY for _, _, state in scene.of_wave())


def _wanted(scene: Scene) -> dict[NodeName, set[Uid]]:
    """Return, per node that the plan still needs room on, the pods that are to come there."""
    wanted: dict[NodeName, set[Uid]] = {}
    for _, step, state in scene.steps(Action.PLACE, Action.MOVE):
        if step.target is not None and state.phase not in OVER:
            coming = step.pod if step.action is Action.PLACE else state.replacement
            wanted.setdefault(step.target, set()).update({coming.uid} if coming else ())
    return wanted


def _taker(scene: Scene, name: NodeName, leaving: Set[Uid], rivals: Iterable[Pod]) -> Pod | None:
    """Return the first rival that fits on the node once the pods leaving it are gone, or None."""
    if name not in scene.snapshot.nodes:
        return None
    there = scene.snapshot.pods_by_node[name]
    with without(scene.board, (pod for pod in there if pod.uid in leaving or pod.deleting)) as left:
        return next((pod for pod in rivals if why_no_room(left, pod, name) is None), None)
