"""Whose turn it is to leave: room that comes free is anybody's unless a nomination holds it."""

from collections.abc import Iterable, Set

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepPhase
from restow.planning.room import why_no_room, without
from restow.rules.board import Board
from restow.rules.survey import Survey

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
    everywhere = {uid for uids in wanted.values() for uid in uids}
    awaited = {step.target for _, step, _ in scene.of_wave(Action.PLACE)}
    leaving: set[Uid] = set()
    chosen: list[int] = []
    blocked = ""
    for index, step in sorted(planned, key=lambda each: each[1].source not in awaited):
        if step.source is None or (step.action is Action.EVICT and late):
            continue
        rivals = [pod for pod in waiting if pod.uid not in wanted.get(step.source, {pod.uid})]
        gone = {*leaving, step.pod.uid}
        other = _taker(scene, step.source, gone, rivals) or _intruder(
            scene, step, gone, [pod for pod in waiting if pod.uid not in everywhere]
        )
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
        return next((pod for pod in rivals if _goes_to(left, pod, name)), None)


def _goes_to(board: Board, pod: Pod, name: NodeName) -> bool:
    """Whether the pod fits on the node, and not on the one it is nominated to: that comes first."""
    first = pod.nominated_node
    if first not in {None, name} and first in board.nodes and not why_no_room(board, pod, first):
        return False
    return why_no_room(board, pod, name) is None


def _intruder(scene: Scene, step: Step, leaving: Set[Uid], rivals: Iterable[Pod]) -> Pod | None:
    """Return a rival that the leaving pod lets in somewhere and that keeps it from its target.

    Only pods that ask about other pods do that across nodes. A nomination is heeded on its own node
    alone and does not hold the others.
    """
    pod, target = scene.pod(step), step.target
    if pod is None or target not in scene.board.nodes or target is None:
        return None
    asking = [other for other in rivals if _asks(pod) or _asks(other)]
    if not asking:
        return None
    off = [each for each in scene.snapshot.pods.values() if each.uid in leaving or each.deleting]
    with without(scene.board, off) as left:
        if why_no_room(left, pod, target) is None:
            for other in asking:
                for node in Survey.of(other, left, nominated=scene.snapshot.nominated).feasible():
                    left.put(other, node)
                    no = why_no_room(left, pod, target)
                    left.take(other.uid)
                    if no is not None:
                        return other
    return None


def _asks(pod: Pod) -> bool:
    return bool(pod.affinity or pod.anti_affinity or pod.spread)
