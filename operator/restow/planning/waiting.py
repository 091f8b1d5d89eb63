"""Pending pods that need no plan: what keeps them out is leaving already."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.core.marks import PLAN
from restow.core.reasons import Reason
from restow.planning.judge import Judge
from restow.planning.plan import Unplaced
from restow.rules.board import Board
from restow.rules.feasibility import feasible
from restow.rules.survey import Survey


@dataclass(slots=True)
class Waiting:
    """Who waits for room that is about to become free, and where: that room is theirs."""

    pods: dict[Uid, NodeName] = field(default_factory=dict)
    on: dict[NodeName, list[Pod]] = field(default_factory=dict)
    unplaced: tuple[Unplaced, ...] = ()

    def put(self, pod: Pod, node: NodeName, message: str) -> None:
        """Let the pod wait for the node."""
        self.pods[pod.uid] = node
        self.on.setdefault(node, []).append(pod)
        self.unplaced += (
            Unplaced(pod=pod.ref, reason=Reason.ROOM_LEAVING, message=message, proven=False),
        )


def waiting(judge: Judge, pending: Iterable[Pod]) -> Waiting:
    """Return the pending pods that fit once the pods being deleted are gone.

    Highest priority first, then the oldest; each takes its room from the next.
    """
    found = Waiting()
    snapshot = judge.snapshot
    left = {pod.node for pod in snapshot.census.leaving}
    emptying = [node for node in judge.targets() if node.name in left]
    if not emptying:
        return found
    pods = sorted(pending, key=lambda pod: (-pod.priority, pod.created_at, pod.key))
    targets = [node.name for node in judge.targets()]
    now = Board(snapshot)
    possible = feasible(pods, emptying, now)
    later = Board(snapshot)
    for pod in snapshot.census.leaving:
        later.take(pod.uid)
    for pod in pods:
        if pod.nominated_node in possible[pod.key] and PLAN not in pod.annotations:
            node = pod.nominated_node
            if node is not None:
                found.put(pod, node, f"kube-scheduler is making room for it on {node}")
                continue
        survey = Survey.of(pod, now, nominated=snapshot.nominated)
        if any(survey.refusal(name) is None for name in targets):
            continue
        for name in possible[pod.key]:
            if _fits_later(pod, name, later, found):
                found.put(pod, name, f"it fits on {name} once the pods leaving there are gone")
                break
    return found


def _fits_later(pod: Pod, name: NodeName, later: Board, found: Waiting) -> bool:
    """Whether the pod fits beside those that wait for the node too, once the leaving are gone."""
    nominated = later.snapshot.nominated.get(name, ())
    others = [other for other in nominated if other.uid not in found.pods]
    held = {name: (*found.on.get(name, ()), *others)}
    return Survey.of(pod, later, nominated=held).refusal(name) is None
