"""The steady state: pods end, others arrive and queue, and now and then some are moved.

After the replay at 100 % demand, each event ends a running pod, which `departure_u` picks among
them by when they arrived, and queues an arriving one. Queued pods are placed first come first
served, later ones where earlier ones do not fit. Every so many events the engine moves pods.
"""

import csv
import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.openb.replay import POLICIES
from benchmarks.openb.trace import Pods, arrivals, read
from restow.packing.effort import Effort
from restow.sharing.arrays import Fleet
from restow.sharing.columns import bits_of
from restow.sharing.engine import share
from restow.sharing.problem import Placement, Pod, Problem
from restow.simulation.placing.cluster import Cluster, empty, shift
from restow.simulation.placing.policies import policy_of
from restow.simulation.placing.policy import Policy

FIRST = 2000
"""Events that are not counted: the state is not steady yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """How often pods are moved.

    Parameters
    ----------
    every
        Events between two times.
    moves
        At most so many each time; 0 for none.
    seconds
        Time for each plan.
    """

    every: int
    moves: int
    seconds: float


@dataclass(slots=True, kw_only=True, eq=False)
class _Live:
    """A pod on the cluster, or in the queue."""

    kind: int
    node: int = -1
    mask: int = 0


@dataclass(slots=True, kw_only=True)
class _State:
    """The cluster, who runs by time of arrival, and who waits."""

    pods: Pods
    cluster: Cluster
    fleet: Fleet
    policy: Policy
    running: list[_Live] = field(default_factory=list)
    queue: list[_Live] = field(default_factory=list)

    def arrive(self, kind: int) -> None:
        """Place a pod, or queue it."""
        pod = _Live(kind=kind)
        if not self._place(pod):
            self.queue.append(pod)

    def end(self, u: float) -> None:
        """End the pod at that part of those that run, and place who can be."""
        pod = self.running.pop(int(u * len(self.running)))
        shift(self.cluster, pod.node, pod.kind, pod.mask, 1)
        refused = set[int]()
        waiting, self.queue = self.queue, []
        for other in waiting:
            if other.kind in refused or not self._place(other):
                refused.add(other.kind)
                self.queue.append(other)

    def used(self) -> int:
        """Return what is in use of all devices, in thousandths of one."""
        return sum(int(self.fleet.kinds.gain[pod.kind]) for pod in self.running)

    def queued(self) -> int:
        """Return what the queue asks for, in thousandths of a device."""
        return sum(int(self.fleet.kinds.gain[pod.kind]) for pod in self.queue)

    def reschedule(self, cycle: Cycle) -> int:
        """Move pods; return how many."""
        live = [*self.running, *self.queue]
        pods = tuple(
            Pod(kind=pod.kind, node=pod.node, devices=bits_of(pod.mask))
            if pod.node >= 0
            else Pod(kind=pod.kind)
            for pod in live
        )
        problem = Problem(
            nodes=self.pods.workload.nodes,
            kinds=self.pods.workload.kinds,
            pods=pods,
            limit=cycle.moves,
        )
        plan = share(problem, Effort(seconds=cycle.seconds, work=None, seed=0), workers=2).plan
        self._carry_out([(live[step.pod], step) for step in plan])
        return sum(pods[step.pod].node is not None for step in plan)

    def _carry_out(self, steps: list[tuple[_Live, Placement]]) -> None:
        for pod, _ in steps:
            if pod.node >= 0:
                shift(self.cluster, pod.node, pod.kind, pod.mask, 1)
        for pod, step in steps:
            if pod.node < 0:
                self.queue.remove(pod)
                self.running.append(pod)
            pod.node, pod.mask = step.node, sum(1 << d for d in step.devices)
            shift(self.cluster, pod.node, pod.kind, pod.mask, -1)

    def _place(self, pod: _Live) -> bool:
        node, mask = self.policy.seat(self.cluster, pod.kind)
        if node < 0:
            return False
        pod.node, pod.mask = node, mask
        shift(self.cluster, node, pod.kind, mask, -1)
        self.running.append(pod)
        return True


def churn(data: Path, name: str, seed: int, policy: str, cycle: Cycle) -> dict[str, Any]:
    """Return allocation and queue, the mean over the events that count."""
    pods = read(data, name)
    order, rank = arrivals(data, name, seed)
    cluster, fleet = empty(pods.workload, rank)
    dice = np.random.default_rng(seed)
    state = _State(
        pods=pods,
        cluster=cluster,
        fleet=fleet,
        policy=policy_of(POLICIES[policy], pods.workload, cluster, fleet, dice),
    )
    arrived, total = 0, pods.workload.capacity()
    for pod in order.tolist():
        arrived += int(fleet.kinds.gain[pods.kind[pod]])
        if arrived > total:
            break
        state.arrive(int(pods.kind[pod]))
    used, queued, moves = list[float](), list[float](), 0
    for event, (pod, u) in enumerate(_events(data, name)):
        state.end(u)
        state.arrive(int(pods.kind[pod]))
        if cycle.moves and event % cycle.every == cycle.every - 1:
            moves += state.reschedule(cycle)
        used.append(100 * state.used() / total)
        queued.append(state.queued() / 1000)
    counted = slice(min(FIRST, len(used) // 2), None)
    return {
        "trace": name,
        "seed": seed,
        "policy": policy,
        "every": cycle.every,
        "moves_each": cycle.moves,
        "alloc": round(sum(used[counted]) / len(used[counted]), 3),
        "queued_gpus": round(sum(queued[counted]) / len(queued[counted]), 1),
        "moves": moves,
    }


def _events(data: Path, name: str) -> list[tuple[int, float]]:
    with gzip.open(data / "churn_events.csv.gz", "rt") as file:
        return [
            (int(row["arriving_pod"]), float(row["departure_u"]))
            for row in csv.DictReader(file)
            if row["trace"] == name
        ]
