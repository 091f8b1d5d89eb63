"""Reads a trace file: JSON lines, compressed or not. Every mistake is told by its line."""

import gzip
import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from restow.core.errors import InputError
from restow.core.quantity import value, value_milli
from restow.policies.invalid import checked
from restow.simulation.traces.lines import (
    KINDS,
    MEBI,
    VERSION,
    ArrivalLine,
    DepartureLine,
    EndLine,
    GroupLine,
    HeaderLine,
    Line,
    NodeLine,
    PlacedLine,
)
from restow.simulation.traces.trace import (
    Arrival,
    Departure,
    Event,
    Placing,
    Trace,
    TraceNode,
    TracePod,
)

GZIP: Final = b"\x1f\x8b"
FULL: Final = 1000


def read(path: str, stdin: BinaryIO) -> Trace:
    """Return the trace of a file, or of standard input for `-`.

    A last line that was not written to its end, as a killed recorder leaves it, is left out.

    Raises
    ------
    InputError
        The file cannot be read, or a line cannot be used; it names the line, the field and what
        to write.
    """
    title = "standard input" if path == "-" else path
    try:
        raw = stdin.read() if path == "-" else Path(path).read_bytes()
        body = gzip.decompress(raw) if raw.startswith(GZIP) else raw
        text = body.decode()
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            where=title,
            field="",
            problem=f"cannot be read: {error}",
            remedy="give a file that `restow record` or `restow trace` wrote",
        ) from error
    return parse(text, title)


def parse(text: str, title: str) -> Trace:
    """Return the trace that a text describes; `title` names it in errors, as `read`."""
    *lines, last = text.split("\n")
    torn = bool(last) and not _whole(last)
    if last and not torn:
        lines.append(last)
    reader = _Reader(title)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            reader.take(number, line)
    return reader.trace(sha256(text.encode()).hexdigest(), torn=torn)


def _whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@dataclass
class _Reader:
    """Puts a trace together line by line, and refuses what contradicts what came before."""

    title: str
    header: bool = False
    where: str = ""
    nodes: dict[str, TraceNode] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    pods: list[TracePod] = field(default_factory=list)
    here: dict[str, int] = field(default_factory=dict)
    number: dict[str, int] = field(default_factory=dict)
    placed: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    ends: float = 0.0

    def take(self, number: int, text: str) -> None:
        self.where = f"{self.title}, line {number}"
        try:
            found = json.loads(text)
        except ValueError as error:
            self._no("", f"is no JSON: {error}", "write one JSON object per line")
        if not isinstance(found, dict):
            self._no("", "is no JSON object", "write one JSON object per line")
        if not self.header:
            self._begin(found)
            return
        kind = next((name for name in KINDS if name in found), None)
        if kind is None:
            names = ", ".join(KINDS)
            self._no("", "does not say what it is", f"give it one of the fields {names}")
        self._add(checked(KINDS[kind], found, where=self.where))

    def trace(self, digest: str, *, torn: bool) -> Trace:
        """Return the whole."""
        self.where = self.title
        if not self.header:
            self._no("", "is empty", "begin it with " + _first_line())
        if not self.nodes:
            self._no("", "has no node", 'add lines such as {"node": "a", "cpu": "8", …}')
        if not self.pods:
            self._no("", "has no pod", 'add lines such as {"at": 0, "arrives": "p", …}')
        return Trace(
            nodes=tuple(self.nodes.values()),
            groups=self.groups,
            pods=tuple(self.pods),
            events=tuple(self.events),
            ends_s=self.ends,
            digest=digest,
            torn=torn,
        )

    def _begin(self, found: dict[str, Any]) -> None:
        if found.get("restow") != "trace":
            self._no(
                "restow", "the file does not begin like a trace", "begin with " + _first_line()
            )
        header = checked(HeaderLine, found, where=self.where)
        if header.version != VERSION:
            self._no("version", f"{header.version} is not known", f"use {VERSION}")
        self.header = True

    def _add(self, line: Line) -> None:
        match line:
            case NodeLine():
                self._node(line)
            case GroupLine():
                self._group(line)
            case ArrivalLine():
                self._arrival(line)
            case DepartureLine():
                self._moment(line.at)
                self.events.append(Departure(at=line.at, pod=self._gone(line.departs)))
            case PlacedLine():
                self._placed(line)
            case EndLine():
                self._moment(line.at)

    def _node(self, line: NodeLine) -> None:
        if line.node in self.nodes:
            self._no("node", f"{line.node!r} is there already", "name each node once")
        if self.pods:
            self._no("node", "comes after an arrival", "put all nodes before the first arrival")
        self.number[line.node] = len(self.nodes)
        self.nodes[line.node] = TraceNode(
            name=line.node,
            cpu_m=value_milli(line.cpu),
            memory_mib=value(line.memory) // MEBI,
            devices=line.gpus,
            model=line.model,
        )

    def _group(self, line: GroupLine) -> None:
        if line.group in self.groups:
            self._no("group", f"{line.group!r} is there already", "name each group once")
        for at, name in enumerate(line.nodes):
            if name not in self.nodes:
                self._no(f"nodes[{at}]", f"there is no node {name!r}", "name nodes from above")
        self.groups[line.group] = frozenset(line.nodes)

    def _arrival(self, line: ArrivalLine) -> None:
        self._moment(line.at)
        if line.arrives in self.here:
            self._no("arrives", f"{line.arrives!r} is there already", "let it depart first")
        if line.share is not None and line.gpus != 1:
            self._no("share", f"is of one GPU, and it asks for {line.gpus}", "write gpus: 1")
        if line.group is not None and line.group not in self.groups:
            self._no("group", f"there is no group {line.group!r}", "define it in a line above")
        self.here[line.arrives] = len(self.pods)
        self.events.append(Arrival(at=line.at, pod=len(self.pods)))
        self.pods.append(
            TracePod(
                name=line.arrives,
                cpu_m=value_milli(line.cpu),
                memory_mib=-(-value(line.memory) // MEBI),
                devices=line.gpus,
                milli=(line.share or FULL) if line.gpus else 0,
                models=frozenset(line.models) if line.models else None,
                group=line.group,
                priority=line.priority,
                fixed=line.fixed,
                movable=line.movable and not line.fixed,
                runs_s=line.runs,
            )
        )

    def _placed(self, line: PlacedLine) -> None:
        self._moment(line.at)
        pod = self._known("placed", line.placed)
        if line.node not in self.nodes:
            self._no("node", f"there is no node {line.node!r}", "name a node from above")
        if pod in self.placed:
            self._no("placed", f"{line.placed!r} has a place already", "place each pod once")
        if line.devices is not None:
            self._on_devices(line, self.pods[pod])
        self.placed.add(pod)
        node = self.number[line.node]
        self.events.append(Placing(at=line.at, pod=pod, node=node, devices=line.devices))

    def _on_devices(self, line: PlacedLine, pod: TracePod) -> None:
        held = set(line.devices or ())
        has = self.nodes[line.node].devices
        if len(held) != pod.devices or len(line.devices or ()) != pod.devices:
            self._no("devices", f"are not the {pod.devices} that it asks for", "list each once")
        if held and max(held) >= has:
            self._no("devices", f"{max(held)} is not on the node", f"use 0 to {has - 1}")

    def _gone(self, name: str) -> int:
        pod = self._known("departs", name)
        if self.pods[pod].runs_s is not None:
            self._no("departs", f"{name!r} departs after its `runs`", "leave out one of the two")
        del self.here[name]
        return pod

    def _moment(self, at: float) -> None:
        if at < self.ends:
            self._no("at", f"{at:g} is before the line above", "sort the lines by `at`")
        self.ends = at

    def _known(self, field_name: str, name: str) -> int:
        if name not in self.here:
            self._no(field_name, f"there is no pod {name!r} now", "let it arrive in a line above")
        return self.here[name]

    def _no(self, field_name: str, problem: str, remedy: str) -> NoReturn:
        raise InputError(where=self.where, field=field_name, problem=problem, remedy=remedy)


def _first_line() -> str:
    return json.dumps({"restow": "trace", "version": VERSION})
