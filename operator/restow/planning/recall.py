"""The last formulation, which serves again while nothing that it rests on has changed.

On a large cluster a plan is sought on some nodes. Pods elsewhere count only where a rule between
pods, a host port, a volume or a device could have to do with them; of all others it does not matter
what they are. Everything else has to be the very same objects.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from restow.cluster.following import Changed, changed_pods, same_nodes
from restow.cluster.objects import Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Selection
from restow.core.ids import NodeName
from restow.planning.formulation import Formulation
from restow.planning.judge import Judge
from restow.planning.waiting import Waiting

Selections = Collection[tuple[Selection, ...]]

OTHERS: Final = (
    "budgets",
    "priority_classes",
    "workloads",
    "namespaces",
    "volumes",
    "claims",
    "storage_classes",
    "csi_nodes",
    "csi_drivers",
    "storage_capacities",
    "attachments",
    "resource_slices",
    "resource_claims",
    "device_classes",
    "device_taint_rules",
    "added_affinity",
)
"""Fields of a snapshot beside its pods and nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a formulation was made of.

    Parameters
    ----------
    judge
        With the snapshot, the policies and the nodes that are looked at.
    pending, soon
        The pods to place, and those that wait for room that is about to become free.
    terms
        Whatever else decides: the order of objectives, limits, pods that are to stay.
    """

    judge: Judge
    pending: tuple[Pod, ...]
    soon: Waiting
    terms: tuple[Any, ...]


@dataclass(slots=True)
class Recall:
    """Remembers one formulation."""

    _asked: Asked | None = None
    _found: Formulation | None = None
    _selections: Selections = field(default=())

    def of(self, asked: Asked) -> Formulation | None:
        """Return the last formulation if it is also the answer now, else None."""
        before = self._asked
        if before is None or not _alike(before, asked):
            return None
        old, new = before.judge.snapshot, asked.judge.snapshot
        within = asked.judge.within
        changed = changed_pods(old.pods, new.pods)
        if within is None and changed:
            return None
        if not all(self._foreign(each, within or (), new) for each in changed):
            return None
        self._asked = asked  # the older snapshot is not needed any more
        return self._found

    def keep(self, asked: Asked, found: Formulation, selections: Selections) -> None:
        """Remember the formulation, and by what selections of pods it was made.

        Not where time alone may change what it says: a pod that rests for a while.
        """
        pods = asked.judge.snapshot.pods_by_node
        nodes = asked.judge.covered()
        if any(asked.judge.resting(pod) for node in nodes for pod in pods[node.name]):
            self._asked = self._found = None
            return
        self._asked, self._found, self._selections = asked, found, tuple(selections)

    def _foreign(self, changed: Changed, within: Collection[NodeName], now: Snapshot) -> bool:
        """Whether the pod has nothing to do with the formulation, before and after."""
        return all(
            pod.node is not None
            and pod.node not in within
            and _inert(pod)
            and not any(_meant(pod, each, now) for each in self._selections)
            for pod in changed.versions
        )


def _alike(before: Asked, asked: Asked) -> bool:
    one, two = before.judge, asked.judge
    old, new = one.snapshot, two.snapshot
    return (
        (one.policy, one.others, one.moved, one.within)
        == (two.policy, two.others, two.moved, two.within)
        and before.terms == asked.terms
        and _identical(before.pending, asked.pending)
        and before.soon == asked.soon
        and old.absent == new.absent
        and all(getattr(old, name) is getattr(new, name) for name in OTHERS)
        and same_nodes(old.nodes, new.nodes)
    )


def _identical(before: Iterable[Pod], after: Iterable[Pod]) -> bool:
    return [id(pod) for pod in before] == [id(pod) for pod in after]


def _inert(pod: Pod) -> bool:
    """Whether the pod asks nothing of others but room on its node."""
    return not (
        pod.affinity
        or pod.anti_affinity
        or pod.spread
        or pod.host_ports
        or pod.volumes
        or pod.claims
        or pod.extended
        or pod.group
        or pod.nominated_node
    )


def _meant(pod: Pod, selections: tuple[Selection, ...], snapshot: Snapshot) -> bool:
    return all(selects(each, pod, snapshot.namespaces) for each in selections)
