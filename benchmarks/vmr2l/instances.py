"""Reading instances: mapping files in the form of VMR2L's authors, and Kubernetes-shaped ones."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from restow.rescheduling.problem import Group, Mover, MoverClass, Problem, Shape

SLOT: Final = 16
"""vCPUs of the shape whose copies are counted on each NUMA node."""

BOTH: Final = 2
"""A VM that stands on both NUMA nodes of its machine, in place of a NUMA node's number."""


class MalformedError(Exception):
    """The file is not an instance; the message says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A problem, and what its parts are called.

    Parameters
    ----------
    problem
        Without a limit.
    nodes, movers
        Names.
    """

    name: str
    problem: Problem
    nodes: tuple[str, ...]
    movers: tuple[str, ...]

    def numa(self, kind: int, mode: int) -> int:
        """Return the NUMA node of a mode, or `BOTH`; 0 where there are none."""
        sizes = self.problem.kinds[kind].modes
        return BOTH if len(sizes) == 1 and len(sizes[0]) == 4 else mode


def read(path: Path) -> Instance:
    """Return the instance in a JSON file, compressed or not.

    Raises
    ------
    MalformedError
        The file cannot be read as either form.
    """
    try:
        raw = path.read_bytes()
        document = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        name = path.name.removesuffix(".gz").removesuffix(".json")
        return _pods(name, document) if "nodes" in document else _mapping(name, document)
    except (OSError, ValueError, EOFError) as error:
        raise MalformedError(f"{path}: {error}; give a JSON file of vmr2l's form") from error
    except (KeyError, IndexError, TypeError) as error:
        problem = f"{type(error).__name__} {error}"
        raise MalformedError(f"{path}: {problem}; see the README beside the instances") from error


def _pods(name: str, document: dict[str, Any]) -> Instance:
    free = [list(node["allocatable"]) for node in document["nodes"]]
    sizes = sorted({tuple(pod["requests"]) for pod in document["pods"]})
    number = {size: k for k, size in enumerate(sizes)}
    for pod in document["pods"]:
        for r, amount in enumerate(pod["requests"]):
            free[pod["node"]][r] -= amount
    problem = Problem(
        free=tuple(tuple(row) for row in free),
        kinds=tuple(MoverClass(modes=(size,)) for size in sizes),
        movers=tuple(
            Mover(node=pod["node"], kind=number[tuple(pod["requests"])]) for pod in document["pods"]
        ),
        shapes=tuple(
            Shape(requests=(tuple(target["requests"]),), weight=_whole(target["weight"]))
            for target in document["targets"]
        ),
        limit=0,
    )
    return Instance(
        name=name,
        problem=problem,
        nodes=tuple(node["name"] for node in document["nodes"]),
        movers=tuple(pod["name"] for pod in document["pods"]),
    )


def _whole(weight: float) -> int:
    if weight != int(weight):
        raise ValueError(f"weight {weight} is not a whole number")
    return int(weight)


def _mapping(name: str, document: dict[str, Any]) -> Instance:
    (cluster,) = document["cluster_list"]
    hosts, guests = cluster["host_info"], cluster["vm_instance"]
    index = {host["node_id"]: n for n, host in enumerate(hosts)}
    sizes = sorted({_size(guest["numa"]) for guest in guests})
    number = {size: k for k, size in enumerate(sizes)}
    problem = Problem(
        free=tuple(_room(host["numa"]) for host in hosts),
        kinds=tuple(MoverClass(modes=_modes(*size)) for size in sizes),
        movers=tuple(
            Mover(
                node=index[guest["host_id"]],
                kind=number[_size(guest["numa"])],
                mode=guest["numa"][0]["node"] if len(guest["numa"]) == 1 else 0,
            )
            for guest in guests
        ),
        shapes=(Shape(requests=((SLOT, 0, 0, 0), (0, 0, SLOT, 0))),),
        groups=tuple(Group(movers=frozenset(group)) for group in document.get("conflict_sets", [])),
        limit=0,
    )
    return Instance(
        name=name,
        problem=problem,
        nodes=tuple(host["node_id"] for host in hosts),
        movers=tuple(guest["instance_id"] for guest in guests),
    )


def _room(numa: Sequence[dict[str, int]]) -> tuple[int, ...]:
    free = [0, 0, 0, 0]
    for part in numa:
        free[2 * part["node"]] = part["free_cpu"]
        free[2 * part["node"] + 1] = part["memory_huge_free_mb"]
    return tuple(free)


def _size(numa: Sequence[dict[str, int]]) -> tuple[int, int, int]:
    """Return (NUMA nodes, vCPUs and MiB on each)."""
    each = {(part["cpu"], part["mem_mb"]) for part in numa}
    if len(each) != 1:
        raise ValueError(f"a VM takes unequal parts of its NUMA nodes: {numa}")
    return (len(numa), *each.pop())


def _modes(parts: int, cpu: int, memory: int) -> tuple[tuple[int, ...], ...]:
    if parts == 2:
        return ((cpu, memory, cpu, memory),)
    return ((cpu, memory, 0, 0), (0, 0, cpu, memory))
