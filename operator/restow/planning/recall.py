"""The last formulation, which serves again while nothing that it rests on has changed.

On a large cluster a plan is sought on some nodes. Pods elsewhere count only where a rule between
pods, a host port, a volume or a device could have to do with them; of all others it does not matter
what they are. Everything else has to be the very same objects.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from restow.cluster.following import Changed, same_nodes
from restow.cluster.objects import Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Selection
from restow.core.ids import NodeName, Uid
from restow.planning.formulation import Formulation
from restow.planning.judge import Judge
from restow.planning.relating.bonds import Bonds
from restow.planning.tenants import Tenants
from restow.planning.waiting import Waiting

MANY: Final = 64
"""Pods that have changed, up to which bonds are followed: making all anew takes 50 times longer."""

FORGET: Final = 4
"""When so many times as many nodes are remembered as are looked at, the others are forgotten."""

Selections = Collection[tuple[Selection, ...]]

APART: Final = frozenset({"taken_at", "pods", "nodes", "node_claims", "absent", "unknown"})
OTHERS: Final = tuple(each.name for each in fields(Snapshot) if each.name not in APART)
"""Fields of a snapshot that are compared as they are: all but its moment, those looked into,
and those that are only asked whether the cluster has settled."""


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
    """Remembers one formulation, and what was said of the pods on its nodes."""

    _asked: Asked | None = None
    _found: Formulation | None = None
    _selections: Selections = field(default=())
    _judge: Judge | None = None
    _terms: tuple[frozenset[Uid], bool] = (frozenset(), False)
    _tenants: dict[NodeName, Tenants] = field(default_factory=dict)
    _bonds: tuple[Snapshot | None, Bonds | None] = (None, None)

    def tenants(
        self, judge: Judge, *, staying: frozenset[Uid] = frozenset(), migrating: bool = False
    ) -> list[Tenants]:
        """Return what the rules say of the pods of each node that is looked at.

        They are asked again where time alone may change it.
        """
        terms = staying, migrating
        if self._judge is None or self._terms != terms or not _judges_alike(self._judge, judge):
            self._tenants = {}
        known, self._judge, self._terms = self._tenants, judge, terms
        found = []
        for node in judge.covered():
            pods, here = judge.snapshot.pods_by_node[node.name], known.get(node.name)
            if here is None or here.passing or here.pods != pods:
                here = Tenants.of(pods, judge, staying=staying, migrating=migrating)
                known[node.name] = here
            found.append(here)
        if len(known) > FORGET * len(found):
            names = (node.name for node in judge.covered())
            self._tenants = dict(zip(names, found, strict=True))
        return found

    def bonds(self, snapshot: Snapshot) -> Bonds:
        """Return the rules between the snapshot's pods."""
        before, found = self._bonds
        if found is None or before is None or before.namespaces is not snapshot.namespaces:
            found = Bonds.of(snapshot)
        else:
            changed = snapshot.changed_since(before)
            few = len(changed) <= MANY
            found = found.following(changed, snapshot) if few else Bonds.of(snapshot)
        self._bonds = snapshot, found
        return found

    def of(self, asked: Asked) -> Formulation | None:
        """Return the last formulation if it is also the answer now, else None."""
        before = self._asked
        if before is None or not _alike(before, asked):
            return None
        old, new = before.judge.snapshot, asked.judge.snapshot
        within = asked.judge.within
        changed = new.changed_since(old)
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
        if any(self._tenants[node.name].passing for node in asked.judge.covered()):
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
    return (
        before.judge.within == asked.judge.within
        and before.terms == asked.terms
        and _identical(before.pending, asked.pending)
        and before.soon == asked.soon
        and _judges_alike(before.judge, asked.judge)
    )


def _judges_alike(one: Judge, two: Judge) -> bool:
    """Whether both say the same of a pod, but for what time changes."""
    old, new = one.snapshot, two.snapshot
    return (
        (one.policy, one.others, one.moved, one.workloads)
        == (two.policy, two.others, two.moved, two.workloads)
        and (old.absent, old.unknown) == (new.absent, new.unknown)
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
