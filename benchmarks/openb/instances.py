"""Reads snapshots of the openb cluster, and writes plans; formats: check_plan.py in the data."""

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restow.sharing.engine import Outcome
from restow.sharing.ordering import order
from restow.sharing.problem import FULL, Node, Pod, PodClass, Problem


class MalformedError(Exception):
    """The file is no snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A snapshot, with the names of its nodes and pods."""

    problem: Problem
    nodes: tuple[str, ...]
    pods: tuple[str, ...]


def read(path: Path, limit: int) -> Instance:
    """Return a snapshot as a problem of at most `limit` moves.

    Raises
    ------
    MalformedError
        The file is no snapshot.
    """
    try:
        with gzip.open(path, "rt") as file:
            content = json.load(file)
        problem = Problem(
            nodes=tuple(
                Node(cpu_m=cpu, memory=memory, devices=gpus, model=model)
                for _, cpu, memory, gpus, model in content["nodes"]
            ),
            kinds=tuple(class_of(*row) for row in content["classes"]),
            pods=tuple(
                Pod(kind=kind, node=node if node >= 0 else None, devices=tuple(devices))
                for _, kind, node, devices in content["pods"]
            ),
            limit=limit,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MalformedError(f"{path}: {error}") from error
    return Instance(
        problem=problem,
        nodes=tuple(row[0] for row in content["nodes"]),
        pods=tuple(row[0] for row in content["pods"]),
    )


def class_of(cpu: int, memory: int, gpus: int, milli: int, spec: str) -> PodClass:
    """Return a class of pods; an empty `spec` allows any model."""
    models = frozenset(spec.split("|")) if spec else None
    return PodClass(cpu_m=cpu, memory=memory, devices=gpus, milli=milli, models=models)


def plan_of(instance: Instance, outcome: Outcome) -> dict[str, Any]:
    """Return a plan, with allocation and bound in per cent of the devices.

    `parked` is the most pods that are without a place at a moment while it is carried out.
    """
    problem = instance.problem
    total = sum(node.devices for node in problem.nodes) * FULL / 100
    start = problem.allocated()
    steps: dict[bool, list[list[Any]]] = {True: [], False: []}
    for step in outcome.plan:
        row = [instance.pods[step.pod], instance.nodes[step.node], list(step.devices)]
        steps[problem.pods[step.pod].node is not None].append(row)
    return {
        "moves": steps[True],
        "placements": steps[False],
        "parked": order(problem, outcome.plan).parked,
        "start_pct": round(start / total, 4),
        "alloc_pct": round((start + outcome.gain) / total, 4),
        "bound_pct": round((start + outcome.bound) / total, 4),
    }


def write(path: Path, plan: dict[str, Any]) -> None:
    """Write a plan at once: whoever reads finds the one before, or this one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(plan))
    beside.replace(path)
