"""The operator's own cycle on the virtual cluster: its decisions, on a snapshot made of it.

For traces without shares of devices, of which the operator's engines know nothing. They run in this
process and count work instead of seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from restow.cluster.objects import Node, NodeSelectorTerm, OwnerRef, Phase, Pod, Workload
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Operator, Requirement
from restow.core.errors import ModelError
from restow.core.frozen import NO_LABELS, Amounts, Labels
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.fragmentation.shapes import largest
from restow.packing.effort import Effort
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.solve import solve
from restow.planning.decide import decide
from restow.planning.goal import Goal, Solved
from restow.planning.plan import Plan, Unplaced
from restow.planning.reschedule import reschedule
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits, PackingPolicySpec
from restow.rescheduling.engine import reschedule as migrate
from restow.rescheduling.problem import Problem as Migrations
from restow.simulation.replay.planner import Look, Purpose
from restow.simulation.replay.virtual import Move, Seated, VirtualCluster

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
SORT: Final = "simulated.restow.dev/sort"
GPU: Final = "nvidia.com/gpu"
MEBI: Final = 1 << 20
LONG: Final = timedelta(days=1)
MANY: Final = 1_000_000
"""Replicas of each simulated workload, and pods that a node may have: as good as no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPlanner:
    """Plans as the operator does: pods that wait, and rescheduling for the largest pods.

    Parameters
    ----------
    work
        Search for one plan.
    """

    work: float
    seed: int

    def __call__(self, cluster: VirtualCluster, look: Look) -> list[Move]:
        """Return what the operator's plan does."""
        snapshot, now = snapshot_of(cluster, look), EPOCH + timedelta(seconds=look.now_s)
        if look.purpose is Purpose.PENDING_PODS:
            plan = decide(snapshot, self._policy(look), self._solve, now, explainer=unsaid).plan
        else:
            requests = [pod.requests for pod in snapshot.pods.values()]
            goal = Goal(shapes=largest(requests), limit=look.limit)
            plan = reschedule(snapshot, self._policy(look), goal, self._migrate, now).plan
        return moves_of(plan, cluster)

    def _policy(self, look: Look) -> Policy:
        limits = Limits(moves_per_plan=look.limit, moves_per_hour=MANY, evictions_per_plan=0)
        spec = PackingPolicySpec(grace_seconds=0, solve_time_limit_seconds=self.work, limits=limits)
        return Policy(name="simulated", spec=spec)

    def _solve(self, problem: Problem, budget: float) -> Outcome:
        return solve(problem, budget_s=budget, deterministic=True, seed=self.seed)

    def _migrate(self, problem: Migrations, budget_s: float, goal: int | None) -> Solved:
        if goal is not None:
            raise ModelError("a simulation asks for as much room as possible, and no goal")
        effort = Effort(seconds=None, work=budget_s, seed=self.seed)
        return Solved(outcome=migrate(problem, effort), wall_s=0.0)


def unsaid(pods: Sequence[Pod], **_: object) -> tuple[Unplaced, ...]:
    """Say nothing of pods without a place: nobody reads it."""
    del pods
    return ()


def snapshot_of(cluster: VirtualCluster, look: Look) -> Snapshot:
    """Return the virtual cluster as the operator would see it.

    Pods of one class are a workload of many replicas. Who may not move now says so by annotation,
    and so does nobody else.
    """
    now = EPOCH + timedelta(seconds=look.now_s)
    nodes = [_node(n, cluster) for n in range(len(cluster.sorted.workload.nodes))]
    kinds = range(len(cluster.sorted.workload.kinds))
    pods = [_pod(pod, cluster, look, now) for pod in sorted(cluster.running)]
    pods += [_pod(pod, cluster, look, now) for pod in cluster.free()]
    return Snapshot(
        taken_at=now,
        nodes={node.name: node for node in nodes},
        pods={pod.key: pod for pod in sorted(pods, key=lambda pod: pod.key)},
        workloads={Uid(f"class-{k}"): _workload(k) for k in kinds},
    )


def moves_of(plan: Plan, cluster: VirtualCluster) -> list[Move]:
    """Return a plan's steps as moves; devices are whole, so whichever is free will do."""
    steps = [(_number(step.pod.key), int(step.target)) for step in plan.steps if step.target]
    device = cluster.cluster.device.copy()
    for pod, _ in steps:
        seat = cluster.running.get(pod)
        if seat is not None:
            device[seat.node, _held(seat.mask)] += cluster.fleet.full
    moves = []
    for pod, node in steps:
        number = cluster.pods[pod].devices
        free = np.flatnonzero(device[node] >= cluster.fleet.full)[:number]
        device[node, free] -= cluster.fleet.full
        mask = sum(1 << int(d) for d in free)
        moves.append(Move(pod=pod, seat=Seated(node=node, mask=mask)))
    return moves


def _held(mask: int) -> list[int]:
    return [d for d in range(mask.bit_length()) if mask >> d & 1]


def _node(n: int, cluster: VirtualCluster) -> Node:
    node, name = cluster.sorted.workload.nodes[n], NodeName(f"{n:06}")
    amounts = {"cpu": node.cpu_m, "memory": node.memory * MEBI, GPU: node.devices, "pods": MANY}
    return Node(
        name=name,
        uid=Uid(name),
        labels=Labels({SORT: node.model}),
        allocatable=Amounts(amounts),
    )


def _pod(pod: int, cluster: VirtualCluster, look: Look, now: datetime) -> Pod:
    told, k, seat = cluster.pods[pod], cluster.sorted.kind[pod], cluster.running.get(pod)
    kind = cluster.sorted.workload.kinds[k]
    amounts = {"cpu": kind.cpu_m, "memory": kind.memory * MEBI, GPU: kind.devices, "pods": 1}
    stays = pod in look.cooling or not told.movable
    return Pod(
        key=ObjectKey("simulated", f"{pod:09}"),
        uid=Uid(f"pod-{pod}"),
        annotations=Labels({"restow.dev/movable": "false"}) if stays else NO_LABELS,
        owner=OwnerRef(
            kind="ReplicaSet", name=f"class-{k}", uid=Uid(f"class-{k}"), api_version="apps/v1"
        ),
        created_at=now - LONG,
        priority=told.priority,
        requests=Amounts(amounts),
        node_affinity=None if kind.models is None else (_term(kind.models),),
        node=None if seat is None else NodeName(f"{seat.node:06}"),
        phase=Phase.PENDING if seat is None else Phase.RUNNING,
        ready=seat is not None,
        unschedulable_since=now - LONG if seat is None else None,
        started_at=None if seat is None else now - LONG,
    )


def _term(models: frozenset[str]) -> NodeSelectorTerm:
    sorts = Requirement(key=SORT, operator=Operator.IN, values=tuple(sorted(models)))
    return NodeSelectorTerm(expressions=(sorts,))


def _workload(k: int) -> Workload:
    key = ObjectKey("simulated", f"class-{k}")
    return Workload(
        kind="ReplicaSet", key=key, uid=Uid(f"class-{k}"), replicas=MANY, max_unavailable=MANY
    )


def _number(key: ObjectKey) -> int:
    return int(key.name)
