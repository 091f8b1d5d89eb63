"""Nodes, budgets, priority classes, controllers and namespaces."""

from functools import lru_cache

from restow.cluster.objects import DisruptionBudget, Namespace, Node, PriorityClass, Taint, Workload
from restow.cluster.parse import images, requests
from restow.cluster.parse import wire as wires
from restow.cluster.parse.metadata import (
    annotations_of,
    key_of,
    label_selector,
    labels_of,
    owner_of,
    uid_of,
)
from restow.cluster.parse.problems import FieldError
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, Uid


def node(wire: wires.Node) -> Node:
    """Return the node; without `allocatable` its capacity counts, as the API server has it.

    A node that states no Ready condition is taken as ready: until the kubelet reports, a taint
    keeps pods away.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    status = wire.status
    if status.allocatable is not None:
        amounts = requests.read(status.allocatable, "status.allocatable")
    else:
        amounts = requests.read(status.capacity, "status.capacity")
    return Node(
        name=NodeName(key_of(wire.metadata, namespaced=False).name),
        resource_version=wire.metadata.resource_version or "",
        uid=Uid(wire.metadata.uid or ""),
        labels=labels_of(wire.metadata),
        annotations=annotations_of(wire.metadata),
        allocatable=Amounts(requests.in_units(amounts)),
        unschedulable=bool(wire.spec.unschedulable),
        taints=_taints(wire.spec.taints),
        declared_features=frozenset(status.declared_features or ()),
        images=images.of_node(status.images),
        ready=all(
            each.status == "True" for each in status.conditions or () if each.type == "Ready"
        ),
        deleting=wire.metadata.deletion_timestamp is not None,
    )


@lru_cache(maxsize=1024)
def _taints(found: tuple[wires.Taint, ...] | None) -> tuple[Taint, ...]:
    return tuple(
        Taint(key=each.key, value=each.value or "", effect=each.effect) for each in found or ()
    )


def budget(wire: wires.Budget) -> DisruptionBudget:
    """Return the budget; it allows nothing while its status is older than its spec.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    observed = wire.status.observed_generation >= (wire.metadata.generation or 0)
    selector = wire.spec.selector
    return DisruptionBudget(
        key=key_of(wire.metadata, namespaced=True),
        selector=None if selector is None else label_selector(selector, "spec.selector"),
        disruptions_allowed=max(0, wire.status.disruptions_allowed) if observed else 0,
        observed=observed,
        always_allow_unhealthy=wire.spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
        healthy=wire.status.current_healthy,
        desired=wire.status.desired_healthy,
    )


def priority_class(wire: wires.PriorityClass) -> PriorityClass:
    """Return the priority class."""
    return PriorityClass(
        name=key_of(wire.metadata, namespaced=False).name,
        value=wire.value,
        preempts=wire.preemption_policy != "Never",
        global_default=wire.global_default,
    )


def workload(wire: wires.Workload, kind: str) -> Workload:
    """Return the controller of the given kind.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    return Workload(
        kind=kind,
        key=key_of(wire.metadata, namespaced=True),
        uid=uid_of(wire.metadata),
        labels=labels_of(wire.metadata),
        annotations=annotations_of(wire.metadata),
        owner=owner_of(wire.metadata),
        replicas=_replicas(wire.spec, kind),
        max_unavailable=_max_unavailable(wire.spec, kind),
    )


def _replicas(spec: wires.WorkloadSpec, kind: str) -> int | None:
    """Return how many pods the controller wants at a time; the API server's default is 1."""
    if kind == "DaemonSet":
        return None
    count = spec.parallelism if kind == "Job" else spec.replicas
    return 1 if count is None else count


def _max_unavailable(spec: wires.WorkloadSpec, kind: str) -> int:
    """Return how many pods may be missing, percentages rounded down, as upstream, but at least 1.

    A Deployment's default is 25 %, which also serves for controllers without a strategy; a
    StatefulSet's is 1.
    """
    strategy = spec.update_strategy if kind == "StatefulSet" else spec.strategy
    rolling = None if strategy is None else strategy.rolling_update
    asked = None if rolling is None else rolling.max_unavailable
    if asked is None:
        asked = 1 if kind == "StatefulSet" else "25%"
    if isinstance(asked, int):
        return max(1, asked)
    share = asked.removesuffix("%")
    if share == asked or not share.isdigit():
        problem = f"{asked!r} is neither a number nor a percentage"
        raise FieldError("spec.strategy.rollingUpdate.maxUnavailable", problem, "write 1 or 25%")
    return max(1, (_replicas(spec, kind) or 0) * int(share) // 100)


def namespace(wire: wires.Namespace) -> Namespace:
    """Return the namespace."""
    return Namespace(
        name=key_of(wire.metadata, namespaced=False).name,
        labels=labels_of(wire.metadata),
        annotations=annotations_of(wire.metadata),
    )
