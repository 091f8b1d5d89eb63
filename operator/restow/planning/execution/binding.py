"""Which pods restow binds itself: those that nobody in kube-scheduler's queue outranks there."""

from collections.abc import Iterator

from restow.cluster.objects import Pod
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action, Step
from restow.planning.room import takes


def bound_by_us(scene: Scene, step: Step, pod: Pod) -> bool:
    """Whether restow may bind the pod: nobody outranks it who could be bound there too."""
    if not step.bindable or (step.action is Action.MOVE and scene.judge.unbindable(pod)):
        return False
    node = step.target
    if node is None or node not in scene.board.nodes:
        return False
    return not any(
        other.priority > pod.priority and takes(scene.board, other, node, {})
        for other in waiting(scene)
    )


def waiting(scene: Scene) -> Iterator[Pod]:
    """Yield the pods in kube-scheduler's queue."""
    for pod in scene.snapshot.unbound:
        if not pod.gates and not pod.deleting:
            yield pod
