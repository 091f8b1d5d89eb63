"""Who sits where: a snapshot whose pods can be taken off and put on nodes.

kube-scheduler judges a pod against its NodeInfo cache; this is restow's. Every rule of placement
reads it, so that the same rules judge the present, a node without its victims, the state between
two waves, and the end of a plan.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Self

from restow.cluster.label_index import Labelled, Selecting
from restow.cluster.objects import Node, Pod
from restow.cluster.selectors import selects
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector, PodTerm, Selection
from restow.core.frozen import Amounts, Labels, total
from restow.core.ids import NodeName, Uid
from restow.rules.devices import demand
from restow.rules.devices.ledger import Ledger

EVERYTHING: Final = LabelSelector()

Counts = dict[NodeName, int]
"""Pods per node; nodes with none are absent."""


class _Meant(NamedTuple):
    """Pods that match all selections; without `leaving`, those being deleted are left out."""

    selections: tuple[Selection, ...]
    leaving: bool


class Board:
    """The bound pods of a snapshot, on their nodes; pods being deleted still sit there.

    Parameters
    ----------
    snapshot
        Everything else the rules look at: nodes, namespaces, storage, devices. Its pods are where
        the board starts, not necessarily where it is.

    Counts are made when first asked for and kept current; `copy` is independent and cheap. Devices
    follow the pods: one that comes takes what kube-scheduler's allocator would give it there.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._free: dict[NodeName, Amounts] = {}
        self._on: dict[NodeName, dict[Uid, Pod]] = {}  # of nodes on which something has changed
        self._moved: dict[Uid, NodeName | None] = {}
        self._meant: dict[_Meant, Counts] = {}
        self._watching = Selecting[_Meant]()
        self._carried: dict[PodTerm, Counts] | None = None
        self._keeping_out = Selecting[PodTerm]()
        self._strangers: dict[Uid, Pod] = {}
        self._devices: Ledger | None = None

    def copy(self) -> Self:
        """Return an independent board in the same state."""
        twin = object.__new__(type(self))
        twin.snapshot = self.snapshot
        twin._on = {name: dict(pods) for name, pods in self._on.items()}
        twin._moved = dict(self._moved)
        twin._free = dict(self._free)
        twin._meant = {key: dict(counts) for key, counts in self._meant.items()}
        twin._carried = (
            None
            if self._carried is None
            else {term: dict(counts) for term, counts in self._carried.items()}
        )
        # only ever added to: what a copy has not counted it passes over
        twin._watching, twin._keeping_out = self._watching, self._keeping_out
        twin._strangers = dict(self._strangers)
        twin._devices = None if self._devices is None else self._devices.copy()
        return twin

    @property
    def devices(self) -> Ledger:
        """The claims as they are on the board."""
        if self._devices is None:
            self._devices = Ledger(self.snapshot)
        return self._devices

    @property
    def nodes(self) -> Mapping[NodeName, Node]:
        """The nodes of the snapshot."""
        return self.snapshot.nodes

    def pods(self, node: NodeName) -> Collection[Pod]:
        """Return the pods on `node`; none on one that is not known."""
        if node in self._on:
            return self._on[node].values()
        return self.snapshot.pods_by_node.get(node, ())

    def node_of(self, uid: Uid) -> NodeName | None:
        """Return where the pod sits, None if it does not."""
        return self._moved[uid] if uid in self._moved else self.snapshot.seats.get(uid)

    def put(self, pod: Pod, node: NodeName, *, devices: bool = True) -> None:
        """Put `pod` on `node`, taking it off where it was; without `devices` it takes none."""
        self.take(pod.uid, devices=devices)
        self._seated(node)[pod.uid] = pod
        self._moved[pod.uid] = node
        if self.snapshot.pods.get(pod.key) is not pod:
            self._strangers[pod.uid] = pod
        self._count(pod, node, 1)
        if devices and node in self.nodes and demand.has_claims(pod, self.snapshot):
            demand.put(pod, self.nodes[node], self.devices)

    def take(self, uid: Uid, *, devices: bool = True) -> None:
        """Take the pod off its node; without `devices` it frees none.

        Nothing happens if it sits on none.
        """
        node = self.node_of(uid)
        if node is None:
            return
        self._moved[uid] = None
        pod = self._seated(node).pop(uid)
        self._strangers.pop(uid, None)
        self._count(pod, node, -1)
        if devices and demand.has_claims(pod, self.snapshot):
            self.devices.leave(pod)

    def clear(self, uid: Uid) -> None:
        """Take the pod off its node; if it is gone, free the devices that its claims still hold.

        The claim controller deletes the claims of a pod some time after it.
        """
        if self.node_of(uid) is not None:
            self.take(uid)
        elif self.snapshot.resource_claims:
            self.devices.clear(uid)

    def free(self, node: NodeName) -> Amounts:
        """Return allocatable minus the requests of the pods on `node`; negative when overfull."""
        if node not in self._on:
            return self.snapshot.free[node]
        if node not in self._free:
            requests = total(pod.requests for pod in self.pods(node))
            self._free[node] = self.nodes[node].allocatable - requests
        return self._free[node]

    def meant(self, selections: tuple[Selection, ...], *, leaving: bool = True) -> Counts:
        """Return how many pods that match all of the `selections` sit on each node.

        Pods being deleted count as well, unless `leaving` is False. The counts stay current; do
        not change them.
        """
        meant = _Meant(selections, leaving)
        if meant not in self._meant:
            counts: Counts = {}
            self._meant[meant] = counts
            for pod in self._found(selections):
                if self._is_meant(pod, meant):
                    _add(counts, self._where(pod), 1)
            first = selections[0].selector if selections else EVERYTHING
            if first is not None:
                self._watching.add(first, meant)
        return self._meant[meant]

    def _found(self, selections: tuple[Selection, ...]) -> Iterator[Pod]:
        """Yield the pods on the board, some of which may not match, but all that do."""
        first = selections[0].selector if selections else EVERYTHING
        if first is None:
            return
        for pods in self.snapshot.derived(_alike).likely(first):
            for pod in pods:
                if self._sits(pod):
                    yield pod
        yield from self._strangers.values()

    def _sits(self, pod: Pod) -> bool:
        """Whether this very pod of the snapshot sits on the board."""
        if pod.uid not in self._moved:
            return pod.node is not None
        node = self._moved[pod.uid]
        return node is not None and self._on[node][pod.uid] is pod

    def _where(self, pod: Pod) -> NodeName:
        """Return where a pod that sits on the board does."""
        node = self._moved.get(pod.uid, pod.node)
        assert node is not None  # noqa: S101 - it sits
        return node

    def _seated(self, node: NodeName) -> dict[Uid, Pod]:
        """Return who sits on a node, to be changed."""
        if node not in self._on:
            self._on[node] = {pod.uid: pod for pod in self.pods(node)}
        return self._on[node]

    def keeping_out(self, pod: Pod) -> Iterator[tuple[PodTerm, Counts]]:
        """Yield the required anti-affinity terms that mean `pod`, and who carries them.

        With each term goes how many pods with it sit on each node.
        """
        carried = self._terms()
        for term in self._keeping_out.matching(pod.labels):
            counts = carried.get(term)
            if counts and selects(term.pods, pod, self.snapshot.namespaces):
                yield term, counts

    def _terms(self) -> Mapping[PodTerm, Counts]:
        if self._carried is None:
            self._carried = {}
            for pod in (*self.snapshot.derived(_apart), *self._strangers.values()):
                if pod.uid in self._strangers or self._sits(pod):
                    self._carry(pod.anti_affinity, self._where(pod), 1)
        return self._carried

    def _count(self, pod: Pod, node: NodeName, change: int) -> None:
        """Keep every count current."""
        self._free.pop(node, None)
        for meant in self._watching.matching(pod.labels):
            counts = self._meant.get(meant)
            if counts is not None and self._is_meant(pod, meant):
                _add(counts, node, change)
        if self._carried is not None and pod.anti_affinity:
            self._carry(pod.anti_affinity, node, change)

    def _carry(self, terms: Iterable[PodTerm], node: NodeName, change: int) -> None:
        if self._carried is None:
            return
        for term in terms:
            if term not in self._carried:
                self._carried[term] = {}
                if term.pods.selector is not None:
                    self._keeping_out.add(term.pods.selector, term)
            _add(self._carried[term], node, change)

    def _is_meant(self, pod: Pod, meant: _Meant) -> bool:
        if pod.deleting and not meant.leaving:
            return False
        namespaces = self.snapshot.namespaces
        return all(selects(each, pod, namespaces) for each in meant.selections)


def _alike(snapshot: Snapshot) -> Labelled[tuple[Pod, ...]]:
    """Return the pods by their labels."""
    found: dict[Labels, list[Pod]] = {}
    for pod in snapshot.pods.values():
        found.setdefault(pod.labels, []).append(pod)
    return Labelled([(labels, tuple(pods)) for labels, pods in found.items()])


def _apart(snapshot: Snapshot) -> tuple[Pod, ...]:
    """Return the pods with required anti-affinity."""
    return tuple(pod for pod in snapshot.pods.values() if pod.anti_affinity)


def _add(counts: Counts, node: NodeName, change: int) -> None:
    after = counts.get(node, 0) + change
    if after:
        counts[node] = after
    else:
        counts.pop(node, None)
