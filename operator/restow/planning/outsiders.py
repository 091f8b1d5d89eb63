"""Who is to blame when a plan cannot be carried out as planned: pods that it knew nothing of."""

from collections.abc import Iterable
from datetime import datetime

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, Uid
from restow.planning.plan import Plan
from restow.planning.progress import Progress, StepPhase
from restow.rules.board import Board
from restow.rules.registry import ADMITTING
from restow.rules.survey import Survey


def late_comers(plan: Plan, progress: Progress, snapshot: Snapshot) -> set[Uid]:
    """Return the bound pods that had no node yet when the plan was made, its own arrivals aside."""
    unplaced = {each.pod.uid for each in plan.unplaced}
    since = plan.taken_at.replace(microsecond=0)  # the API server's times have whole seconds
    late = {
        pod.uid: pod.node
        for pod in snapshot.pods.values()
        if pod.node is not None and (pod.uid in unplaced or _came(pod) >= since)
    }
    for step, state in zip(plan.steps, progress.steps, strict=True):
        arrived = (state.replacement or step.pod).uid
        if step.target is not None and late.get(arrived) == step.target:
            del late[arrived]
    return set(late)


def _came(pod: Pod) -> datetime:
    """Return when the pod came to its node, or was made if that is not known yet."""
    return pod.created_at if pod.started_at is None else max(pod.created_at, pod.started_at)


def who_came(board: Board, late: set[Uid], pod: Pod, node: NodeName) -> str:
    """Return, for the end of a message, which late pods keep `pod` off `node`; empty for none.

    Those that sit there; or else each one elsewhere without which the pod would fit, in its zone
    for instance, and if it takes the absence of several, all that are late.
    """
    here = [other for other in board.pods(node) if other.uid in late]
    if here:
        return f"; {_named(here)} got there"
    seated = [(uid, at) for uid in sorted(late) if (at := board.node_of(uid)) is not None]
    others = [other for uid, at in seated for other in board.pods(at) if other.uid == uid]
    alone = [other for other in others if _fits_without(board, [other], pod, node)]
    blamed = alone or (others if others and _fits_without(board, others, pod, node) else [])
    return f"; {_named(blamed)} came meanwhile" if blamed else ""


def before(progress: Progress) -> str:
    """Return, for the end of a message, what went wrong with another step; empty for nothing.

    Who was to be beside the pod may have been kept away, and that step says by whom.
    """
    wrong = (state for state in progress.steps if state.phase is StepPhase.STRAYED)
    told = next((state.message for state in wrong if state.message), "")
    return f"; before that, {told}" if told else ""


def _named(pods: Iterable[Pod]) -> str:
    return ", ".join(sorted(str(pod.key) for pod in pods))


def _fits_without(board: Board, others: Iterable[Pod], pod: Pod, node: NodeName) -> bool:
    away = [(other, at) for other in others if (at := board.node_of(other.uid)) is not None]
    for other, _ in away:
        board.take(other.uid)
    fits = Survey.of(pod, board, rules=ADMITTING).refusal(node) is None
    for other, at in away:
        board.put(other, at)
    return fits
