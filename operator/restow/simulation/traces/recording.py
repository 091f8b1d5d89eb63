"""Turns what is seen of a live cluster, look by look, into the lines of a trace."""

import hmac
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from pydantic import BaseModel

from restow.cluster.objects import Feature, Node, Phase, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, Uid
from restow.policies.packing_policy import Moving, Scope
from restow.rules import registry, wishes
from restow.rules.moving.registry import Context, reasons_to_stay
from restow.simulation.traces.gpus import Gpus, Taken, are_there, claims_of
from restow.simulation.traces.lines import (
    MEBI,
    MOST_DEVICES,
    VERSION,
    ArrivalLine,
    DepartureLine,
    EndLine,
    HeaderLine,
    NodeLine,
    PlacedLine,
)
from restow.simulation.traces.writing import group_line

Name = Callable[[str, str], str]
"""Gives a thing of a sort (`pod`, `node`, …) the name that is written."""


def as_it_is(_sort: str, name: str) -> str:
    """Return the name itself."""
    return name


def hashed(key: bytes) -> Name:
    """Return what replaces names by hashes: the same name by the same one under one key."""

    def name(sort: str, text: str) -> str:
        digest = hmac.new(key, f"{sort} {text}".encode(), sha256).hexdigest()
        return f"{sort}-{digest[:16]}"

    return name


class Recorder:
    """What has been written so far, and what is to be written next.

    Parameters
    ----------
    gpus
        What counts as one.
    name
        How things are called; `as_it_is`, or `hashed`.
    anonymised
        Whether moments and namespaces are left out as well.
    """

    def __init__(self, gpus: Gpus, name: Name = as_it_is, *, anonymised: bool = False) -> None:
        self._gpus, self._name, self._anonymised = gpus, name, anonymised
        self._nodes: dict[NodeName, Node] = {}
        self._here: dict[Uid, str] = {}
        self._placed: set[Uid] = set()
        self._claims: dict[Uid, frozenset[Uid]] = {}
        self._claimed: set[Uid] = set()
        self._groups: dict[frozenset[NodeName], str] = {}
        self._allowed: dict[object, frozenset[NodeName]] = {}
        self.unknown: set[NodeName] = set()
        """Nodes that came later: pods on them are recorded without a place."""
        self.bare: Counter[str] = Counter()
        """How many pods are recorded without their GPUs, by the reason."""
        self.crowded = 0
        """How many nodes have more GPUs than the trace can say."""
        self.unread: set[str] = set()
        """Kinds of objects that could not be read at some look."""

    def begin(self, snapshot: Snapshot) -> Iterator[BaseModel]:
        """Yield the first line, the nodes, and the pods that are there."""
        yield HeaderLine(
            restow="trace",
            version=VERSION,
            started=None if self._anonymised else snapshot.taken_at.isoformat(),
            anonymised=self._anonymised,
        )
        self._nodes = dict(snapshot.nodes)
        yield from (self._node(node, snapshot) for node in snapshot.nodes.values())
        yield from self.look(snapshot, 0.0)

    def look(self, snapshot: Snapshot, at: float) -> Iterator[BaseModel]:
        """Yield what has changed since the last look: who went, who came, who has a node now."""
        self.unread |= snapshot.unknown
        now = {pod.uid: pod for pod in snapshot.pods.values() if _has_come(pod, snapshot)}
        for uid in [uid for uid in self._here if uid not in now]:
            self._placed.discard(uid)
            self._claimed -= self._claims.pop(uid, frozenset())
            yield DepartureLine(at=at, departs=self._here.pop(uid))
        context = None
        for uid, pod in now.items():
            if uid not in self._here:
                context = context or _context(snapshot)
                yield from self._arrival(pod, context, at)
            if pod.node is not None and uid not in self._placed:
                self._placed.add(uid)
                if pod.node in self._nodes:
                    node = self._name("node", pod.node)
                    yield PlacedLine(at=at, placed=self._here[uid], node=node)
                else:
                    self.unknown.add(pod.node)

    def end(self, at: float) -> EndLine:
        """Return the last line."""
        return EndLine(at=at, ends=True)

    def _node(self, node: Node, snapshot: Snapshot) -> NodeLine:
        model = self._gpus.model(node, snapshot)
        gpus = self._gpus.of_node(node, snapshot)
        self.crowded += gpus > MOST_DEVICES
        return NodeLine(
            node=self._name("node", node.name),
            cpu=f"{node.allocatable.of('cpu')}m",
            memory=f"{node.allocatable.of('memory') // MEBI}Mi",
            gpus=min(MOST_DEVICES, gpus),
            model=self._name("model", model) if model else "",
        )

    def _arrival(self, pod: Pod, context: Context, at: float) -> Iterator[BaseModel]:
        name = self._here[pod.uid] = self._name("pod", str(pod.key))
        fixed = _fixed(pod)
        group = None
        if not fixed:
            nodes = self._where(pod)
            if len(nodes) < len(self._nodes):
                group = self._groups.get(nodes)
                if group is None:
                    group = self._groups[nodes] = f"group-{len(self._groups)}"
                    yield group_line(group, [self._name("node", node) for node in nodes])
        taken = self._taken(pod, context.snapshot)
        yield ArrivalLine(
            at=at,
            arrives=name,
            cpu=f"{pod.requests.of('cpu')}m",
            memory=str(pod.requests.of("memory")),
            gpus=taken.gpus,
            share=taken.share,
            group=group,
            priority=pod.priority,
            fixed=fixed,
            movable=_movable(pod, context),
            namespace=self._name("namespace", pod.key.namespace),
            labels={
                self._name("label", key): self._name("value", text)
                for key, text in pod.labels.items()
            },
        )

    def _taken(self, pod: Pod, snapshot: Snapshot) -> Taken:
        """Return the GPUs that are written for the pod; a claim's are those of who came first."""
        taken = self._gpus.of_pod(pod, snapshot, self._claimed)
        if taken.why:
            self.bare[taken.why] += 1
        elif taken.gpus and pod.claims:
            self._claims[pod.uid] = claims_of(pod, snapshot)
            self._claimed |= self._claims[pod.uid]
        return taken

    def _where(self, pod: Pod) -> frozenset[NodeName]:
        """Return the nodes that the pod's own selectors, affinity and tolerations leave it."""
        asked = (pod.node_selector, pod.node_affinity, pod.tolerations, pod.needed_features)
        if asked not in self._allowed:
            # a pod that has started: where it was put says nothing of where it may be
            started = replace(pod, phase=Phase.RUNNING)
            self._allowed[asked] = frozenset(
                name
                for name, node in self._nodes.items()
                if registry.refusal(started, node) is None
            )
        return self._allowed[asked]


def _has_come(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether kube-scheduler looks at the pod, or has."""
    return pod.node is not None or (not pod.gates and are_there(pod, snapshot))


def _context(snapshot: Snapshot) -> Context:
    """Return what the rules of moving need, disruption budgets left out: they change."""
    bare = replace(snapshot, budgets={})
    return Context.of(bare, moving=Moving(), scheduler_names=Scope().scheduler_names)


def _fixed(pod: Pod) -> bool:
    """Return whether kube-scheduler has no say in where the pod is."""
    daemon = pod.owner is not None and pod.owner.kind == "DaemonSet"
    foreign = pod.scheduler_name not in Scope().scheduler_names
    return daemon or foreign or Feature.MIRROR in pod.features


def _movable(pod: Pod, context: Context) -> bool:
    """Return whether a policy of defaults would move the pod once it runs."""
    node = pod.node or next(iter(context.snapshot.nodes), None)
    running = replace(pod, phase=Phase.RUNNING, node=node, deleting=False)
    movable = wishes.of(pod, context.snapshot).movable
    return next(reasons_to_stay(running, context, movable=movable), None) is None
