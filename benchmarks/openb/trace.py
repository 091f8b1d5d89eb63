"""Reads the openb trace: nodes, pods by name, and the order in which they arrive."""

import csv
import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.openb.instances import class_of
from restow.sharing.arrays import Ints
from restow.sharing.problem import Node
from restow.simulation.placing.workload import Workload
from restow.simulation.traces.openb import nodes_of, pods_of

DATA = Path("../shared/bench/openb")
"""Where the data is by default: beside the repository, in whose root benchmarks are run."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pods:
    """One workload on the cluster.

    Parameters
    ----------
    kind
        (pods,) class of each pod, by name.
    """

    workload: Workload
    kind: Ints


def read(data: Path, trace: str) -> Pods:
    """Return a workload."""
    nodes = nodes_of(data / "openb_node_list_gpu_node.csv.gz")
    rows = [row[1:] for row in pods_of(data / f"pods/openb_pod_list_{trace}.csv.gz")]
    classes = sorted(set(rows))
    number = {row: k for k, row in enumerate(classes)}
    count = Counter(number[row] for row in rows)
    workload = Workload(
        nodes=tuple(
            Node(cpu_m=node.cpu_m, memory=node.memory_mib, devices=node.devices, model=node.model)
            for node in nodes
        ),
        kinds=tuple(class_of(*row) for row in classes),
        count=np.array([count[k] for k in range(len(classes))], np.int64),
    )
    return Pods(workload=workload, kind=np.array([number[row] for row in rows], np.int64))


def arrivals(data: Path, trace: str, seed: int) -> tuple[Ints, Ints]:
    """Return the pods in the order in which they arrive, and the rank of each node among equals.

    Raises
    ------
    LookupError
        There is no such trace, or no such seed of it.
    """
    csv.field_size_limit(1 << 24)
    with gzip.open(data / "arrivals.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["trace"] == trace and int(row["seed"]) == seed:
                return _numbers(row["pod_order"]), _numbers(row["node_rank"])
    raise LookupError(f"no arrivals of {trace} with seed {seed}")


def _numbers(text: str) -> Ints:
    return np.array(text.split(), np.int64)
