"""The end of a plan, good or bad: nothing of it stays behind."""

from restow.cluster.objects import Pod
from restow.core.marks import GATE, HOLD
from restow.planning.acts import Disarm, Nominate, Release, Unreserve, Withdraw
from restow.planning.execution.migrating import cancel
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action
from restow.planning.progress import Ending, Gate
from restow.planning.room import has_room

PATIENCE_S = 60.0
"""After this time the plan is over even if marks are left; `recovery.orphans` removes those."""

BRIEF_S = 0.5
"""A gated replacement without a place waits this long for the nominations of others to go."""


def clean(scene: Scene, ending: Ending) -> bool:
    """Add the acts that undo what is left of the plan; return whether nothing is.

    The gate goes first, so that no more pods are held back; then migrations that have not ended are
    called off, and gated pods are let go, the
    replacements with the nomination of a node that has room for them: their target, or else the
    node their predecessors left. Last the nominations and marks of those are withdrawn. Stopping
    after any act leaves less behind than before it.
    """
    if scene.after(ending.since, PATIENCE_S):
        return True
    tried = scene.progress.gate_tried_at
    rested = tried is None or tried < ending.since or scene.after(tried, scene.settings.backoff_s)
    if scene.progress.gate is not Gate.OFF and rested:
        scene.acts.append(Disarm(plan=scene.plan.name))
    left = cancel(scene)
    for pod in list(scene.snapshot.pods.values()):
        if scene.marked(pod):
            left = True
            if HOLD in pod.gates:
                scene.acts.append(Unreserve(pod=pod.ref))
            else:
                _undo(scene, pod, ending)
    settled = scene.after(ending.since, scene.settings.settle_s)
    return settled and not left and scene.progress.gate is Gate.OFF


def _undo(scene: Scene, pod: Pod, ending: Ending) -> None:
    """Let one pod go: a replacement to its target, or back to where its predecessor was."""
    step = next(
        (
            step
            for _, step, state in scene.steps(Action.MOVE)
            if state.replacement is not None and state.replacement.uid == pod.uid
        ),
        None,
    )
    if pod.node is not None or step is None:
        if GATE in pod.gates:
            scene.acts.append(Release(pod=pod.ref))
        scene.acts.append(Withdraw(pod=pod.ref))
        return
    late = scene.after(ending.since, 2 * scene.settings.settle_s)
    places = [node for node in (step.target, step.source) if node is not None]
    place = next((node for node in places if has_room(scene.board, pod, node)), None)
    if place is not None and not late and pod.nominated_node != place:
        scene.acts.append(Nominate(plan=scene.plan.name, pod=pod.ref, node=place))
    if GATE in pod.gates and (place is not None or scene.after(ending.since, BRIEF_S)):
        scene.acts.append(Release(pod=pod.ref))
    if late:
        scene.acts.append(Withdraw(pod=pod.ref))
