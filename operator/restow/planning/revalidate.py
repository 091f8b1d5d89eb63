"""Whether the rest of a plan still holds on a fresh snapshot."""

from collections.abc import Iterator
from dataclasses import replace

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.reasons import Reason
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import OVER, Progress, StepPhase
from restow.planning.stage import settle
from restow.rules import leaving
from restow.rules.board import Board
from restow.rules.registry import refusal

_STANDING = frozenset({StepPhase.PLANNED, StepPhase.EVICTING})


def stale(plan: Plan, progress: Progress, judge: Judge) -> str | None:
    """Return why the steps that remain can no longer be carried out, or None.

    Budgets are not asked here: `exhausted` is, since they recover by waiting.
    """
    for index, step in enumerate(plan.steps):
        reason = _stale_step(plan, progress, index, judge)
        if reason is not None:
            return f"{step.action} of {step.pod}: {reason}"
    return next((text for _, text in misfits(plan, progress, judge.snapshot)), None)


def why_stays(step: Step, judge: Judge) -> str | None:
    """Return why the pod of a MOVE or EVICT may not be evicted now, or None."""
    pod = judge.snapshot.pod_by_uid(step.pod.key, step.pod.uid)
    if pod is None:
        return "the pod is gone"
    if pod.node != step.source:
        return f"the pod is on {pod.node}, not on {step.source}"
    no = judge.why_fixed(pod)
    return None if no is None or no.reason is Reason.BUDGET_EXHAUSTED else no.message


def exhausted(plan: Plan, progress: Progress, judge: Judge) -> str | None:
    """Return which budget does not allow all disruptions of the wave in progress, or None."""
    needed: dict[ObjectKey, int] = {}
    for index, step in enumerate(plan.steps):
        pod = judge.snapshot.pod_by_uid(step.pod.key, step.pod.uid)
        if (
            step.wave == progress.wave
            and step.action in {Action.MOVE, Action.EVICT}
            and progress.steps[index].phase in _STANDING
            and pod is not None
            and (budget := judge.budgets.drawn_on(pod)) is not None
        ):
            needed[budget.key] = needed.get(budget.key, 0) + 1
    for key, count in sorted(needed.items()):
        budget = judge.snapshot.budgets[key]
        allowed = budget.disruptions_allowed if budget.observed else 0
        if count > allowed:
            return f"disruption budget {key} allows {allowed} disruptions, {count} are needed"
    return None


def _stale_step(plan: Plan, progress: Progress, index: int, judge: Judge) -> str | None:
    step, state = plan.steps[index], progress.steps[index]
    if step.wave < progress.wave:
        return None
    if state.phase in OVER:
        begun = progress.evicting_since is not None and step.wave == progress.wave
        strayed = step.action is Action.PLACE and state.phase is StepPhase.STRAYED
        return state.message if strayed and not begun else None
    if step.action is Action.PLACE:
        return _stale_pending(state.replacement or step.pod, step.target, judge)
    if state.phase in _STANDING and (reason := why_stays(step, judge)) is not None:
        return reason
    pod = _arriving(progress, index, step, judge.snapshot)
    return _stale_target(step.target, pod, judge.snapshot)


def _stale_pending(ref: PodRef, target: NodeName | None, judge: Judge) -> str | None:
    pod = judge.snapshot.pod_by_uid(ref.key, ref.uid)
    if pod is None or pod.deleting:
        return "the pod is gone"
    if pod.gates:
        return f"the pod waits for scheduling gates: {', '.join(pod.gates)}"
    return _stale_target(target, pod, judge.snapshot)


def _stale_target(target: NodeName | None, pod: Pod | None, snapshot: Snapshot) -> str | None:
    if target is None:
        return None
    node = snapshot.nodes.get(target)
    if node is None:
        return f"node {target} is gone"
    no = leaving.of(node) or (refusal(pod, node) if pod is not None else None)
    return None if no is None else no.by(target).message


def _arriving(progress: Progress, index: int, step: Step, snapshot: Snapshot) -> Pod | None:
    """Return the pod that is to arrive, or the one it replaces, or a sibling that looks alike."""
    ref = progress.steps[index].replacement
    for each in (ref, step.pod):
        if each is not None and (pod := snapshot.pod_by_uid(each.key, each.uid)) is not None:
            return pod
    siblings = snapshot.pods_by_owner.get(step.owner.uid, ()) if step.owner else ()
    alike = next(iter(siblings), None)
    return None if alike is None else replace(alike, uid=Uid(f"arrival {index}"), node=None)


def misfits(plan: Plan, progress: Progress, snapshot: Snapshot) -> list[tuple[int, str]]:
    """Replay the waves on what is bound now; return the arrivals still to come that are refused.

    As (index of the step, reason) pairs, in the order of the waves. What earlier waves evicted may
    still be terminating; it counts as gone.
    """
    board = Board(snapshot)
    found: list[tuple[int, str]] = []
    for wave in range(plan.waves):
        for _, step in _of_wave(plan, wave, Action.MOVE, Action.EVICT):
            board.take(step.pod.uid)
        coming: list[int] = []
        arrivals: list[tuple[Pod, NodeName]] = []
        for index, step in _of_wave(plan, wave, Action.MOVE, Action.PLACE):
            pod = _arriving(progress, index, step, snapshot)
            if progress.steps[index].phase in OVER or pod is None or step.target is None:
                continue
            if step.target in snapshot.nodes:
                coming.append(index)
                arrivals.append((pod, step.target))
                board.take(pod.uid)
        for place, no in sorted(settle(board, arrivals).items()):
            pod, node = arrivals[place]
            found.append((coming[place], f"{pod.key} no longer fits on {node}: {no.message}"))
    return found


def _of_wave(plan: Plan, wave: int, *actions: Action) -> Iterator[tuple[int, Step]]:
    for index, step in enumerate(plan.steps):
        if step.wave == wave and step.action in actions:
            yield index, step
