"""A trace as classes of pods on sorts of nodes: what placement and moves work on."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from restow.sharing.problem import Node, PodClass
from restow.simulation.placing.workload import Workload
from restow.simulation.traces.trace import Trace, TraceNode, TracePod


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sorted:
    """The workload of a trace, and the class of each of its pods."""

    workload: Workload
    kind: tuple[int, ...]


def sort(trace: Trace) -> Sorted:
    """Return nodes by sort and pods by class.

    Nodes of one model that belong to the same groups are of one sort. A pod that asks for nothing
    counts as one thousandth of a CPU.
    """
    groups = sorted({pod.group for pod in trace.pods if pod.group is not None})
    sorts = [_sort(node, trace, groups) for node in trace.nodes]
    everywhere = frozenset(sorts)
    allowed: dict[tuple[frozenset[str] | None, str | None], frozenset[str] | None] = {}
    classes: dict[PodClass, int] = {}
    kind = []
    for pod in trace.pods:
        asked = (pod.models, pod.group)
        if asked not in allowed:
            found = frozenset(
                name
                for name, node in zip(sorts, trace.nodes, strict=True)
                if _suits(pod, node, trace)
            )
            allowed[asked] = None if found == everywhere else found
        kind.append(classes.setdefault(_class(pod, allowed[asked]), len(classes)))
    count = Counter(kind)
    workload = Workload(
        nodes=tuple(
            Node(cpu_m=node.cpu_m, memory=node.memory_mib, devices=node.devices, model=name)
            for name, node in zip(sorts, trace.nodes, strict=True)
        ),
        kinds=tuple(classes),
        count=np.array([count[k] for k in range(len(classes))], np.int64),
    )
    return Sorted(workload=workload, kind=tuple(kind))


def _sort(node: TraceNode, trace: Trace, groups: list[str]) -> str:
    inside = [str(g) for g, name in enumerate(groups) if node.name in trace.groups[name]]
    return f"{node.model} {' '.join(inside)}" if inside else node.model


def _suits(pod: TracePod, node: TraceNode, trace: Trace) -> bool:
    return (pod.models is None or node.model in pod.models) and (
        pod.group is None or node.name in trace.groups[pod.group]
    )


def _class(pod: TracePod, models: frozenset[str] | None) -> PodClass:
    return PodClass(
        cpu_m=pod.cpu_m or int(not pod.devices),
        memory=pod.memory_mib,
        devices=pod.devices,
        milli=pod.milli,
        models=models,
    )
