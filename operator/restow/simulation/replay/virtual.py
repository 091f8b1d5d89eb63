"""The virtual cluster: who runs where, and who waits, in the order in which they are tried."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from restow.core.errors import ModelError
from restow.sharing.arrays import Fleet
from restow.sharing.columns import bits_of
from restow.sharing.problem import Pod, Problem
from restow.simulation.placing.cluster import Cluster, able, empty, first_devices, shift
from restow.simulation.placing.names import PolicyName
from restow.simulation.placing.policies import policy_of
from restow.simulation.placing.policy import Policy
from restow.simulation.replay.sorting import Sorted
from restow.simulation.traces.trace import Placing, Trace, TracePod

Key = tuple[int, int]
"""Priority, negative, and number of a pod: kube-scheduler takes the lowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """Where a pod is: its node, and devices as bits."""

    node: int
    mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A pod goes there: one that runs, or one that waits."""

    pod: int
    seat: Seated


@dataclass(slots=True, kw_only=True, eq=False)
class VirtualCluster:
    """What the scheduler sees, and does.

    Parameters
    ----------
    pinned
        Where the trace has pods that no policy is asked for: those that were there at the start,
        and fixed ones.
    running
        Seats by pod.
    queue
        Pods that wait, first those that are tried first.
    used, asked
        By all that run, and by all that wait: thousandths of a device and of a CPU.
    """

    pods: tuple[TracePod, ...]
    sorted: Sorted
    cluster: Cluster
    fleet: Fleet
    policy: Policy
    pinned: Mapping[int, Placing]
    running: dict[int, Seated] = field(default_factory=dict)
    queue: list[Key] = field(default_factory=list)
    used: list[int] = field(default_factory=lambda: [0, 0])
    asked: list[int] = field(default_factory=lambda: [0, 0])

    def arrive(self, pod: int) -> bool:
        """Place a pod if it can be; return whether it was, else it waits."""
        if self._place(pod):
            return True
        insort(self.queue, self._key(pod))
        self._count(self.asked, pod, 1)
        return False

    def depart(self, pod: int) -> list[int]:
        """Let a pod go, and place who waited for its room; return those."""
        seat = self.running.get(pod)
        if seat is None:
            self._unqueue(pod)
            return []
        self._leave(pod, seat)
        return self.retry(seat.node)

    def retry(self, node: int | None = None) -> list[int]:
        """Try all that wait, those of whom a node has room for if one is named; return the placed.

        Whoever waits fits nowhere as long as nothing leaves.
        """
        refused, placed = set[int](), list[int]()
        for key in tuple(self.queue):
            pod = key[1]
            kind = self.sorted.kind[pod]
            if pod in self.pinned:
                found = node in {None, self.pinned[pod].node} and self._place(pod)
            elif kind in refused or (node is not None and not able(self.cluster, node, kind)):
                found = False
                refused.add(kind)
            else:
                found = self._place(pod)
            if found:
                placed.append(pod)
                self._unqueue(pod)
            elif pod not in self.pinned:
                refused.add(kind)
        return placed

    def carry_out(self, moves: list[Move]) -> list[int]:
        """Let all leave that move, then let all arrive; return who had waited.

        Raises
        ------
        ModelError
            A node is overfilled: a bug.
        """
        for move in moves:
            if move.pod in self.running:
                self._leave(move.pod, self.running[move.pod])
        waited = [move.pod for move in moves if self._waits(move.pod)]
        for pod in waited:
            self._unqueue(pod)
        for move in moves:
            self._put(move.pod, move.seat)
        self.check()
        return waited

    def check(self) -> None:
        """See that nothing is overfilled.

        Raises
        ------
        ModelError
            A node or a device is: a bug.
        """
        least = [int(of.min()) for of in (self.cluster.cpu, self.cluster.memory)]
        if min(*least, int(self.cluster.device.min())) < 0:
            raise ModelError("the virtual cluster has an overfilled node")

    def problem(self, limit: int, *, cooling: frozenset[int]) -> tuple[Problem, tuple[int, ...]]:
        """Return who runs and who waits as a problem, and which pods they are.

        Parameters
        ----------
        cooling
            Pods that were moved lately, and stay.
        """
        here = (*sorted(self.running), *self.free())
        pods = tuple(
            self._as_pod(pod, fixed=pod in cooling or not self.pods[pod].movable) for pod in here
        )
        workload = self.sorted.workload
        return Problem(nodes=workload.nodes, kinds=workload.kinds, pods=pods, limit=limit), here

    def waiting(self) -> Iterator[int]:
        """Yield who waits, in the order in which they are tried."""
        return (pod for _, pod in self.queue)

    def free(self) -> Iterator[int]:
        """Yield who waits and may be put on any node, in that order."""
        return (p for p in self.waiting() if p not in self.pinned and not self.pods[p].fixed)

    def restore(self, running: Mapping[int, Seated], waiting: list[int]) -> None:
        """Take over who ran and who waited in another run."""
        for pod, seat in running.items():
            self._put(pod, seat)
        for pod in waiting:
            insort(self.queue, self._key(pod))
            self._count(self.asked, pod, 1)

    def _as_pod(self, pod: int, *, fixed: bool) -> Pod:
        kind, seat = self.sorted.kind[pod], self.running.get(pod)
        if seat is None:
            return Pod(kind=kind)
        return Pod(kind=kind, node=seat.node, devices=bits_of(seat.mask), fixed=fixed)

    def _place(self, pod: int) -> bool:
        seat = self._pinned_seat(pod) if pod in self.pinned else self._seat(pod)
        if seat is None:
            return False
        self._put(pod, seat)
        return True

    def _seat(self, pod: int) -> Seated | None:
        if self.pods[pod].fixed:
            return None
        node, mask = self.policy.seat(self.cluster, self.sorted.kind[pod])
        return None if node < 0 else Seated(node=node, mask=mask)

    def _pinned_seat(self, pod: int) -> Seated | None:
        placing, kind = self.pinned[pod], self.sorted.kind[pod]
        if not able(self.cluster, placing.node, kind):
            return None
        if placing.devices is None:
            return Seated(
                node=placing.node, mask=int(first_devices(self.cluster, placing.node, kind))
            )
        free = self.cluster.device[placing.node, list(placing.devices)]
        if (free < self.fleet.kinds.units[kind]).any():
            return None
        return Seated(node=placing.node, mask=sum(1 << d for d in placing.devices))

    def _put(self, pod: int, seat: Seated) -> None:
        shift(self.cluster, seat.node, self.sorted.kind[pod], seat.mask, -1)
        self.running[pod] = seat
        self._count(self.used, pod, 1)

    def _leave(self, pod: int, seat: Seated) -> None:
        shift(self.cluster, seat.node, self.sorted.kind[pod], seat.mask, 1)
        del self.running[pod]
        self._count(self.used, pod, -1)

    def _unqueue(self, pod: int) -> None:
        del self.queue[bisect_left(self.queue, self._key(pod))]
        self._count(self.asked, pod, -1)

    def _waits(self, pod: int) -> bool:
        at = bisect_left(self.queue, self._key(pod))
        return at < len(self.queue) and self.queue[at][1] == pod

    def _key(self, pod: int) -> Key:
        return -self.pods[pod].priority, pod

    def _count(self, counts: list[int], pod: int, sign: int) -> None:
        kind = self.sorted.workload.kinds[self.sorted.kind[pod]]
        counts[0] += sign * kind.total
        counts[1] += sign * kind.cpu_m


def virtual(
    trace: Trace, found: Sorted, policy: PolicyName, dice: np.random.Generator
) -> VirtualCluster:
    """Return the cluster of a trace before anybody has arrived."""
    cluster, fleet = empty(found.workload, np.arange(len(trace.nodes), dtype=np.int64))
    return VirtualCluster(
        pods=trace.pods,
        sorted=found,
        cluster=cluster,
        fleet=fleet,
        policy=policy_of(policy, found.workload, cluster, fleet, dice),
        pinned={
            event.pod: event
            for event in trace.events
            if isinstance(event, Placing) and (event.at == 0 or trace.pods[event.pod].fixed)
        },
    )
