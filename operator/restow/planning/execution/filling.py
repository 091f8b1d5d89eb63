"""What else has to be held so that pods of the plan go where it wants them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import inf
from typing import Final

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName
from restow.core.marks import HOLD
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.progress import OVER, StepProgress
from restow.planning.room import takes, too_large, with_room, without
from restow.rules.board import Board
from restow.rules.registry import RULES
from restow.rules.survey import Nominated, Survey

EARLY_S: Final = 1.5
"""So long before a replacement has to be released without room, a placeholder takes over."""

MOST_FILLED: Final = 10
"""Where there are more nodes that a pod could stray to, it may: that harms nobody."""


def holds_itself(scene: Scene, index: int, pod: Pod) -> bool:
    """Whether the nomination of a gated pod holds its room; not for long if it gets none."""
    gated = bool(pod.gates) and pod.nominated_node == scene.plan.steps[index].target
    return gated and patient(scene, scene.progress.steps[index])


def patient(scene: Scene, state: StepProgress) -> bool:
    """Whether a gated replacement may stay so for longer than it takes to fill other nodes."""
    return not scene.after(state.since, scene.settings.gated_s - EARLY_S)


def fillers(
    scene: Scene, arrivals: Mapping[NodeName, Sequence[Pod]]
) -> dict[NodeName, tuple[Pod, ...]]:
    """Return what fills the nodes where a pod of the plan could be bound on the way.

    A pending one may find room where more leaves than comes, or relations that the arrival of
    another pod satisfies. A replacement may have to be released before there is room for it. And
    what its own placeholder keeps out of its node preempts on another one as soon as it can: so
    what lower priorities have there is filled as well.
    """
    moves = list(scene.of_wave(Action.MOVE, Action.EVICT))
    leaving = [
        pod
        for _, step, state in moves
        if (pod := scene.pod(step)) is not None and (state.phase not in OVER or pod.deleting)
    ]
    held = {
        node: tuple(replace(pod, node=None, gates=(HOLD,)) for pod in pods)
        for node, pods in arrivals.items()
    }
    # also those that have left, in earlier waves too: their room is open until all have come
    gone = [step for _, step, _ in scene.steps(Action.MOVE, Action.EVICT)]
    left = {step.source for step in gone if step.wave <= scene.progress.wave}
    moved = (scene.arriving(index) or scene.pod(step) for index, step, _ in moves)
    avoiding = any(pod is not None and pod.anti_affinity for pod in moved)
    waiting = list(_waiting(scene))
    found: dict[NodeName, tuple[Pod, ...]] = {}
    with without(scene.board, leaving) as board:
        roomy = with_room(board, [pod for _, pod in waiting], board.nodes)
        lowest = _lowest(board)
        for step, pod in waiting:
            anywhere = step.action is Action.MOVE or asks(pod) or avoiding
            among = lowest if anywhere else {name: lowest[name] for name in lowest if name in left}
            able = [name for name in roomy[pod.key] if name in among and name != step.target]
            below = [name for name, priority in among.items() if priority < pod.priority]
            for name, room in list(_strays(board, pod, able, below, held)):
                filler = replace(pod, requests=sized(room), host_ports=())
                found[name] = (*found.get(name, ()), filler)
                held[name] = (*held.get(name, ()), filler)
    return found


def _waiting(scene: Scene) -> Iterator[tuple[Step, Pod]]:
    """Yield the steps whose pods could be bound on the way, and those pods."""
    for index, step, state in scene.steps(Action.PLACE, Action.MOVE):
        pod = scene.arriving(index)
        if pod is None or pod.node is not None or state.phase in OVER:
            continue
        if not (pod.gates and patient(scene, state)):
            yield step, pod


def _lowest(board: Board) -> dict[NodeName, float]:
    """Return the lowest priority on each node."""
    return {
        name: min((pod.priority for pod in board.pods(name)), default=inf) for name in board.nodes
    }


def _strays(
    board: Board,
    pod: Pod,
    roomy: Iterable[NodeName],
    below: Iterable[NodeName],
    held: Nominated,
) -> Iterator[tuple[NodeName, Amounts]]:
    """Yield the nodes that would take the pod, then those where it could preempt, if they are few.

    With what it would find there. `roomy` have the room beside those that sit there, on those
    `below` are pods of lower priority. Relations are not asked: they may change on the way.
    """
    free_of = replace(pod, affinity=(), anti_affinity=(), spread=())
    survey = Survey.of(free_of, board, nominated=held)
    takers = _few(
        name
        for name in roomy
        if not too_large(board, pod, name, held) and survey.refusal(name) is None
    )
    yield from ((name, _room(board, pod, name, held)) for name in takers)
    if pod.preempts:
        opened = _few(
            name for name in below if name not in takers and _opens(board, free_of, name, held)
        )
        yield from ((name, _room(board, pod, name, held)) for name in opened)


def _few(names: Iterator[NodeName]) -> tuple[NodeName, ...]:
    found = tuple(islice(names, MOST_FILLED + 1))
    return found if len(found) <= MOST_FILLED else ()


def _opens(board: Board, pod: Pod, node: NodeName, held: Nominated) -> bool:
    """Whether the node would take the pod once it had preempted all it may."""
    room = _room(board, pod, node, held)
    if any(room.of(name) < n for name, n in pod.requests.items()):
        return False
    with without(board, _below(board, pod, node)) as left:
        return takes(left, pod, node, held, rules=RULES)


def _room(board: Board, pod: Pod, node: NodeName, held: Nominated) -> Amounts:
    """Return how much of what it asks for the pod would find on the node, preempting all it may."""
    beside = [each for each in held.get(node, ()) if each.priority >= pod.priority]
    rest = board.free(node) - total(each.requests for each in beside)
    if pod.preempts:
        rest += total(each.requests for each in _below(board, pod, node))
    return Amounts({name: rest.of(name) for name in pod.requests})


def _below(board: Board, pod: Pod, node: NodeName) -> list[Pod]:
    return [other for other in board.pods(node) if other.priority < pod.priority]


def asks(pod: Pod) -> bool:
    """Whether it matters to the pod where others are."""
    return bool(pod.affinity or pod.anti_affinity or pod.spread)


def sized(requests: Amounts) -> Amounts:
    """Return what a placeholder asks for to hold these requests."""
    return Amounts({name: n for name, n in requests.items() if n > 0 and name != "pods"})
