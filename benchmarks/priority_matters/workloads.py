"""Workloads as objects of a snapshot: what the generators of grids C, D and E have in common."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from restow.cluster.objects import (
    DisruptionBudget,
    Node,
    OwnerRef,
    Phase,
    Pod,
    Taint,
    Toleration,
    Workload,
)
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
MIB: Final = 1 << 20
ZONES: Final = 3
UNITS: Final = (("cpu", 1), ("memory", MIB), ("nvidia.com/gpu", 1))
"""What the columns of demand and room are: millicores, MiB and, if there is a third, GPUs."""
DEDICATED: Final = Taint(key="dedicated", value="batch", effect="NoSchedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a workload asks for; `demand` as `UNITS`, `pool` None for any.

    `spread` is over zones with a skew of one, `apart` at most one pod per node, `budget` one
    disruption at a time.
    """

    name: str
    replicas: int
    demand: tuple[int, ...]
    priority: int
    pool: int | None = None
    tolerates: bool = False
    spread: bool = False
    apart: bool = False
    budget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One node: `room` as `UNITS`."""

    room: tuple[int, ...]
    zone: int
    pool: int
    tainted: bool = False


Seats = Iterable[tuple[Template, int, int | None]]
"""Pods: their workload, their number in it, and the index of their node; None while pending."""


def snapshot(
    sites: Iterable[Site],
    sets: Iterable[Template],
    seats: Seats,
    healthy: Callable[[Template], int],
) -> Snapshot:
    """Return the cluster; `healthy` is how many pods of a workload its budget has counted.

    Pods without a node are Unschedulable since long ago.
    """
    nodes = [_node(index, site) for index, site in enumerate(sites)]
    pods = [_pod(each, number, node) for each, number, node in seats]
    workloads = {Uid(each.name): each for each in sets}
    budgets = [_budget(each, healthy(each)) for each in workloads.values() if each.budget]
    return Snapshot(
        taken_at=NOW,
        nodes={node.name: node for node in nodes},
        pods={pod.key: pod for pod in sorted(pods, key=lambda pod: pod.key)},
        workloads={uid: _workload(each) for uid, each in workloads.items()},
        budgets={each.key: each for each in budgets},
    )


def _node(index: int, site: Site) -> Node:
    name = _name(index)
    labels = {HOST: name, ZONE: f"zone-{site.zone}", "pool": f"pool-{site.pool}"}
    return Node(
        name=name,
        uid=Uid(name),
        labels=Labels(labels),
        allocatable=_amounts(site.room, pods=110),
        taints=(DEDICATED,) if site.tainted else (),
    )


def _name(index: int) -> NodeName:
    return NodeName(f"node-{index:05}")


def _amounts(row: tuple[int, ...], *, pods: int) -> Amounts:
    asked = {name: unit * n for (name, unit), n in zip(UNITS, row, strict=False)}
    return Amounts({**asked, "pods": pods})


def _pod(each: Template, number: int, node: int | None) -> Pod:
    name = f"{each.name}-{number}"
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
        requests=_amounts(each.demand, pods=1),
        **_rules(each),
        **state,
    )


def _rules(each: Template) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if each.pool is not None:
        asked["node_selector"] = Labels({"pool": f"pool-{each.pool}"})
    if each.tolerates:
        asked["tolerations"] = (
            Toleration(key=DEDICATED.key, value=DEDICATED.value, effect=DEDICATED.effect),
        )
    if each.apart:
        mine = Selection(selector=_selector(each), namespaces=frozenset({"default"}))
        asked["anti_affinity"] = (PodTerm(topology_key=HOST, pods=mine),)
    if each.spread:
        asked["spread"] = (
            SpreadConstraint(topology_key=ZONE, max_skew=1, selector=_selector(each)),
        )
    return asked


def _selector(each: Template) -> LabelSelector:
    app = Requirement(key="app", operator=Operator.IN, values=(each.name,))
    return LabelSelector(requirements=(app,))


def _workload(each: Template) -> Workload:
    return Workload(
        kind="ReplicaSet",
        key=ObjectKey("default", each.name),
        uid=Uid(each.name),
        replicas=each.replicas,
    )


def _budget(each: Template, healthy: int) -> DisruptionBudget:
    desired = each.replicas - 1
    return DisruptionBudget(
        key=ObjectKey("default", each.name),
        selector=_selector(each),
        disruptions_allowed=max(0, healthy - desired),
        healthy=healthy,
        desired=desired,
    )
