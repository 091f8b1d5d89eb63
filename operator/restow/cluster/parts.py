"""The parts of a Snapshot: which kinds fill which field, and by what key."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from restow.cluster.objects import DisruptionBudget, Namespace, Node, Pod, PriorityClass, Workload

Object = Pod | Node | DisruptionBudget | PriorityClass | Workload | Namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field of a Snapshot.

    Parameters
    ----------
    field
        Its name; the value is a mapping sorted by `key`.
    type
        Class of the objects in it.
    kinds
        Kubernetes kinds that fill it.
    key
        Key of an object; sortable.
    """

    field: str
    type: type
    kinds: tuple[str, ...]
    key: Callable[[Any], Any]


_by_key, _by_name = attrgetter("key"), attrgetter("name")

PARTS: Final = (
    Part(field="pods", type=Pod, kinds=("Pod",), key=_by_key),
    Part(field="nodes", type=Node, kinds=("Node",), key=_by_name),
    Part(field="budgets", type=DisruptionBudget, kinds=("PodDisruptionBudget",), key=_by_key),
    Part(field="priority_classes", type=PriorityClass, kinds=("PriorityClass",), key=_by_name),
    Part(
        field="workloads",
        type=Workload,
        kinds=("ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job"),
        key=attrgetter("uid"),
    ),
    Part(field="namespaces", type=Namespace, kinds=("Namespace",), key=_by_name),
)
"""In the order of `Snapshot`'s fields and of its canonical JSON."""
