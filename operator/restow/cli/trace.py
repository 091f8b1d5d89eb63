"""`restow trace`: print a trace to simulate, made up or of published data."""

import sys
from collections.abc import Sequence
from pathlib import Path

from restow.simulation.traces.drawing import Demand, arrivals, example_nodes, example_pods
from restow.simulation.traces.openb import nodes_of, pods_of
from restow.simulation.traces.trace import TraceNode, TracePod
from restow.simulation.traces.writing import lines


def synthetic(nodes: int, gpus: int, demand: Demand) -> None:
    """Print a trace of equal nodes and the example's mix of pods."""
    _print(example_nodes(nodes, gpus), example_pods(gpus), demand)


def openb(nodes: Path, pods: Path, demand: Demand) -> None:
    """Print a trace of openb's nodes, and of pods drawn from one of its lists.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    mix = [
        TracePod(
            name=row.name,
            cpu_m=row.cpu_m,
            memory_mib=row.memory_mib,
            devices=row.devices,
            milli=row.milli,
            models=row.models,
        )
        for row in pods_of(pods)
    ]
    _print(nodes_of(nodes), mix, demand)


def _print(nodes: Sequence[TraceNode], mix: Sequence[TracePod], demand: Demand) -> None:
    drawn = arrivals(nodes, mix, demand)
    for line in lines(nodes, drawn, 86_400 * demand.days):
        sys.stdout.write(f"{line}\n")
