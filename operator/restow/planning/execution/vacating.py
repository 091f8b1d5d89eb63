"""Whose turn it is to leave: room that comes free is anybody's unless a nomination holds it."""

from collections.abc import Set

from restow.cluster.objects import Pod
from restow.core.ids import Uid
from restow.planning.acts import Nominate, Withdraw
from restow.planning.execution.holding import meant, withheld
from restow.planning.execution.reserving import reserving, room_for
from restow.planning.execution.rivals import Rivals
from restow.planning.execution.scene import Scene
from restow.planning.outsiders import late_comers
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepPhase
from restow.planning.room import takes, without
from restow.rules.survey import Nominated

LEAVING = frozenset({StepPhase.EVICTING, StepPhase.EVICTED})
Planned = list[tuple[int, Step]]


def may_leave(scene: Scene, planned: Planned) -> tuple[list[int], str]:
    """Return those of `planned` whose pods may be evicted now, and why the others may not.

    A pod that moves leaves when there is room where it goes: a replacement cannot stay gated for
    as long as others may take to terminate. Only a circle is begun without, and not by pods that
    could preempt others while they wait.

    All that may leave do so together where no rival could profit from any order in which they go.
    Where one could, they leave one after the other: a pod stays as long as kube-scheduler might
    give its room, to the plan's harm, to a pod that waits. Nominations hold that room if their pods
    are gated, or if it completes theirs; so what is to come there must be nominated first, and the
    nominations are set once more just before.

    Pods that are left without a place wait for moved ones whose replacements come late: their own
    new ones would take the room.
    """
    waits = _waits(scene)
    able = [each for each in planned if not (waits and each[1].action is Action.EVICT)]
    late = late_comers(scene.plan, scene.progress, scene.snapshot)
    held = meant(scene)
    roomy = [each for each in able if _has_room(scene, each[1], late, held)]
    chosen, blocked = _unthreatened(scene, roomy)
    if chosen or on_the_way(scene):
        return chosen, blocked
    patient = [each for each in able if each not in roomy and not _might_preempt(scene, each[1])]
    if not roomy and not patient:
        return [], _no_begin(able)
    chosen, without_room = _unthreatened(scene, patient)
    return chosen, blocked or without_room


def _unthreatened(scene: Scene, ready: Planned) -> tuple[list[int], str]:
    """Return those of `ready` that no rival threatens to profit from, and why the others stay."""
    going = [pod for _, step in ready if (pod := scene.pod(step)) is not None]
    if not going:
        return [], ""
    under_way = _under_way(scene)
    rivals = Rivals.of(scene, (*going, *under_way))
    everyone = {pod.uid for pod in (*going, *under_way)}
    states = [everyone, *({pod.uid} for pod in going)] if rivals.relating else [everyone]
    threatened = {each.node for gone in states for each in rivals.intrusions(gone, weak=True)}
    if not threatened:
        return [index for index, _ in ready], ""
    safe = [] if rivals.relating else [i for i, step in ready if step.source not in threatened]
    if safe or on_the_way(scene):
        return safe, ""
    return _one(scene, ready, rivals)


def _no_begin(planned: Planned) -> str:
    pods = ", ".join(str(step.pod) for _, step in planned)
    return f"no pod may leave first: none of {pods} finds room before another one has left"


def _might_preempt(scene: Scene, step: Step) -> bool:
    """Whether a replacement that has to wait for its room could preempt others meanwhile."""
    pod = scene.pod(step)
    if pod is None or not pod.preempts:
        return False
    for node in scene.board.nodes:
        lower = [other for other in scene.board.pods(node) if other.priority < pod.priority]
        if lower:
            with without(scene.board, (*lower, pod)) as board:
                if takes(board, pod, node):
                    return True
    return False


def _has_room(scene: Scene, step: Step, late: Set[Uid], held: Nominated) -> bool:
    """Whether the target of the step, if it has one, would take the replacement now.

    In the place of pods that came `late`, where it may preempt them.
    """
    pod, target = scene.pod(step), step.target
    if pod is None or target is None:
        return True
    lower = [
        other
        for other in scene.board.pods(target)
        if other.uid in late and other.priority < pod.priority and pod.preempts
    ]
    with without(scene.board, lower) as board:
        return target in board.nodes and takes(board, pod, target, held)


def on_the_way(scene: Scene) -> bool:
    """Whether something of the wave is under way that may change who may leave.

    An arrival that waits for others to leave is not: they may be waiting for it.
    """
    return any(
        state.phase in LEAVING
        or (state.phase in {StepPhase.STEERED, StepPhase.RELEASED} and _arrives(scene, index))
        for index, _, state in scene.of_wave()
    ) or bool(_under_way(scene))


def _arrives(scene: Scene, index: int) -> bool:
    """Whether the pod that is to arrive has room now."""
    pod, target = scene.arriving(index), scene.plan.steps[index].target
    return pod is not None and target is not None and room_for(scene, pod, target)


def _one(scene: Scene, ready: Planned, rivals: Rivals) -> tuple[list[int], str]:
    """Return the first pod that may leave by itself, the unimportant and small ones asked first.

    Small ones leave holes that are no use to others, and kube-scheduler does not preempt in the
    place of an eviction once the unimportant ones are gone. Those left without a place come last.
    """
    blocked = ""
    for index, step in sorted(ready, key=lambda each: _weight(scene, *each)):
        before = scene.withheld
        scene.withheld = withheld(scene, {step.pod.uid})
        intrusion = next(rivals.standing().intrusions({step.pod.uid}, weak=False), None)
        if intrusion is None:
            _confirm(scene)
            return [index], ""
        scene.withheld = before
        blocked = blocked or (
            f"{intrusion.pod.key} would take the room of {step.pod} on {intrusion.node}"
        )
    return [], blocked


def _weight(scene: Scene, index: int, step: Step) -> tuple[bool, int, int, int]:
    pod = scene.pod(step)
    return (
        step.action is Action.EVICT,
        step.priority,
        sum(pod.requests.values()) if pod is not None else 0,
        index,
    )


def _confirm(scene: Scene) -> None:
    """Set the nominations of the wave again: a cycle may have cleared them since we looked."""
    for index, step, state in scene.of_wave(Action.PLACE, Action.MOVE):
        pod = scene.arriving(index)
        if pod is None or state.phase in OVER or pod.gates or step.target is None:
            continue
        if reserving(scene) and step.action is Action.PLACE:
            continue
        if index not in scene.withheld:
            scene.acts.append(Nominate(plan=scene.plan.name, pod=pod.ref, node=step.target))
        elif pod.nominated_node == step.target and scene.marked(pod):
            scene.acts.append(Withdraw(pod=pod.ref))


def _under_way(scene: Scene) -> list[Pod]:
    """Return the pods of the wave that were evicted and have not left yet."""
    return [
        pod
        for _, step, state in scene.of_wave(Action.MOVE, Action.EVICT)
        if state.phase is not StepPhase.PLANNED and (pod := scene.pod(step)) is not None
    ]


def _waits(scene: Scene) -> bool:
    """Whether the replacement of a StatefulSet's pod is still to be nominated."""
    return any(
        step.owner is not None
        and step.owner.kind == "StatefulSet"
        and state.nominated_at is None
        and state.phase not in OVER
        for _, step, state in scene.of_wave(Action.MOVE)
    )
