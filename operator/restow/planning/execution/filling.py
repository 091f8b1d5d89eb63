"""What else has to be held so that pods of the plan go where it wants them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName
from restow.core.marks import HOLD
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action
from restow.planning.progress import OVER
from restow.planning.room import without
from restow.rules.survey import Survey

EARLY_S: Final = 1.5
"""So long before a replacement has to be released without room, a placeholder takes over."""

MOST_FILLED: Final = 10
"""Where there are more nodes that a pod could stray to, it may: that harms nobody."""


def holds_itself(scene: Scene, index: int, pod: Pod) -> bool:
    """Whether the nomination of a gated pod holds its room; not for long if it gets none."""
    step, state = scene.plan.steps[index], scene.progress.steps[index]
    gated = bool(pod.gates) and pod.nominated_node == step.target
    return gated and not scene.after(state.since, scene.settings.gated_s - EARLY_S)


def fillers(
    scene: Scene, arrivals: Mapping[NodeName, Sequence[Pod]]
) -> dict[NodeName, tuple[Pod, ...]]:
    """Return what fills the nodes where a pod of the plan could be bound on the way.

    A pending one may find room where more leaves than comes, or relations that the arrival of
    another pod satisfies. A replacement may have to be released before there is room for it.
    """
    leaving = [
        pod
        for _, step, state in scene.of_wave(Action.MOVE, Action.EVICT)
        if (pod := scene.pod(step)) is not None and (state.phase not in OVER or pod.deleting)
    ]
    held = {
        node: tuple(replace(pod, node=None, gates=(HOLD,)) for pod in pods)
        for node, pods in arrivals.items()
    }
    sources = sorted(
        {node for pod in leaving if (node := pod.node) is not None and node in scene.board.nodes}
    )
    avoiding = any(pod.anti_affinity for pod in leaving)
    found: dict[NodeName, tuple[Pod, ...]] = {}
    with without(scene.board, leaving) as board:
        for index, step, state in scene.steps(Action.PLACE, Action.MOVE):
            pod = scene.arriving(index)
            if pod is None or pod.node is not None or state.phase in OVER:
                continue
            if holds_itself(scene, index, pod):
                continue
            free_of = replace(pod, affinity=(), anti_affinity=(), spread=())
            survey = Survey.of(free_of, board, nominated=held)
            anywhere = step.action is Action.MOVE or asks(pod) or avoiding
            takers = (
                name
                for name in (board.nodes if anywhere else sources)
                if name != step.target and survey.refusal(name) is None
            )
            names = list(islice(takers, MOST_FILLED + 1))
            for name in names if len(names) <= MOST_FILLED else ():
                beside = [each for each in held.get(name, ()) if each.priority >= pod.priority]
                rest = board.free(name) - total(each.requests for each in beside)
                asked = Amounts({each: rest.of(each) for each in pod.requests})
                filler = replace(pod, requests=sized(asked), host_ports=())
                found[name] = (*found.get(name, ()), filler)
                held[name] = (*held.get(name, ()), filler)
    return found


def asks(pod: Pod) -> bool:
    """Whether it matters to the pod where others are."""
    return bool(pod.affinity or pod.anti_affinity or pod.spread)


def sized(requests: Amounts) -> Amounts:
    """Return what a placeholder asks for to hold these requests."""
    return Amounts({name: n for name, n in requests.items() if n > 0 and name != "pods"})
