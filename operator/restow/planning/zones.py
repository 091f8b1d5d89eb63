"""NUMA zones in a decision: where a pod finds one by itself, and who comes to a node together.

A zone that a pod leaves counts when the node's NodeResourceTopology says so. So a node admits a pod
only while it has a zone for it now, whoever moves. What does not fit together is learned
(`planning.clashing`); in rescheduling, who came in vain stays, and nodes are closed (`Crowding`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.topology import Alignment
from restow.core.ids import NodeName, Uid
from restow.packing.relations import Clash
from restow.planning.concretise import Concrete
from restow.planning.formulation import Formulation
from restow.planning.grouping import class_of
from restow.planning.relating.sketch import Relating
from restow.planning.stage import Arrival, settle
from restow.rules.board import Board
from restow.rules.placement import numa_zones
from restow.rules.survey import Survey

RULES = (numa_zones.RULE,)

OFTEN = 3
"""After so many plans in vain, nodes are closed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """The pods to which NUMA zones of the nodes matter.

    Parameters
    ----------
    shapes
        Per such pod, what has to come out of one zone.
    nodes
        The nodes whose kubelet insists on one zone, or may.
    """

    shapes: Mapping[Uid, Alignment]
    nodes: frozenset[NodeName]
    _board: Board
    _told: dict[tuple[Alignment, tuple[NodeName, ...]], tuple[NodeName, ...]] = field(
        default_factory=dict
    )

    @classmethod
    def of(cls, pods: Iterable[Pod], nodes: Iterable[NodeName], snapshot: Snapshot) -> Self:
        """Return what zones mean to `pods` on `nodes`; nothing where no kubelet insists."""
        strict = frozenset(name for name in nodes if numa_zones.insists(name, snapshot))
        return cls(
            shapes={p.uid: p.alignment for p in pods if p.alignment is not None} if strict else {},
            nodes=strict,
            _board=Board(snapshot),
        )

    def admitting(self, pod: Pod, names: tuple[NodeName, ...]) -> tuple[NodeName, ...]:
        """Return those of the nodes that have a zone for the pod now; one tuple for all alike."""
        shape = self.shapes.get(pod.uid)
        if shape is None or self.nodes.isdisjoint(names):
            return names
        key = (shape, names)
        if key not in self._told:
            survey = Survey.of(pod, self._board, rules=RULES)
            self._told[key] = tuple(
                name for name in names if name not in self.nodes or survey.refusal(name) is None
            )
        return self._told[key]

    def relate(self, found: Relating, nodes: int) -> None:
        """Add what is to be learned of each of `nodes` nodes."""
        roles: dict[Alignment, set[Uid]] = {}
        for uid, shape in self.shapes.items():
            roles.setdefault(shape, set()).add(uid)
        if roles:
            named = {f"zoned {n}": frozenset(uids) for n, uids in enumerate(roles.values())}
            found.add(partial(_clash, tuple(range(nodes))), held=True, **named)


def _clash(domains: tuple[int, ...], **_roles: tuple[int, ...]) -> Clash:
    return Clash(domains=domains)


@dataclass(slots=True)
class Crowding:
    """What rescheduling has learned of nodes to which too many come.

    Attributes
    ----------
    held
        Pods that stay, since they came in vain.
    closed
        Nodes to which nobody comes any more who needs a zone: twice somebody came in vain, or
        plans have been made anew often.
    """

    held: frozenset[Uid] = frozenset()
    closed: frozenset[int] = frozenset()
    _often: int = 0
    _seen: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing was learned."""
        return not self._seen

    def learn(self, snapshot: Snapshot, formulation: Formulation, concrete: Concrete) -> bool:
        """Return whether not all who come are certain to find a zone, and remember where."""
        coming = [
            (snapshot.pods[each.step.pod.key], each.target)
            for each in concrete.changes
            if each.step.pod.uid in formulation.zoned and each.target is not None
        ]
        arrivals: list[Arrival] = [(pod, formulation.nodes[node]) for pod, node in coming]
        refused = settle(Board(snapshot), arrivals, rules=RULES)
        nodes = frozenset(coming[place][1] for place in refused)
        self._often += bool(refused)
        self.held |= {coming[place][0].uid for place in refused}
        self.closed |= nodes if self._often >= OFTEN else nodes & self._seen
        self._seen |= nodes
        return bool(refused)

    def narrowed(self, formulation: Formulation) -> Formulation:
        """Return the formulation without the ways to closed nodes."""
        if not self.closed:
            return formulation
        problem, zoned = formulation.problem, formulation.zoned
        members = {c for uid, c in class_of(formulation.members).items() if uid in zoned}
        classes = tuple(
            replace(pods, allowed=tuple(n for n in pods.allowed if n not in self.closed))
            if c in members
            else pods
            for c, pods in enumerate(problem.classes)
        )
        return replace(formulation, problem=replace(problem, classes=classes))
