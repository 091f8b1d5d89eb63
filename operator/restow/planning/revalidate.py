"""Whether the rest of a plan still holds on a fresh snapshot."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from restow.cluster.objects import HostPort, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NOTHING, Amounts, total
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Reason
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import OVER, Progress, StepPhase
from restow.rules import leaving
from restow.rules.placement import host_ports, resources
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
        return _stale_pending(step, judge)
    if state.phase in _STANDING and (reason := why_stays(step, judge)) is not None:
        return reason
    pod = _arriving(progress, index, step, judge.snapshot)
    return _stale_target(step.target, pod, judge.snapshot)


def _stale_pending(step: Step, judge: Judge) -> str | None:
    pod = judge.snapshot.pod_by_uid(step.pod.key, step.pod.uid)
    if pod is None or pod.deleting:
        return "the pod is gone"
    if pod.gates:
        return f"the pod waits for scheduling gates: {', '.join(pod.gates)}"
    return _stale_target(step.target, pod, judge.snapshot)


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
    return next(iter(siblings), None)


@dataclass(slots=True)
class _Load:
    """What sits on a node while the remaining waves are replayed."""

    pods: dict[str, Pod] = field(default_factory=dict)

    @property
    def requests(self) -> Amounts:
        return total(pod.requests for pod in self.pods.values()) if self.pods else NOTHING

    def ports(self, without: str) -> tuple[HostPort, ...]:
        return tuple(
            port for uid, pod in self.pods.items() if uid != without for port in pod.host_ports
        )


def misfits(plan: Plan, progress: Progress, snapshot: Snapshot) -> list[tuple[int, str]]:
    """Replay the waves on what is bound now; return the arrivals still to come that lack room.

    As (index of the step, reason) pairs, in the order of the waves. What earlier waves evicted may
    still be terminating; it counts as gone.
    """
    loads = {
        name: _Load({str(pod.uid): pod for pod in pods})
        for name, pods in snapshot.pods_by_node.items()
        if name in snapshot.nodes
    }
    found: list[tuple[int, str]] = []
    for wave in range(plan.waves):
        for _, step in _of_wave(plan, wave, Action.MOVE, Action.EVICT):
            if step.source in loads:
                loads[step.source].pods.pop(str(step.pod.uid), None)
        arrivals: list[tuple[int, NodeName, Pod]] = []
        for index, step in _of_wave(plan, wave, Action.MOVE, Action.PLACE):
            pod = _arriving(progress, index, step, snapshot)
            settled = progress.steps[index].phase in OVER
            if not settled and pod is not None and step.target in loads:
                loads[step.target].pods[_arrival(index)] = pod
                arrivals.append((index, step.target, pod))
        for index, node, pod in arrivals:
            free = snapshot.nodes[node].allocatable - loads[node].requests + pod.requests
            taken = loads[node].ports(_arrival(index))
            no = resources.refuse(pod, free) or host_ports.refuse(pod, taken)
            if no is not None:
                found.append((index, f"{pod.key} no longer fits on {node}: {no.message}"))
    return found


def _arrival(index: int) -> str:
    return f"arrival {index}"


def _of_wave(plan: Plan, wave: int, *actions: Action) -> Iterator[tuple[int, Step]]:
    for index, step in enumerate(plan.steps):
        if step.wave == wave and step.action in actions:
            yield index, step
