"""The lines of a trace file, each one JSON object; docs/simulation.md describes them."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from restow.core.quantity import value, value_milli
from restow.policies.model import Flag, Model, Seconds, Whole, contradiction

VERSION: Final = 1

MEBI: Final = 1 << 20
MOST_DEVICES: Final = 32
MOST_CPU_M: Final = 10**10
MOST_MEMORY_MIB: Final = 10**12


def _cpu(text: str) -> str:
    if not 0 <= _quantity(text, value_milli) <= MOST_CPU_M:
        raise contradiction(problem=f"{text!r} is no amount of CPU", remedy="write it like 500m")
    return text


def _memory(text: str) -> str:
    if not 0 <= _quantity(text, value) <= MOST_MEMORY_MIB * MEBI:
        raise contradiction(problem=f"{text!r} is no amount of memory", remedy="write it like 4Gi")
    return text


def _quantity(text: str, read: Any) -> int:
    try:
        return int(read(text))
    except ValueError as error:
        raise contradiction(problem=str(error), remedy="write it like 500m or 4Gi") from error


Cpu = Annotated[str, AfterValidator(_cpu)]
Memory = Annotated[str, AfterValidator(_memory)]
At = Annotated[Seconds, Field(ge=0, le=1e10)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=600)]
Devices = Annotated[Whole, Field(ge=0, le=MOST_DEVICES)]
Device = Annotated[Whole, Field(ge=0, lt=MOST_DEVICES)]


class HeaderLine(Model):
    """The first line."""

    restow: Text
    """Always `trace`."""
    version: Whole
    started: Text | None = None
    """The moment 0, if it was one."""
    anonymised: Flag = False


class NodeLine(Model):
    """A node."""

    node: Text
    cpu: Cpu
    memory: Memory
    gpus: Devices = 0
    model: str = ""


class GroupLine(Model):
    """Nodes that pods may name together."""

    group: Text
    nodes: tuple[Text, ...]


class ArrivalLine(Model):
    """A pod that asks for a node."""

    at: At
    arrives: Text
    cpu: Cpu = "0"
    memory: Memory = "0"
    gpus: Devices = 0
    share: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    """Thousandths of its only GPU; left out for all of it."""
    models: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    group: Text | None = None
    priority: Annotated[Whole, Field(ge=-(2**31), lt=2**31)] = 0
    fixed: Flag = False
    """Put where the trace has it, and nowhere else; never moved."""
    movable: Flag = True
    runs: Annotated[Seconds, Field(gt=0, le=1e10)] | None = None
    namespace: Text | None = None
    """For people; so are labels."""
    labels: dict[str, str] = Field(default_factory=dict)


class DepartureLine(Model):
    """A pod that is gone."""

    at: At
    departs: Text


class PlacedLine(Model):
    """Where a pod was put."""

    at: At
    placed: Text
    node: Text
    devices: tuple[Device, ...] | None = None


class EndLine(Model):
    """Nobody looked any more."""

    at: At
    ends: Flag


Line = NodeLine | GroupLine | ArrivalLine | DepartureLine | PlacedLine | EndLine

KINDS: Final[dict[str, type[Line]]] = {
    "arrives": ArrivalLine,
    "departs": DepartureLine,
    "placed": PlacedLine,
    "group": GroupLine,
    "node": NodeLine,
    "ends": EndLine,
}
"""What a line is, by the first of these fields that it has."""
