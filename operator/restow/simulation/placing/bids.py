"""Placement by bid prices: take the node that loses least of what its room is worth.

Prices are the duals of the linear program over device patterns for the known mix of classes. What a
node's room is worth under them is a Lagrangian knapsack, at the best rate of CPU for that node.
"""

import numpy as np

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import UNIT, Fleet, Ints
from restow.sharing.pooling import Pooling, pools_of
from restow.sharing.problem import Problem
from restow.sharing.valuing import Values, value
from restow.simulation.placing.cluster import Cluster, first, fits
from restow.simulation.placing.policy import Seat
from restow.simulation.placing.workload import Workload

DEMAND = 1.02
"""The mix is scaled to ask for so many times the devices there are."""

FLOOR = 0.1
"""No class is worth less than this part of what it takes of devices.

Classes of which the program has room to spare have the price 0, and so has the room that only they
can use: whether a share leaves a hole would not matter, and most choices would be ties. With the
floor small holes are worth a little, and pods fill them before they make new ones.
"""


class Bids:
    """Places pods where the node's room loses least."""

    turn = 0

    def __init__(self, workload: Workload, fleet: Fleet) -> None:
        self._values = value(fleet, prices(workload, fleet), 0)

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return the node and devices that lose least."""
        found = int(_least(cluster, self._values, kind))
        return (-1, 0) if found < 0 else (found >> 32, found & 0xFFFFFFFF)


def prices(workload: Workload, fleet: Fleet) -> Ints:
    """Return what a pod of each class is worth paying for, in `UNIT`s."""
    asked = int(workload.count @ fleet.kinds.gain)
    most = np.rint(workload.count * (DEMAND * workload.capacity() / asked)).astype(np.int64)
    problem = Problem(nodes=workload.nodes, kinds=workload.kinds, pods=(), limit=0)
    pools, _ = pools_of(problem, fleet)
    pooling = Pooling(pools, fleet.kinds, fleet.full, np.zeros_like(most), most)
    found = pooling.solve((), lambda: 1.0)
    gain = fleet.kinds.gain
    worth = gain if found is None else np.maximum(found[0], FLOOR * gain)
    return np.rint(worth * UNIT).astype(np.int64)


@compiled
def _least(cluster: Cluster, values: Values, k: int) -> int:
    """Return the node, shifted by 32 bits, and the devices as bits; -1 where it fits nowhere."""
    best, least = -1, 0
    for at in range(cluster.order.shape[0]):
        n = cluster.order[at]
        if not fits(cluster, n, k):
            continue
        now = _worth(cluster, values, n, k, -1)
        if 0 < cluster.kinds.units[k] < cluster.full:
            for d in range(cluster.number[n]):
                if cluster.device[n, d] >= cluster.kinds.units[k]:
                    lost = now - _worth(cluster, values, n, k, 1 << d)
                    if best < 0 or lost < least:
                        best, least = n << 32 | 1 << d, lost
        else:
            mask = first(cluster, n, k)
            lost = now - _worth(cluster, values, n, k, mask)
            if best < 0 or lost < least:
                best, least = n << 32 | mask, lost
    return best


@compiled
def _worth(cluster: Cluster, values: Values, n: int, k: int, mask: int) -> int:
    """Return what a node's room is worth, with a pod on devices of it, or as it is with -1."""
    m, least = cluster.model[n], -1
    for j in range(values.rate.shape[1]):
        cpu = cluster.cpu[n]
        if mask >= 0:
            cpu -= cluster.kinds.cpu[k]
        worth = values.rate[m, j] * cpu
        for d in range(cluster.number[n]):
            left = cluster.device[n, d]
            if mask >= 0 and mask >> d & 1:
                left -= cluster.kinds.units[k]
            worth += values.device[m, j, left]
        if least < 0 or worth < least:
            least = worth
    return least
