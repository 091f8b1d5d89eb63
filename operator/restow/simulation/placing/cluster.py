"""The cluster while pods come and go: what is left of each node, and where a pod fits."""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled, inlined
from restow.sharing.arrays import Fleet, Ints, Kinds, fleet_of
from restow.sharing.problem import Problem
from restow.simulation.placing.workload import Workload


class Cluster(NamedTuple):
    """Room left, and what pods ask for.

    Parameters
    ----------
    cpu, memory, device
        (nodes,), (nodes,), (nodes, devices) left; devices in units.
    number, model
        (nodes,) devices and their model.
    order
        (nodes,) the nodes, those first that win a tie.
    change
        (nodes,) how often pods have come to each or gone.
    """

    kinds: Kinds
    full: int
    cpu: Ints
    memory: Ints
    device: Ints
    number: Ints
    model: Ints
    order: Ints
    change: Ints


def empty(workload: Workload, rank: Ints) -> tuple[Cluster, Fleet]:
    """Return the cluster without pods, and its arrays as the engine has them."""
    problem = Problem(nodes=workload.nodes, kinds=workload.kinds, pods=(), limit=0)
    fleet = fleet_of(problem)
    nodes = fleet.nodes
    cluster = Cluster(
        kinds=fleet.kinds,
        full=fleet.full,
        cpu=nodes.cpu.copy(),
        memory=nodes.memory.copy(),
        device=nodes.device.copy(),
        number=nodes.number,
        model=nodes.model,
        order=np.argsort(rank, kind="stable").astype(np.int64),
        change=np.zeros(len(nodes.cpu), np.int64),
    )
    return cluster, fleet


@inlined
def fits(cluster: Cluster, n: int, k: int) -> bool:
    """Return whether a pod of class `k` fits on node `n`."""
    kinds = cluster.kinds
    able: bool = (
        kinds.cpu[k] <= cluster.cpu[n]
        and kinds.memory[k] <= cluster.memory[n]
        and kinds.model[k, cluster.model[n]] > 0
    )
    if able and kinds.number[k] > 0:
        found = 0
        for d in range(cluster.number[n]):
            if cluster.device[n, d] >= kinds.units[k]:
                found += 1
        able = found >= kinds.number[k]
    return able


@inlined
def first(cluster: Cluster, n: int, k: int) -> int:
    """Return as bits the first devices on which a pod of class `k` fits."""
    mask, found = 0, 0
    for d in range(cluster.number[n]):
        if found < cluster.kinds.number[k] and cluster.device[n, d] >= cluster.kinds.units[k]:
            mask |= 1 << d
            found += 1
    return mask


@compiled
def shift(cluster: Cluster, n: int, k: int, mask: int, sign: int) -> None:
    """Add to a node's room, or take from it, what a pod takes."""
    cluster.cpu[n] += sign * cluster.kinds.cpu[k]
    cluster.memory[n] += sign * cluster.kinds.memory[k]
    for d in range(cluster.number[n]):
        if mask >> d & 1:
            cluster.device[n, d] += sign * cluster.kinds.units[k]
    cluster.change[n] += 1


@compiled
def able(cluster: Cluster, n: int, k: int) -> bool:
    """Return whether a pod of class `k` fits on node `n`; `fits`, for callers not compiled."""
    return fits(cluster, n, k)


@compiled
def first_devices(cluster: Cluster, n: int, k: int) -> int:
    """Return as bits the first devices on which a pod fits; `first`, for callers not compiled."""
    return first(cluster, n, k)
