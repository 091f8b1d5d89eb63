"""Writes trace files, line by line."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from restow.simulation.traces.lines import (
    VERSION,
    ArrivalLine,
    EndLine,
    GroupLine,
    HeaderLine,
    NodeLine,
)
from restow.simulation.traces.trace import TraceNode, TracePod

FULL = 1000


def written(line: BaseModel) -> str:
    """Return a line as it is written, without its end."""
    return line.model_dump_json(by_alias=True, exclude_defaults=True)


def lines(
    nodes: Iterable[TraceNode], arrivals: Iterable[tuple[float, TracePod]], ends_s: float
) -> Iterator[str]:
    """Yield the lines of a trace of nodes and pods that come and run."""
    yield written(HeaderLine(restow="trace", version=VERSION))
    yield from (written(node_line(node)) for node in nodes)
    yield from (written(arrival_line(at, pod)) for at, pod in arrivals)
    yield written(EndLine(at=ends_s, ends=True))


def node_line(node: TraceNode) -> NodeLine:
    """Return the line of a node."""
    return NodeLine(
        node=node.name,
        cpu=f"{node.cpu_m}m",
        memory=f"{node.memory_mib}Mi",
        gpus=node.devices,
        model=node.model,
    )


def arrival_line(at: float, pod: TracePod) -> ArrivalLine:
    """Return the line of a pod that arrives."""
    return ArrivalLine(
        at=at,
        arrives=pod.name,
        cpu=f"{pod.cpu_m}m",
        memory=f"{pod.memory_mib}Mi",
        gpus=pod.devices,
        share=pod.milli if pod.devices and pod.milli < FULL else None,
        models=tuple(sorted(pod.models)) if pod.models is not None else None,
        group=pod.group,
        priority=pod.priority,
        fixed=pod.fixed,
        runs=pod.runs_s,
    )


def group_line(name: str, nodes: Iterable[str]) -> GroupLine:
    """Return the line of a group of nodes."""
    return GroupLine(group=name, nodes=tuple(sorted(nodes)))
