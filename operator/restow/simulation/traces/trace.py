"""A trace in memory: nodes, pods, and what happened when."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceNode:
    """A node; `model` is that of its devices, or names what sort of node it is."""

    name: str
    cpu_m: int
    memory_mib: int
    devices: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePod:
    """A pod as it arrives.

    Parameters
    ----------
    devices
        How many it is on.
    milli
        What it takes of each, in thousandths.
    models
        Models of nodes that will do; None for all.
    group
        Name of the group of nodes that will do; None for all nodes.
    fixed
        Only put where the trace has it.
    movable
        Whether it may be moved.
    runs_s
        It departs so long after it has been placed; None if a departure says when.
    """

    name: str
    cpu_m: int
    memory_mib: int
    devices: int = 0
    milli: int = 0
    models: frozenset[str] | None = None
    group: str | None = None
    priority: int = 0
    fixed: bool = False
    movable: bool = True
    runs_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A pod is there, by its index in the trace, and asks for a node."""

    at: float
    pod: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A pod is gone, whether it had a node or not."""

    at: float
    pod: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Where a pod was put when the trace was recorded; `devices` None where that is not known."""

    at: float
    pod: int
    node: int
    devices: tuple[int, ...] | None = None


Event = Arrival | Departure | Placing


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Who came and went.

    Parameters
    ----------
    groups
        Names of nodes, by group.
    events
        Times ascending, in seconds from the start.
    ends_s
        When nobody looked any more.
    digest
        Of the trace's text.
    torn
        Whether the last line was not written to its end, and is left out.
    """

    nodes: tuple[TraceNode, ...]
    groups: Mapping[str, frozenset[str]]
    pods: tuple[TracePod, ...]
    events: tuple[Event, ...]
    ends_s: float
    digest: str
    torn: bool = False
