"""Nominations: which pending pods hold their nodes now, and against whom."""

from collections.abc import Iterator, Set

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.planning.execution.binding import bound_by_us
from restow.planning.execution.reserving import nominated, reserving
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER
from restow.planning.room import takes, without
from restow.rules.board import Board
from restow.rules.survey import Nominated


def withheld(scene: Scene, leaving: Set[Uid] = frozenset()) -> frozenset[int]:
    """Return the steps whose pending pods would keep the plan's own arrivals out if nominated.

    Where some of the wave's arrivals have room, once the pods that are being deleted and `leaving`
    are gone, and another one has none beside them, it stands back: its nomination would hold
    nothing yet, but keep the others from their room; so does a nomination beside the placeholder
    that holds the same room. Pods of later waves stand back from every node where something of this
    wave is to arrive.
    """
    arrivals: dict[NodeName, list[tuple[int, Step, Pod]]] = {}
    for index, step, pod in _arrivals(scene):
        if step.target is not None and step.target in scene.board.nodes:
            arrivals.setdefault(step.target, []).append((index, step, pod))
    gone = [
        pod
        for name in arrivals
        for pod in scene.board.pods(name)
        if pod.deleting or pod.uid in leaving
    ]
    found: set[int] = set()
    with without(scene.board, gone) as board:
        for name, coming in arrivals.items():
            found.update(_standing_back(scene, board, name, coming))
    return frozenset(found)


def _arrivals(scene: Scene) -> Iterator[tuple[int, Step, Pod]]:
    """Yield what is to arrive: replacements of this wave, or their like, before pending pods."""
    wave = scene.progress.wave
    for action in (Action.MOVE, Action.PLACE):
        for index, step, state in scene.steps(action):
            pod = scene.arriving(index) or scene.pod(step)
            ours = step.wave == wave or (step.wave > wave and action is Action.PLACE)
            if state.phase not in OVER and pod is not None and ours:
                yield index, step, pod


def _standing_back(
    scene: Scene, board: Board, node: NodeName, coming: list[tuple[int, Step, Pod]]
) -> Iterator[int]:
    """Yield the pending pods among `coming` that have no room beside those before them."""
    ours = {pod.uid for _, _, pod in coming}
    held = [pod for pod in nominated(scene).get(node, ()) if pod.uid not in ours]
    accepted: list[Pod] = []
    moved = False
    now = [each for each in coming if each[1].wave == scene.progress.wave]
    for index, step, pod in sorted(
        coming, key=lambda each: (each[1].wave, each[1].action is Action.PLACE, -each[1].priority)
    ):
        if step.wave > scene.progress.wave:
            if now:
                yield index
        elif moved and step.action is Action.PLACE and _held_twice(scene, step, pod):
            yield index
        elif takes(board, pod, node, {node: (*held, *accepted)}):
            accepted.append(pod)
            moved = moved or step.action is Action.MOVE
        elif accepted and step.action is Action.PLACE:
            yield index


def _held_twice(scene: Scene, step: Step, pod: Pod) -> bool:
    """Whether the room of a nominated pod would be held by its placeholder besides."""
    return reserving(scene) and bound_by_us(scene, step, pod)


def meant(scene: Scene) -> Nominated:
    """Return who is nominated, or will be by the plan in this wave, per node; no placeholders."""
    found: dict[NodeName, dict[str, Pod]] = {
        node: {pod.uid: pod for pod in pods} for node, pods in nominated(scene).items()
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
