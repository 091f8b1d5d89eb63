"""Whether the rest of a plan still holds on a fresh snapshot."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.core.reasons import Reason
from restow.planning.judge import Judge
from restow.planning.outsiders import before, late_comers, who_came
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import OVER, Progress, StepPhase
from restow.planning.stage import Arrival, settle
from restow.planning.twins import twins
from restow.rules import leaving, machines
from restow.rules.board import Board
from restow.rules.devices.expected import expected
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
    """Return why the pod of a MOVE, EVICT or MIGRATE may not leave so now, or None."""
    pod = judge.snapshot.pod_by_uid(step.pod.key, step.pod.uid)
    if pod is None:
        return "the pod is gone"
    if pod.node != step.source:
        return f"the pod is on {pod.node}, not on {step.source}"
    if (step.action is Action.MIGRATE) != machines.is_launcher(pod):
        return "a virtual machine is migrated, and never evicted; nothing else is"
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
    pod = arrival_of(plan, progress, index, judge.snapshot)
    if step.action is Action.MIGRATE and pod is not None and pod.node == step.target:
        return None  # KubeVirt's from here
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


def arrival_of(plan: Plan, progress: Progress, index: int, snapshot: Snapshot) -> Pod | None:
    """Return the pod that is to arrive, or the one it replaces, or a sibling that looks alike.

    Not as one that terminates: such pods do not count for topology spread.
    """
    step = plan.steps[index]
    ref = progress.steps[index].replacement
    for each in (ref, step.pod):
        if each is not None and (pod := snapshot.pod_by_uid(each.key, each.uid)) is not None:
            if step.action is Action.MIGRATE and each is step.pod:
                return machines.arriving(pod, snapshot)
            coming = replace(pod, deleting=False) if pod.deleting else pod
            return expected(coming, snapshot)
    if step.action is Action.MIGRATE:
        return None
    siblings = snapshot.pods_by_owner.get(step.owner.uid, ()) if step.owner else ()
    alike = next(iter(siblings), None)
    if alike is None:
        return None
    stand_in = replace(alike, uid=Uid(f"arrival {index}"), node=None, deleting=False)
    return expected(stand_in, snapshot)


class Intrusion(NamedTuple):
    """A pod that nobody planned for, bound where others may be meant to arrive."""

    pod: Pod
    node: NodeName


def misfits(
    plan: Plan,
    progress: Progress,
    snapshot: Snapshot,
    intrusion: Intrusion | None = None,
    *,
    swap: bool = True,
) -> list[tuple[int, str]]:
    """Replay the waves on what is bound now; return the arrivals still to come that are refused.

    As (index of the step, reason) pairs, in the order of the waves. What earlier waves evicted may
    still be terminating, or have left claims behind; it counts as gone. A machine that migrates is
    in both places until its wave is over. Who found room only since
    the plan was made is no obstacle for a higher priority: kube-scheduler preempts it. With an
    `intrusion`, as if that had happened before; `swap`: a twin of the intruder stays out instead.
    """
    board = Board(snapshot)
    late = late_comers(plan, progress, snapshot)
    pods = dict(_arrivals(plan, progress, snapshot))
    if intrusion is None and _blind(plan, progress, pods):
        return []
    if intrusion is not None:
        board.put(*intrusion)
        late.add(intrusion.pod.uid)
        if swap:
            _give_way(plan, progress, pods, intrusion)
    found: list[tuple[int, str]] = []
    for wave in range(plan.waves):
        _depart(plan, progress, board, wave)
        coming: list[int] = []
        arrivals: list[tuple[Pod, NodeName]] = []
        for index, step in _of_wave(plan, wave, Action.MOVE, Action.PLACE, Action.MIGRATE):
            if index in pods and step.target is not None:
                coming.append(index)
                arrivals.append((pods[index], step.target))
                board.take(pods[index].uid)
        refused = settle(board, arrivals)
        if refused and _preempt(board, late, [arrivals[place] for place in refused]):
            again = sorted(refused)
            left = settle(board, [arrivals[place] for place in again])
            refused = {again[place]: no for place, no in left.items()}
        for place, no in sorted(refused.items()):
            pod, node = arrivals[place]
            text = f"{pod.key} no longer fits on {node}: {no.message}"
            why = who_came(board, late, pod, node) or before(progress)
            found.append((coming[place], text + why))
        for _, step in _of_wave(plan, wave, Action.MIGRATE):
            board.clear(step.pod.uid)
    return found


def _depart(plan: Plan, progress: Progress, board: Board, wave: int) -> None:
    """Take off who leaves before the arrivals of a wave; a machine only when it has migrated."""
    for index, step in _of_wave(plan, wave, Action.MOVE, Action.EVICT, Action.MIGRATE):
        if step.action is not Action.MIGRATE or progress.steps[index].phase in OVER:
            board.clear(step.pod.uid)


def _preempt(board: Board, late: set[Uid], arrivals: list[Arrival]) -> bool:
    """Take off the late pods that kube-scheduler would preempt for the arrivals, if there are."""
    found = False
    for pod, node in arrivals:
        for other in list(board.pods(node)):
            if pod.preempts and other.uid in late and other.priority < pod.priority:
                board.take(other.uid)
                found = True
    return found


def _blind(plan: Plan, progress: Progress, pods: dict[int, Pod]) -> bool:
    """Whether it is not known what is to arrive: the only pod of a controller, gone for now.

    Others may have to be beside it.
    """
    return any(
        step.action is Action.MOVE
        and progress.steps[index].phase is StepPhase.EVICTED
        and index not in pods
        for index, step in enumerate(plan.steps)
    )


def _arrivals(plan: Plan, progress: Progress, snapshot: Snapshot) -> Iterator[tuple[int, Pod]]:
    """Yield the steps with an arrival still to come, and the pod that is to arrive or its like."""
    for index, step in enumerate(plan.steps):
        if step.target in snapshot.nodes and progress.steps[index].phase not in OVER:
            pod = arrival_of(plan, progress, index, snapshot)
            if pod is not None and not (step.action is Action.MIGRATE and pod.node == step.target):
                yield index, pod


def _give_way(plan: Plan, progress: Progress, pods: dict[int, Pod], intrusion: Intrusion) -> None:
    """Let the intruder stand for a twin that is to arrive there; that one takes its own step."""
    own = next((index for index, pod in pods.items() if pod.uid == intrusion.pod.uid), None)
    theirs = (index for index in pods if stands_for(plan, progress, index, intrusion))
    place = next(theirs, None)
    twin = None if place is None else pods.pop(place)
    if own is not None and own in pods:
        del pods[own]
        if twin is not None:
            pods[own] = twin


def stands_for(plan: Plan, progress: Progress, index: int, intrusion: Intrusion) -> bool:
    """Whether the intruder is as good as the arrival of the step: its twin, on its target.

    A pod that is to move has to have left: else it would be moved for nothing.
    """
    step, phase = plan.steps[index], progress.steps[index].phase
    left = step.action is Action.PLACE or phase not in _STANDING
    here = step.target == intrusion.node and phase not in OVER
    return left and here and twins(intrusion.pod.owner, step.owner)


def _of_wave(plan: Plan, wave: int, *actions: Action) -> Iterator[tuple[int, Step]]:
    for index, step in enumerate(plan.steps):
        if step.wave == wave and step.action in actions:
            yield index, step
