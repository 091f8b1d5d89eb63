"""`python -m benchmarks.traces grid|instance`: the benchmarks' clusters as traces to simulate.

`grid` draws one instance of grid A of *Priority Matters*, `instance` reads one of vmr2l's
Kubernetes-shaped files (GPU, HET), whose pods are there at the start, where the file has them. From
then on pods of the same mix come by chance and run for a while. The trace goes to stdout.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.arguments import count
from benchmarks.priority_matters.instances import draw
from restow.simulation.traces.drawing import Demand, arrivals, later, runtime
from restow.simulation.traces.lines import VERSION, EndLine, HeaderLine, PlacedLine
from restow.simulation.traces.trace import TraceNode, TracePod
from restow.simulation.traces.writing import arrival_line, lines, node_line, written

FULL: Final = 1000
MEBI: Final = 1 << 20


def main() -> int:
    """Print a trace; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traces", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    grid = commands.add_parser("grid", help="grid A of Priority Matters")
    for name, default in (("--nodes", 8), ("--pods-per-node", 8), ("--priorities", 4)):
        grid.add_argument(name, type=count, default=default)
    grid.add_argument("--utilisation", type=float, default=0.95)
    instance = commands.add_parser("instance", help="a Kubernetes-shaped instance of vmr2l")
    instance.add_argument("file", type=Path)
    instance.add_argument("--load", type=float, default=0.9, help="share of all GPUs, or CPUs")
    for command in (grid, instance):
        command.add_argument("--days", type=float, default=1.0)
        command.add_argument("--runtime-hours", type=float, default=4.0, help="mean")
        command.add_argument("--seed", type=count, default=0)
    asked = parser.parse_args()
    try:
        for line in _grid(asked) if asked.command == "grid" else _instance(asked):
            sys.stdout.write(f"{line}\n")
    except (OSError, ValueError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


def _demand(asked: argparse.Namespace, load: float) -> Demand:
    return Demand(load=load, runs_s=3600 * asked.runtime_hours, days=asked.days, seed=asked.seed)


def _grid(asked: argparse.Namespace) -> Iterator[str]:
    drawn = draw(
        nodes=asked.nodes,
        pods_per_node=asked.pods_per_node,
        priorities=asked.priorities,
        utilisation=asked.utilisation,
        seed=asked.seed,
    )
    cpu_m, memory = drawn.capacity
    nodes = [
        TraceNode(name=f"node-{n:03}", cpu_m=cpu_m, memory_mib=memory // MEBI)
        for n in range(drawn.nodes)
    ]
    mix = [
        TracePod(
            name=each.name,
            cpu_m=each.demand[0],
            memory_mib=-(-each.demand[1] // MEBI),
            priority=each.priority,
        )
        for each in drawn.sets
        for _ in range(each.replicas)
    ]
    demand = _demand(asked, asked.utilisation)
    return lines(nodes, arrivals(nodes, mix, demand), 86_400 * demand.days)


def _instance(asked: argparse.Namespace) -> Iterator[str]:
    raw = asked.file.read_bytes()
    document = json.loads(gzip.decompress(raw) if asked.file.suffix == ".gz" else raw)
    names: Sequence[str] = document["resources"]
    nodes = [_node(names, row) for row in document["nodes"]]
    there = [(_pod(names, row), nodes[row["node"]].name) for row in document["pods"]]
    mix, demand = [pod for pod, _ in there], _demand(asked, asked.load)
    dice = np.random.default_rng(demand.seed)
    yield written(HeaderLine(restow="trace", version=VERSION))
    yield from (written(node_line(node)) for node in nodes)
    for pod, node in there:
        yield written(arrival_line(0.0, replace(pod, runs_s=runtime(demand, dice))))
        yield written(PlacedLine(at=0.0, placed=pod.name, node=node))
    for at, pod in later(nodes, mix, demand, dice, len(there)):
        yield written(arrival_line(at, replace(pod, name=f"later-{pod.name}")))
    yield written(EndLine(at=86_400 * demand.days, ends=True))


def _node(names: Sequence[str], row: dict[str, Any]) -> TraceNode:
    has = dict(zip(names, row["allocatable"], strict=True))
    return TraceNode(
        name=row["name"],
        cpu_m=has["cpu_m"],
        memory_mib=has["mem_mib"],
        devices=has.get("gpu", 0),
    )


def _pod(names: Sequence[str], row: dict[str, Any]) -> TracePod:
    asks = dict(zip(names, row["requests"], strict=True))
    devices = asks.get("gpu", 0)
    return TracePod(
        name=row["name"],
        cpu_m=asks["cpu_m"],
        memory_mib=asks["mem_mib"],
        devices=devices,
        milli=FULL if devices else 0,
    )


if __name__ == "__main__":
    sys.exit(main())
