"""Grid C: whole clusters as snapshots, of 100 to 10,000 nodes and some ten pods a node.

Workloads are drawn one after the other and scheduled at once by a deterministic stand-in for
kube-scheduler without preemption (least allocated and balanced, ties to the first node); what finds
no node stays pending. With `rules`, three in ten workloads have a disruption budget of one, and one
in ten each keeps its pods apart, spreads them over three zones, or is bound to one of four pools.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from restow.cluster.objects import DisruptionBudget, Node, OwnerRef, Phase, Pod, Workload
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import (
    LabelSelector,
    Operator,
    PodTerm,
    Requirement,
    Selection,
    SpreadConstraint,
)
from restow.core.frozen import Amounts, Labels
from restow.core.ids import NodeName, ObjectKey, Uid

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
ZONE: Final = "topology.kubernetes.io/zone"
HOST: Final = "kubernetes.io/hostname"
OLD: Final = NOW - timedelta(days=3)
ZONES, POOLS = 3, 4
MIB: Final = 1 << 20
TEMPLATES: Final = 200

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which cluster to draw; `templates` of 0 gives each workload a size of its own."""

    nodes: int
    pods_per_node: int = 10
    utilisation: float
    priorities: int = 1
    templates: int = 0
    rules: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """What a workload asks for; demand in millicores and MiB."""

    name: str
    replicas: int
    demand: tuple[int, int]
    priority: int
    rule: str


def draw(shape: Shape) -> Snapshot:
    """Return the cluster when the stand-in has scheduled what it could."""
    rng = random.Random(repr(shape))
    sets = list(_workloads(shape, rng))
    totals = [sum(each.replicas * each.demand[r] for each in sets) for r in range(2)]
    percent = round(shape.utilisation * 100)
    room = [-(-total * 100 // (shape.nodes * percent)) for total in totals]
    places = _Places(shape, room)
    nodes = {node.name: node for node in _nodes(shape, room)}
    pods = [
        _pod(each, number, places.seat(each)) for each in sets for number in range(each.replicas)
    ]
    return Snapshot(
        taken_at=NOW,
        nodes=nodes,
        pods={pod.key: pod for pod in sorted(pods, key=lambda pod: pod.key)},
        workloads={Uid(each.name): _workload(each) for each in sets},
        budgets={each.key: each for each in _budgets(sets)},
    )


def _workloads(shape: Shape, rng: random.Random) -> Iterator[_Template]:
    left = shape.nodes * shape.pods_per_node
    sizes = [_size(rng) for _ in range(shape.templates)]
    weights = [1 / rank for rank in range(1, shape.templates + 1)]
    while left:
        replicas = min(rng.randint(1, 4), left)
        number = shape.nodes * shape.pods_per_node - left
        left -= replicas
        yield _Template(
            name=f"rs-{number:06}",
            replicas=replicas,
            demand=rng.choices(sizes, weights)[0] if sizes else _size(rng),
            priority=rng.randint(1, shape.priorities),
            rule=_rule(rng.random()) if shape.rules else "",
        )


def _size(rng: random.Random) -> tuple[int, int]:
    return rng.randint(100, 1000), rng.randint(100, 1000)


def _rule(chance: float) -> str:
    """Three in ten have a budget; one in ten each keeps apart, spreads, or has a pool."""
    for least, rule in ((0.9, "apart"), (0.8, "spread"), (0.7, "pool"), (0.4, "budget")):
        if chance >= least:
            return rule
    return ""


class _Places:
    """The stand-in's books: free room, and what each rule needs to know."""

    def __init__(self, shape: Shape, room: list[int]) -> None:
        self._room = np.array(room)
        self._free: Rows = np.tile(self._room, (shape.nodes, 1))
        index = np.arange(shape.nodes)
        self._zone, self._pool = index % ZONES, index // ZONES % POOLS
        self._of = ""
        self._taken: Rows = np.zeros(shape.nodes, np.int64)

    def seat(self, each: _Template) -> int | None:
        """Return the node of the workload's next pod, booked; None if nothing holds it."""
        if each.name != self._of:
            self._of = each.name
            self._taken[:] = 0
        left = self._free - np.array(each.demand)
        fits = (left >= 0).all(axis=1)
        if each.rule == "apart":
            fits &= self._taken == 0
        if each.rule == "pool":
            fits &= self._pool == sum(each.demand) % POOLS
        if each.rule == "spread":
            counts = np.bincount(self._zone, weights=self._taken, minlength=ZONES)
            fits &= (counts <= counts.min())[self._zone]
        if not fits.any():
            return None
        share = left / self._room
        score = share.sum(axis=1) / 2 - abs(share[:, 0] - share[:, 1]) / 2
        node = int(np.argmax(np.where(fits, score, -np.inf)))
        self._free[node] = left[node]
        self._taken[node] += 1
        return node


def _nodes(shape: Shape, room: list[int]) -> Iterator[Node]:
    for index in range(shape.nodes):
        name = _name(index)
        yield Node(
            name=name,
            uid=Uid(name),
            labels=Labels(
                {
                    HOST: name,
                    ZONE: f"zone-{index % ZONES}",
                    "pool": f"pool-{index // ZONES % POOLS}",
                }
            ),
            allocatable=Amounts({"cpu": room[0], "memory": room[1] * MIB, "pods": 110}),
        )


def _name(index: int) -> NodeName:
    return NodeName(f"node-{index:05}")


def _pod(each: _Template, number: int, node: int | None) -> Pod:
    name = f"{each.name}-{number}"
    mine = Selection(selector=_selector(each), namespaces=frozenset({"default"}))
    asked: dict[str, Any] = {}
    if each.rule == "pool":
        asked["node_selector"] = Labels({"pool": f"pool-{sum(each.demand) % POOLS}"})
    if each.rule == "apart":
        asked["anti_affinity"] = (PodTerm(topology_key=HOST, pods=mine),)
    if each.rule == "spread":
        asked["spread"] = (
            SpreadConstraint(topology_key=ZONE, max_skew=1, selector=_selector(each)),
        )
    state: dict[str, Any] = (
        {"unschedulable_since": OLD, "unschedulable_message": "Insufficient cpu"}
        if node is None
        else {"node": _name(node), "phase": Phase.RUNNING, "ready": True, "started_at": OLD}
    )
    return Pod(
        key=ObjectKey("default", name),
        uid=Uid(name),
        labels=Labels({"app": each.name}),
        owner=OwnerRef(
            kind="ReplicaSet", name=each.name, uid=Uid(each.name), api_version="apps/v1"
        ),
        created_at=OLD,
        priority=each.priority,
        requests=Amounts({"cpu": each.demand[0], "memory": each.demand[1] * MIB, "pods": 1}),
        **asked,
        **state,
    )


def _selector(each: _Template) -> LabelSelector:
    app = Requirement(key="app", operator=Operator.IN, values=(each.name,))
    return LabelSelector(requirements=(app,))


def _workload(each: _Template) -> Workload:
    return Workload(
        kind="ReplicaSet",
        key=ObjectKey("default", each.name),
        uid=Uid(each.name),
        replicas=each.replicas,
    )


def _budgets(sets: list[_Template]) -> Iterator[DisruptionBudget]:
    for each in sets:
        if each.rule == "budget":
            yield DisruptionBudget(
                key=ObjectKey("default", each.name),
                selector=_selector(each),
                disruptions_allowed=1,
                healthy=each.replicas,
                desired=each.replicas - 1,
            )
