"""Traces that are made up: pods drawn from a mix arrive by chance and run for a while.

Arrivals are a Poisson process and running times exponential, so that what is asked for at any
moment is the load wanted, on average, from the first moment on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from restow.core.errors import InputError
from restow.simulation.traces.trace import TraceNode, TracePod

FULL: Final = 1000
GIB: Final = 1024

EXAMPLE: Final = (  # how often, GPUs, thousandths of each, CPUs, GiB
    (18, 0, 0, 4, 16),
    (16, 1, 250, 2, 8),
    (16, 1, 500, 4, 16),
    (10, 1, 700, 6, 24),
    (24, 1, FULL, 8, 48),
    (8, 2, FULL, 16, 96),
    (5, 4, FULL, 32, 192),
    (3, 8, FULL, 64, 384),
)
"""A mix of pods that share GPUs, as clusters of notebooks, inference and training have."""

WITHOUT: Final = ((40, 1, 4), (30, 2, 8), (15, 4, 16), (10, 8, 32), (5, 24, 96))
"""A mix of pods without GPUs: how often, CPUs, GiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How much is asked for.

    Parameters
    ----------
    load
        What is asked for at any moment, as a share of all devices, or of all CPU where there are
        none.
    runs_s
        Mean time that a pod runs.
    """

    load: float
    runs_s: float
    days: float
    seed: int


def example_nodes(number: int, gpus: int) -> tuple[TraceNode, ...]:
    """Return equal nodes: 12 CPUs and 96 GiB for each GPU, or 64 CPUs and 256 GiB without."""
    cpus, gib = (12 * gpus, 96 * gpus) if gpus else (64, 256)
    return tuple(
        TraceNode(
            name=f"node-{n:04}",
            cpu_m=FULL * cpus,
            memory_mib=GIB * gib,
            devices=gpus,
            model="GPU" if gpus else "",
        )
        for n in range(number)
    )


def example_pods(gpus: int) -> tuple[TracePod, ...]:
    """Return the mix, each pod as often as it is drawn of a hundred; those that a node can hold."""
    if not gpus:
        rows = [(often, 0, 0, cpus, gib) for often, cpus, gib in WITHOUT]
    else:
        rows = [row for row in EXAMPLE if row[1] <= gpus]
    return tuple(
        TracePod(name="", cpu_m=FULL * cpus, memory_mib=GIB * gib, devices=devices, milli=milli)
        for often, devices, milli, cpus, gib in rows
        for _ in range(often)
    )


def arrivals(
    nodes: Sequence[TraceNode], mix: Sequence[TracePod], demand: Demand
) -> Iterator[tuple[float, TracePod]]:
    """Yield who arrives when, times ascending: at first those that run already, then the others.

    Raises
    ------
    InputError
        The mix asks for nothing that the nodes have.
    """
    dice = np.random.default_rng(demand.seed)
    first = round(running(nodes, mix, demand))
    for number in range(first):
        pod = mix[int(dice.integers(len(mix)))]
        yield 0.0, replace(pod, name=f"pod-{number:06}", runs_s=runtime(demand, dice))
    yield from later(nodes, mix, demand, dice, first)


def later(
    nodes: Sequence[TraceNode],
    mix: Sequence[TracePod],
    demand: Demand,
    dice: np.random.Generator,
    number: int,
) -> Iterator[tuple[float, TracePod]]:
    """Yield who arrives after the start, numbered from `number` on; as `arrivals`."""
    between_s, at = demand.runs_s / running(nodes, mix, demand), 0.0
    while True:
        at += float(dice.exponential(between_s))
        if at > 86_400 * demand.days:
            return
        pod = mix[int(dice.integers(len(mix)))]
        yield round(at, 3), replace(pod, name=f"pod-{number:06}", runs_s=runtime(demand, dice))
        number += 1


def runtime(demand: Demand, dice: np.random.Generator) -> float:
    """Return how long a pod runs: from its start, or from any moment on, which is the same."""
    return round(float(dice.exponential(demand.runs_s)), 3) or 0.001


def running(nodes: Sequence[TraceNode], mix: Sequence[TracePod], demand: Demand) -> float:
    """Return how many pods of the mix ask for the load together.

    Raises
    ------
    InputError
        The mix asks for nothing that the nodes have.
    """
    devices = any(node.devices for node in nodes)
    room = sum(FULL * node.devices if devices else node.cpu_m for node in nodes)
    each = sum(pod.devices * pod.milli if devices else pod.cpu_m for pod in mix) / max(1, len(mix))
    if not each or not room:
        raise InputError(
            where="command line",
            field="pods",
            problem="ask for nothing that the nodes have",
            remedy="give nodes and pods of the same kind: with GPUs, or all without",
        )
    return demand.load * room / each
