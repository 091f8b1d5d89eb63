"""A problem as arrays that the compiled loops read."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.core.errors import ModelError
from restow.sharing.problem import FULL, Problem

Ints = NDArray[np.int64]

UNIT = 1 << 20
"""A thousandth of a device, in what prices are counted in."""

MOVABLE = 62
"""So many pods of a node may move, those that come first: they are bits of one word."""


class Kinds(NamedTuple):
    """Classes of pods, (kinds,) each.

    Parameters
    ----------
    number
        Devices; 0 for none.
    units
        Of each device.
    gain
        Of all devices, in thousandths.
    model
        (kinds, models) whether one may be there.
    """

    cpu: Ints
    memory: Ints
    number: Ints
    units: Ints
    gain: Ints
    model: Ints


class Nodes(NamedTuple):
    """Nodes with what is free, and who may leave them.

    Parameters
    ----------
    cpu, memory
        (nodes,) free.
    device
        (nodes, devices) free units of each; 0 where the node has no such device.
    number, model
        (nodes,) devices and their model.
    start
        (nodes + 1,) where a node's pods begin.
    pod, kind, mask
        (running pods that may leave,) index, class, and devices as bits.
    alike
        (running pods that may leave,) equal for pods of a node that free the same.
    rank
        (running pods that may leave,) how many before it on its node are alike.
    """

    cpu: Ints
    memory: Ints
    device: Ints
    number: Ints
    model: Ints
    start: Ints
    pod: Ints
    kind: Ints
    mask: Ints
    alike: Ints
    rank: Ints


class Fleet(NamedTuple):
    """A whole problem.

    Parameters
    ----------
    full
        Units of a whole device.
    pending, running
        (kinds,) pods of each class.
    fixed
        Running pods that may not move: fixed ones, and those beyond the first `MOVABLE` of a node.
    """

    kinds: Kinds
    nodes: Nodes
    full: int
    pending: Ints
    running: Ints
    limit: int
    fixed: int


def fleet_of(problem: Problem) -> Fleet:
    """Return a problem's arrays.

    Raises
    ------
    ModelError
        A class asks for what no device has, or a node is overfilled to begin with.
    """
    models = tuple(sorted({node.model for node in problem.nodes}))
    unit = math.gcd(FULL, *(kind.milli for kind in problem.kinds))
    kinds = _kinds_of(problem, models, unit)
    running = np.zeros(len(problem.kinds), np.int64)
    pending = np.zeros(len(problem.kinds), np.int64)
    for pod in problem.pods:
        (pending if pod.node is None else running)[pod.kind] += 1
    nodes = _nodes_of(problem, kinds, models, FULL // unit)
    if (nodes.cpu < 0).any() or (nodes.memory < 0).any() or (nodes.device < 0).any():
        raise ModelError("a node is overfilled to begin with")
    fixed = int(running.sum()) - len(nodes.pod)
    return Fleet(kinds, nodes, FULL // unit, pending, running, problem.limit, fixed)


def _kinds_of(problem: Problem, models: tuple[str, ...], unit: int) -> Kinds:
    for kind in problem.kinds:
        if not 0 <= kind.milli <= FULL or (kind.devices > 1 and kind.milli < FULL):
            raise ModelError("a share is of one device, and of no more than all of it")
        if (kind.devices == 0) != (kind.milli == 0):
            raise ModelError("a class with devices takes something of them")
        if not kind.devices and kind.cpu_m <= 0:
            raise ModelError("a class without devices takes some CPU: it is priced by that")

    def column(*values: int) -> Ints:
        return np.array(values, np.int64)

    return Kinds(
        cpu=column(*(kind.cpu_m for kind in problem.kinds)),
        memory=column(*(kind.memory for kind in problem.kinds)),
        number=column(*(kind.devices for kind in problem.kinds)),
        units=column(*(kind.milli // unit for kind in problem.kinds)),
        gain=column(*(kind.total for kind in problem.kinds)),
        model=np.array([[kind.suits(m) for m in models] for kind in problem.kinds], np.int64),
    )


def _nodes_of(problem: Problem, kinds: Kinds, models: tuple[str, ...], full: int) -> Nodes:
    on: list[list[int]] = [[] for _ in problem.nodes]
    for p, pod in enumerate(problem.pods):
        if pod.node is not None:
            on[pod.node].append(p)
    widest = max([1, *(node.devices for node in problem.nodes)])
    cpu = np.array([node.cpu_m for node in problem.nodes], np.int64)
    memory = np.array([node.memory for node in problem.nodes], np.int64)
    device = np.zeros((len(problem.nodes), widest), np.int64)
    pods: list[tuple[int, int, int, int, int]] = []
    start = [0]
    for n, node in enumerate(problem.nodes):
        device[n, : node.devices] = full
        seen: dict[tuple[int, int], list[int]] = {}
        for p in on[n]:
            k, held = problem.pods[p].kind, problem.pods[p].devices
            cpu[n] -= kinds.cpu[k]
            memory[n] -= kinds.memory[k]
            device[n, list(held)] -= kinds.units[k]
            mask = sum(1 << d for d in held)
            same = seen.setdefault((k, mask if 0 < kinds.units[k] < full else 0), [])
            if problem.pods[p].fixed:
                continue
            if len(pods) - start[n] < MOVABLE:
                pods.append((p, k, mask, same[0] if same else p, len(same)))
            same.append(p)
        start.append(len(pods))
    table = np.array(pods, np.int64).reshape(-1, 5).T.copy()
    return Nodes(
        cpu=cpu,
        memory=memory,
        device=device,
        number=np.array([node.devices for node in problem.nodes], np.int64),
        model=np.array([models.index(node.model) for node in problem.nodes], np.int64),
        start=np.array(start, np.int64),
        pod=table[0],
        kind=table[1],
        mask=table[2],
        alike=table[3],
        rank=table[4],
    )
