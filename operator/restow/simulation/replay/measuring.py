"""What is measured: how much is in use, and what of the rest typical pods could not use."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import Ints
from restow.simulation.placing.cluster import Cluster, fits
from restow.simulation.placing.workload import Workload

TYPICAL: int = 256
"""So many classes count, the most frequent ones."""

UNIT: int = 1000
"""A device, or a CPU, in thousandths of one."""


class Shapes(NamedTuple):
    """Classes by which free room is judged.

    Parameters
    ----------
    kind, share
        (shapes,) classes, and how often pods are of each, of one together.
    """

    kind: Ints
    share: NDArray[np.float64]


def shapes_of(workload: Workload) -> Shapes:
    """Return the classes that ask for what is measured: for devices, if any pod does."""
    asking = [
        k for k, kind in enumerate(workload.kinds) if kind.devices or not by_devices(workload)
    ]
    asking.sort(key=lambda k: (-int(workload.count[k]), k))
    kinds = np.array(asking[:TYPICAL], np.int64)
    count = workload.count[kinds].astype(np.float64)
    return Shapes(kinds, count / count.sum())


def by_devices(workload: Workload) -> bool:
    """Return whether devices are what is measured; else CPU is."""
    return any(kind.devices for kind in workload.kinds)


def fragmentation(cluster: Cluster, shapes: Shapes, *, devices: bool) -> float:
    """Return the share of what is free that a pod of the mix could not use, in expectation.

    It is the measure of `restow.fragmentation` where one copy is enough (`Fit`): FGD's expected
    fragments, as a share of what is free; pods that ask for no device do not count there.
    """
    free = int(cluster.device.sum() if devices else cluster.cpu.sum())
    return float(_lost(cluster, shapes.kind, shapes.share, devices)) / free if free else 0.0


@compiled
def _lost(cluster: Cluster, kind: Ints, share: NDArray[np.float64], devices: bool) -> float:  # noqa: FBT001 - compiled
    total = 0.0
    for n in range(cluster.order.shape[0]):
        everything = cluster.cpu[n]
        if devices:
            everything = 0
            for d in range(cluster.number[n]):
                everything += cluster.device[n, d]
        if everything == 0:
            continue
        for at in range(kind.shape[0]):
            k = kind[at]
            lost = everything
            if fits(cluster, n, k):
                lost = 0
                if devices:
                    for d in range(cluster.number[n]):
                        if cluster.device[n, d] < cluster.kinds.units[k]:
                            lost += cluster.device[n, d]
            total += share[at] * lost
    return total
