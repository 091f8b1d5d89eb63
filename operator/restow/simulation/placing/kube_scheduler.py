"""kube-scheduler's default scores: room left over, and how even it is used; ties go by chance.

Upstream v1.37.2: `pkg/scheduler/framework/plugins/noderesources/least_allocated.go` and
`balanced_allocation.go`, of CPU and memory, weight 1 each; `schedule_one.go:
numFeasibleNodesToFind` and `findNodesThatPassFilters`: of many nodes only some are looked at, from
where the last pod left off; `selectHost` draws among the best. Of devices it knows only how many
there are: a pod gets the first that have room. docs/simulation.md says what is left out.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import Ints
from restow.simulation.placing.cluster import Cluster, first_devices, fits
from restow.simulation.placing.policy import Seat
from restow.simulation.placing.workload import Workload

MOST = 100
"""upstream's MaxNodeScore."""

ENOUGH = 100
"""upstream's minFeasibleNodesToFind: of fewer nodes all are looked at."""

LEAST_PER_CENT = 5
"""upstream's minFeasibleNodesPercentageToFind."""


class Scales(NamedTuple):
    """What nodes are scored by.

    Parameters
    ----------
    cpu, memory
        (nodes,) allocatable.
    score
        (nodes,) of the last pod, to be written; -1 where a node was not looked at, or refused.
    """

    cpu: Ints
    memory: Ints
    score: Ints


class KubeScheduler:
    """The node with most room left, most evenly used."""

    def __init__(self, workload: Workload, dice: np.random.Generator) -> None:
        self._dice = dice
        self._scales = Scales(
            cpu=np.array([node.cpu_m for node in workload.nodes], np.int64),
            memory=np.array([node.memory for node in workload.nodes], np.int64),
            score=np.full(len(workload.nodes), -1, np.int64),
        )
        self._wanted = wanted(len(workload.nodes))
        self.turn = 0

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return any of the nodes of highest score among those looked at, and its first devices."""
        looked, best = _scored(cluster, kind, self._scales, self.turn, self._wanted)
        self.turn = (self.turn + looked) % len(self._scales.cpu)
        if best < 0:
            return -1, 0
        ties = np.flatnonzero(self._scales.score == best)
        node = int(ties[self._dice.integers(len(ties))])
        return node, int(first_devices(cluster, node, kind))


def wanted(nodes: int) -> int:
    """Return how many nodes where a pod fits are enough."""
    if nodes < ENOUGH:
        return nodes
    per_cent = max(LEAST_PER_CENT, 50 - nodes // 125)
    return max(ENOUGH, nodes * per_cent // 100)


@compiled
def _scored(cluster: Cluster, k: int, scales: Scales, start: int, most: int) -> tuple[int, int]:
    """Return how many nodes were looked at and the best score, -1 for none; write all scores."""
    score = scales.score
    nodes, found, looked, best = score.shape[0], 0, 0, -1
    for n in range(nodes):
        score[n] = -1
    while looked < nodes and found < most:
        n = (start + looked) % nodes
        looked += 1
        if fits(cluster, n, k):
            found += 1
            score[n] = _of(cluster, n, k, scales)
            best = max(best, score[n])
    return looked, best


@inlined
def _of(cluster: Cluster, n: int, k: int, scales: Scales) -> int:
    """Return the sum of both plugins' scores of a node."""
    cpu, memory = scales.cpu, scales.memory
    room_cpu = cluster.cpu[n] - cluster.kinds.cpu[k]
    room_memory = cluster.memory[n] - cluster.kinds.memory[k]
    total, weights = 0, 0
    if cpu[n] > 0:
        total, weights = total + room_cpu * MOST // cpu[n], weights + 1
    if memory[n] > 0:
        total, weights = total + room_memory * MOST // memory[n], weights + 1
    least = total // weights if weights > 0 else 0
    after = _evenness(room_cpu, cpu[n], room_memory, memory[n])
    before = _evenness(cluster.cpu[n], cpu[n], cluster.memory[n], memory[n])
    return least + MOST // 2 + (MOST // 2 + after - before) // 2


@compiled
def _evenness(room_cpu: int, cpu: int, room_memory: int, memory: int) -> int:
    """Return upstream's balancedResourceScore: 100 where both are used alike."""
    if cpu <= 0 or memory <= 0:
        return MOST
    spread = abs((cpu - room_cpu) / cpu - (memory - room_memory) / memory) / 2
    return int((1 - spread) * MOST)
