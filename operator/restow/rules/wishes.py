"""What people ask for by `kubectl annotate`: priority, movable, move cost.

The annotation may stand on the pod, on its controller (of a Deployment's pod that is the
Deployment; its ReplicaSets only carry copies), or on the namespace; the nearest usable one wins,
each annotation by itself. One that cannot be used is ignored, as if it were not there, and
complained about.

An annotated priority must not let a tenant push others out. Towards other namespaces it may only
lower the pod, unless a policy's rule lifts it up to a value; inside the namespace it counts in
full, as the rank. It never reaches the values that Kubernetes keeps for the system.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Generic, TypeVar

from restow.cluster.machines import Machine
from restow.cluster.objects import Namespace, Pod, PriorityClass, Workload
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import ObjectKey, Uid
from restow.core.marks import DIRTY_RATE, MOVABLE, MOVE_COST, PRIORITY
from restow.policies.packing_policy import PriorityRule
from restow.rules import copying
from restow.rules.machines import KIND
from restow.rules.moving import opt_outs

DEFAULT_MOVE_COST: Final = 1
RELUCTANT_MOVE_COST: Final = 10
"""Of a pod with the descheduler's prefer-no-eviction and no cost of its own: a soft wish."""

HIGHEST_MOVE_COST: Final = 1000
"""A pod that dear is moved only where a thousand ordinary ones would have to be otherwise."""

HIGHEST_PRIORITY: Final = 1_000_000_000
"""Upstream's HighestUserDefinablePriority (`pkg/apis/scheduling/types.go`)."""

LOWEST_PRIORITY: Final = -(2**31)

_WISHES: Final = frozenset({PRIORITY, MOVABLE, MOVE_COST})

_LONGEST_CHAIN: Final = 8
"""Owners above a pod that are looked at; upstream has at most two, a cycle has no end."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Complaint:
    """An annotation that cannot be used; a Warning Event on the object that carries it.

    `key.namespace` is empty for a Namespace, and so is its `uid`.
    """

    kind: str
    key: ObjectKey
    uid: Uid
    annotation: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What holds for a pod once all annotations are read.

    Parameters
    ----------
    priority
        Towards everybody; decides the tier.
    rank
        Among pods of its own namespace and tier; higher goes first.
    movable
        The nearest `restow.dev/movable`, None when there is none.
    move_cost
        Cost of moving it once as far as annotations tell, from 0 to `HIGHEST_MOVE_COST`; 1 is
        ordinary. Packing counts that, so that pods stay alike; `rules.move_cost` has the rest.
    cost_asked
        Whether an annotation of restow's own says so.
    complaints
        What could not be used, nearest first.
    """

    priority: int
    rank: int
    movable: bool | None = None
    move_cost: int = DEFAULT_MOVE_COST
    cost_asked: bool = False
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unusable:
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carrier:
    """An object that may carry wishes."""

    kind: str
    key: ObjectKey
    uid: Uid
    annotations: Labels


@dataclass(slots=True)
class _Reader(Generic[T]):
    """Reads one annotation along the chain and remembers what it could not use."""

    annotation: str
    read: Callable[[str], T | _Unusable]
    complaints: list[Complaint] = field(default_factory=list)

    def nearest(self, carriers: Iterable[_Carrier]) -> T | None:
        for carrier in carriers:
            text = carrier.annotations.get(self.annotation)
            if text is None:
                continue
            value = self.read(text)
            if not isinstance(value, _Unusable):
                return value
            self.complaints.append(
                Complaint(
                    kind=carrier.kind,
                    key=carrier.key,
                    uid=carrier.uid,
                    annotation=self.annotation,
                    value=text,
                    remedy=value.remedy,
                )
            )
        return None


def of(pod: Pod, snapshot: Snapshot, priorities: Iterable[PriorityRule] = ()) -> Wishes:
    """Return the wishes that hold for `pod`; `priorities` are those of the policy that covers it.

    Without annotations: the pod's own priority for both orders, no word on moving, ordinary cost.
    """
    carriers = tuple(_carriers(pod, snapshot))
    default_cost = RELUCTANT_MOVE_COST if opt_outs.reluctant(pod) else DEFAULT_MOVE_COST
    if not carriers:
        return Wishes(priority=pod.priority, rank=pod.priority, move_cost=default_cost)
    priority, movable, cost = _readers(snapshot)
    wanted, free, price = (
        priority.nearest(carriers),
        movable.nearest(carriers),
        cost.nearest(carriers),
    )
    ceiling = pod.priority
    if wanted is not None and wanted > ceiling:
        ceiling = max(ceiling, _lifted(snapshot.namespaces.get(pod.key.namespace), priorities))
    return Wishes(
        priority=pod.priority if wanted is None else min(wanted, ceiling),
        rank=pod.priority if wanted is None else wanted,
        movable=free,
        move_cost=default_cost if price is None else price,
        cost_asked=price is not None,
        complaints=(*priority.complaints, *movable.complaints, *cost.complaints),
    )


def unusable(snapshot: Snapshot) -> tuple[Complaint, ...]:
    """Return every wish in the snapshot that cannot be used, sorted, asked for now or not."""
    readers = _readers(snapshot)
    pods = (_of_pod(pod) for pod in snapshot.pods.values())
    workloads = (
        _of_workload(each)
        for each in snapshot.workloads.values()
        if each.annotations and not _is_copy(each, snapshot)
    )
    spaces = (_of_namespace(each) for each in snapshot.namespaces.values())
    for carrier in chain(pods, workloads, spaces):
        if carrier.annotations:
            for reader in readers:
                reader.nearest((carrier,))
    found = chain.from_iterable(reader.complaints for reader in readers)
    return tuple(sorted((*found, *map(_of_rate, _broken_rates(snapshot)))))


def _broken_rates(snapshot: Snapshot) -> Iterator[Machine]:
    for machine in snapshot.machines.values():
        try:
            copying.dirty_rate(machine)
        except ValueError:
            yield machine


def _of_rate(machine: Machine) -> Complaint:
    return Complaint(
        kind=KIND,
        key=machine.key,
        uid=machine.uid,
        annotation=DIRTY_RATE,
        value=machine.dirty_rate,
        remedy=copying.REMEDY,
    )


def distinct_complaints(wishes: Iterable[Wishes]) -> tuple[Complaint, ...]:
    """Return every complaint once, sorted: the pods of one owner repeat what it carries."""
    return tuple(sorted({complaint for each in wishes for complaint in each.complaints}))


def _readers(snapshot: Snapshot) -> tuple[_Reader[int], _Reader[bool], _Reader[int]]:
    return (
        _Reader(PRIORITY, lambda text: _priority(text, snapshot)),
        _Reader(MOVABLE, _movable),
        _Reader(MOVE_COST, _move_cost),
    )


def _carriers(pod: Pod, snapshot: Snapshot) -> Iterator[_Carrier]:
    """Yield the objects whose annotations hold for the pod and ask for something, nearest first."""
    if _asks(pod.annotations):
        yield _of_pod(pod)
    owner = pod.owner
    for _ in range(_LONGEST_CHAIN):
        workload: Workload | None = snapshot.workloads.get(owner.uid) if owner else None
        if workload is None:
            break
        owner = workload.owner
        if _asks(workload.annotations) and not _is_copy(workload, snapshot):
            yield _of_workload(workload)
    namespace = snapshot.namespaces.get(pod.key.namespace)
    if namespace is not None and _asks(namespace.annotations):
        yield _of_namespace(namespace)


def _asks(annotations: Labels) -> bool:
    return not _WISHES.isdisjoint(annotations)


def _of_pod(pod: Pod) -> _Carrier:
    return _Carrier(kind="Pod", key=pod.key, uid=pod.uid, annotations=pod.annotations)


def _of_workload(workload: Workload) -> _Carrier:
    return _Carrier(
        kind=workload.kind, key=workload.key, uid=workload.uid, annotations=workload.annotations
    )


def _of_namespace(namespace: Namespace) -> _Carrier:
    key, uid = ObjectKey("", namespace.name), Uid("")
    return _Carrier(kind="Namespace", key=key, uid=uid, annotations=namespace.annotations)


def _is_copy(workload: Workload, snapshot: Snapshot) -> bool:
    """Whether its annotations repeat its owner's: those of a Deployment's ReplicaSet do.

    The Deployment controller copies each one down and never takes one back
    (`pkg/controller/deployment/util`, copyDeploymentAnnotationsToReplicaSet), so that a wish
    withdrawn from the Deployment would hold for ever.
    """
    above = snapshot.workloads.get(workload.owner.uid) if workload.owner else None
    return workload.kind == "ReplicaSet" and above is not None and above.kind == "Deployment"


def _lifted(namespace: Namespace | None, priorities: Iterable[PriorityRule]) -> int:
    """Return the highest value that the rules let the namespace's annotations reach."""
    labels = NO_LABELS if namespace is None else namespace.labels
    allowed = (
        rule.max_priority for rule in priorities if matches(rule.namespaces.frozen(), labels)
    )
    return min(HIGHEST_PRIORITY, max(allowed, default=LOWEST_PRIORITY))


def _priority(text: str, snapshot: Snapshot) -> int | _Unusable:
    if _INTEGER.fullmatch(text):
        value = int(text)
    else:
        named: PriorityClass | None = snapshot.priority_classes.get(text)
        if named is None:
            return _Unusable("write an integer or the name of an existing PriorityClass")
        value = named.value
    if LOWEST_PRIORITY <= value <= HIGHEST_PRIORITY:
        return value
    return _Unusable(f"choose a priority from {LOWEST_PRIORITY} to {HIGHEST_PRIORITY}")


def _movable(text: str) -> bool | _Unusable:
    values = {"true": True, "false": False}
    return values.get(text, _Unusable('write "true" or "false"'))


def _move_cost(text: str) -> int | _Unusable:
    if _INTEGER.fullmatch(text) and 0 <= int(text) <= HIGHEST_MOVE_COST:
        return int(text)
    return _Unusable(f"write an integer from 0 to {HIGHEST_MOVE_COST}")
