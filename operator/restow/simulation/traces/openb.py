"""Reads the openb trace as published: nodes and pods as CSV files, compressed or not.

Columns: `sn`, `cpu_milli`, `memory_mib`, `gpu`, `model` of nodes; `name`, `cpu_milli`,
`memory_mib`, `num_gpu`, `gpu_milli` and, where there is one, `gpu_spec` of pods
(Weng et al., USENIX ATC 2023).
"""

import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from restow.core.errors import InputError
from restow.simulation.traces.trace import TraceNode

GZIP = b"\x1f\x8b"

T = TypeVar("T")


class Row(NamedTuple):
    """A pod as the file has it; `spec` are the models that will do, joined by `|`, empty for all.

    `milli` is of each device, in thousandths.
    """

    name: str
    cpu_m: int
    memory_mib: int
    devices: int
    milli: int
    spec: str

    @property
    def models(self) -> frozenset[str] | None:
        """Return the models that will do; None for all."""
        return frozenset(self.spec.split("|")) if self.spec else None


def nodes_of(path: Path) -> list[TraceNode]:
    """Return the nodes, by name.

    Raises
    ------
    InputError
        The file cannot be read, or a row cannot be used.
    """
    return sorted(_rows(path, _node), key=lambda node: node.name)


def pods_of(path: Path) -> list[Row]:
    """Return the pods, by name; as `nodes_of`."""
    return sorted(_rows(path, _pod), key=lambda pod: pod.name)


def _node(row: dict[str, str]) -> TraceNode:
    return TraceNode(
        name=row["sn"],
        cpu_m=int(row["cpu_milli"]),
        memory_mib=int(row["memory_mib"]),
        devices=int(row["gpu"]),
        model=row["model"],
    )


def _pod(row: dict[str, str]) -> Row:
    devices = int(row["num_gpu"])
    return Row(
        name=row["name"],
        cpu_m=int(row["cpu_milli"]),
        memory_mib=int(row["memory_mib"]),
        devices=devices,
        milli=int(row["gpu_milli"]) if devices else 0,
        spec=row.get("gpu_spec") or "",
    )


def _rows(path: Path, read: Callable[[dict[str, str]], T]) -> Iterator[T]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw.startswith(GZIP) else raw).decode()
    except (OSError, EOFError, ValueError) as error:
        raise _unusable(str(path), "", error) from error
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            yield read(row)
        except KeyError as error:
            raise _unusable(f"{path}, line {number}", str(error.args[0]), "is missing") from error
        except (ValueError, TypeError) as error:
            raise _unusable(f"{path}, line {number}", "", error) from error


def _unusable(where: str, field: str, problem: Any) -> InputError:
    return InputError(
        where=where,
        field=field,
        problem=str(problem),
        remedy="give a CSV file of the openb trace, as published",
    )
