"""The judge: replays a printed plan on the file itself, and knows nothing of the solver.

Every migration must fit when it begins, and its old place is free only once its wave has ended.
"""

import gzip
import json
from pathlib import Path
from typing import Any


class ReplayError(Exception):
    """A plan that cannot be carried out, or does not do what it says."""


def replay(path: Path, limit: int, result: dict[str, Any]) -> None:
    """Check everything a result says against the instance.

    Raises
    ------
    ReplayError
        With what is wrong.
    """
    raw = path.read_bytes()
    document = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    cluster = _Pods(document) if "nodes" in document else _Machines(document)
    _expect(cluster.slots() == result["slots_before"], "slots_before is wrong")
    _expect(len(result["moves"]) <= limit, f"{len(result['moves'])} moves exceed {limit}")
    waves = [move["wave"] for move in result["moves"]]
    _expect(waves == sorted(waves), "waves are out of order")
    for wave in sorted(set(waves)):
        now = [move for move in result["moves"] if move["wave"] == wave]
        _expect(len({move["vm"] for move in now}) == len(now), f"wave {wave} moves a VM twice")
        for move in now:
            cluster.arrive(move)
        for move in now:
            cluster.leave(move)
    _expect(cluster.slots() == result["slots_after"], "slots_after is wrong")
    bound = result["bound"]
    _expect(bound is None or result["slots_after"] <= bound, "more than the bound is reached")
    _expect(result["proven"] == (result["slots_after"] == bound), "proven is wrong")


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise ReplayError(what)


class _Machines:
    """Physical machines with two NUMA nodes."""

    def __init__(self, document: dict[str, Any]) -> None:
        (cluster,) = document["cluster_list"]
        self.cpu: dict[tuple[str, int], int] = {}
        self.memory: dict[tuple[str, int], int] = {}
        for host in cluster["host_info"]:
            for part in host["numa"]:
                self.cpu[host["node_id"], part["node"]] = part["free_cpu"]
                self.memory[host["node_id"], part["node"]] = part["memory_huge_free_mb"]
        self.guests = {guest["instance_id"]: guest for guest in cluster["vm_instance"]}
        self.at = {
            name: (guest["host_id"], 2 if len(guest["numa"]) == 2 else guest["numa"][0]["node"])
            for name, guest in self.guests.items()
        }
        names = [guest["instance_id"] for guest in cluster["vm_instance"]]
        self.foes: dict[str, set[str]] = {}
        for group in document.get("conflict_sets", []):
            for member in group:
                mates = {names[other] for other in group} - {names[member]}
                self.foes.setdefault(names[member], set()).update(mates)
        self.on: dict[str, list[str]] = {}
        for name, (host, _) in self.at.items():
            self.on.setdefault(host, []).append(name)

    def slots(self) -> int:
        return sum(free // 16 for free in self.cpu.values())

    def arrive(self, move: dict[str, Any]) -> None:
        name, (host, numa) = move["vm"], move["to"]
        _expect(tuple(move["from"]) == self.at[name], f"{name} is not at {move['from']}")
        _expect((host, numa) != self.at[name], f"{name} stays where it is")
        double = len(self.guests[name]["numa"]) == 2
        _expect(double == (numa == 2), f"{name} cannot stand on NUMA {numa}")
        _expect(
            not self.foes.get(name, set()) & set(self.on.get(host, [])), f"{name} meets its foes"
        )
        self._take(name, host, numa, 1)
        self.on.setdefault(host, []).append(name)

    def leave(self, move: dict[str, Any]) -> None:
        name = move["vm"]
        self._take(name, *self.at[name], -1)
        self.on[self.at[name][0]].remove(name)
        self.at[name] = tuple(move["to"])

    def _take(self, name: str, host: str, numa: int, sign: int) -> None:
        part = self.guests[name]["numa"][0]
        for side in (0, 1) if numa == 2 else (numa,):
            self.cpu[host, side] -= sign * part["cpu"]
            self.memory[host, side] -= sign * part["mem_mb"]
            full = self.cpu[host, side] < 0 or self.memory[host, side] < 0
            _expect(not full, f"{name} overfills {host}/{side}")


class _Pods:
    """Nodes with any resources."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.targets = document["targets"]
        self.free = {node["name"]: list(node["allocatable"]) for node in document["nodes"]}
        names = [node["name"] for node in document["nodes"]]
        self.requests = {pod["name"]: pod["requests"] for pod in document["pods"]}
        self.at = {pod["name"]: names[pod["node"]] for pod in document["pods"]}
        for name, node in self.at.items():
            self._take(name, node, 1)

    def slots(self) -> int:
        total = 0
        for free in self.free.values():
            for target in self.targets:
                asked = [(f, r) for f, r in zip(free, target["requests"], strict=True) if r > 0]
                total += int(target["weight"]) * min(f // r for f, r in asked)
        return total

    def arrive(self, move: dict[str, Any]) -> None:
        name, node = move["vm"], move["to"][0]
        _expect(move["from"][0] == self.at[name], f"{name} is not at {move['from']}")
        _expect(node != self.at[name], f"{name} stays where it is")
        self._take(name, node, 1)
        _expect(min(self.free[node]) >= 0, f"{name} overfills {node}")

    def leave(self, move: dict[str, Any]) -> None:
        self._take(move["vm"], self.at[move["vm"]], -1)
        self.at[move["vm"]] = move["to"][0]

    def _take(self, name: str, node: str, sign: int) -> None:
        for r, amount in enumerate(self.requests[name]):
            self.free[node][r] -= sign * amount
