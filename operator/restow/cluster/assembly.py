"""A Snapshot out of loose objects."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

from restow.cluster.objects import (
    DisruptionBudget,
    Namespace,
    Node,
    Pod,
    PriorityClass,
    Workload,
)
from restow.cluster.snapshot import Snapshot

K = TypeVar("K")
V = TypeVar("V")

Object = Pod | Node | DisruptionBudget | PriorityClass | Workload | Namespace


def assemble(objects: Iterable[Object], *, taken_at: datetime) -> Snapshot:
    """Return the snapshot of these objects, in any order; of two with one key the last counts."""
    found = tuple(objects)
    # plain tuples compare several times faster than keys, and pods are many
    pods = sorted(
        (each for each in found if isinstance(each, Pod)),
        key=lambda pod: (pod.key.namespace, pod.key.name),
    )
    return Snapshot(
        taken_at=taken_at,
        pods={each.key: each for each in pods},
        nodes=_by((each.name, each) for each in found if isinstance(each, Node)),
        budgets=_by((each.key, each) for each in found if isinstance(each, DisruptionBudget)),
        priority_classes=_by(
            (each.name, each) for each in found if isinstance(each, PriorityClass)
        ),
        workloads=_by((each.uid, each) for each in found if isinstance(each, Workload)),
        namespaces=_by((each.name, each) for each in found if isinstance(each, Namespace)),
    )


def _by(pairs: Iterable[tuple[K, V]]) -> dict[K, V]:
    return dict(sorted(pairs, key=itemgetter(0)))
