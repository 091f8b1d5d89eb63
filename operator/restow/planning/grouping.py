"""Classes: pods that are interchangeable for placement."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.packing.problem import PodClass
from restow.planning.formulation import Members
from restow.planning.relating.sketch import Relating
from restow.rules.machines import is_launcher
from restow.rules.wishes import Wishes

TIER = 1
"""Where in a shape."""

Classes = tuple[tuple[PodClass, ...], tuple[Members, ...]]


_Shape = tuple[tuple[int, ...], int, int, int, bool, bool, int, bool, tuple[int, ...]]
"""What a class of pods has in common but for nodes, of `PodClass`: demand, tier, group, rank,
movable, evictable, move cost, preempts, budgets. A bare tuple: thousands are made and compared."""


class _Alike(NamedTuple):
    """Pods of one class; `related`: they have a role in some relation."""

    shape: _Shape
    allowed: tuple[int, ...]
    related: bool
    pods: list[Pod]


@dataclass(slots=True, kw_only=True)
class Grouping:
    """Groups pods that are interchangeable for placement.

    Parameters
    ----------
    tiers
        Priorities, highest first.
    nodes
        Those of the problem, in its order.
    allowed
        Per pod, the nodes that no rule about pod and node alone refuses.
    demand
        Per pod, its requests in the order of the problem's resources.
    budgets, drawn_on
        Those of the problem, in its order, and per running pod the one that it draws on.
    rivals
        Pending pods that may push others out.
    unbindable
        Pending pods that kube-scheduler has to bind itself.
    relating
        What the pods ask of where others are.

    Attributes
    ----------
    class_of
        The class of each pod that has a role in a relation.
    """

    tiers: list[int]
    wishes: Mapping[Uid, Wishes]
    nodes: tuple[NodeName, ...]
    allowed: Mapping[Uid, tuple[NodeName, ...]]
    demand: Mapping[Uid, tuple[int, ...]]
    budgets: list[ObjectKey]
    drawn_on: Mapping[Uid, ObjectKey]
    rivals: list[Pod]
    unbindable: frozenset[Uid]
    relating: Relating
    class_of: dict[Uid, int] = field(default_factory=dict)
    _groups: dict[tuple[str, int], int] = field(default_factory=dict)
    _unequal: bool = False  # else nobody outranks anybody
    _unheld: frozenset[Uid] = frozenset()
    _alike: dict[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)
    _losing: dict[tuple[object, ...], bool] = field(default_factory=dict)

    _index: dict[NodeName, int] = field(init=False)
    _tier: dict[int, int] = field(init=False)
    _budget: dict[ObjectKey, tuple[int, ...]] = field(init=False)
    _indices: dict[object, tuple[int, ...]] = field(default_factory=dict)
    _within: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {name: number for number, name in enumerate(self.nodes)}
        self._tier = {priority: number for number, priority in enumerate(self.tiers)}
        self._budget = {key: (number,) for number, key in enumerate(self.budgets)}

    def group(self, pending: list[Pod], movable: list[Pod]) -> Classes:
        """Return the classes, highest tier first, and their pods."""
        self._number_groups([*pending, *movable])
        self._unequal = len(self.tiers) > 1 or bool(self._groups)
        roles = self.relating.roles()
        self._unheld = self.relating.unheld()
        grouped: dict[tuple[object, ...], _Alike] = {}
        for pod in (*pending, *movable):
            machine, role = is_launcher(pod), roles.get(pod.uid)
            shape, allowed = self._shape(pod, machine=machine), self._allowed(pod)
            # nodes are told apart by their tuple: comparing long ones pod by pod takes its time
            key = (shape, id(allowed), machine, role, pod.uid in self.unbindable)
            if key not in grouped:
                grouped[key] = _Alike(shape, allowed, role is not None, [])
            grouped[key].pods.append(pod)
        classes = sorted(grouped.values(), key=lambda each: each.shape[TIER])
        for index, each in enumerate(classes):
            if each.related:
                self.class_of.update(dict.fromkeys((pod.uid for pod in each.pods), index))
        built = [self._fill(each) for each in classes]
        return tuple([each for each, _ in built]), tuple([each for _, each in built])

    def _number_groups(self, pods: list[Pod]) -> None:
        """Give a group to each namespace in which ranks differ within a tier; others share one."""
        if len({self.wishes[pod.uid].rank for pod in pods}) < 2:
            return
        known = {
            (pod.key.namespace, asked.priority, asked.rank)
            for pod in pods
            for asked in (self.wishes[pod.uid],)
        }
        ranks = Counter((namespace, priority) for namespace, priority, _ in known)
        for each, found in sorted(ranks.items()):
            if found > 1:
                self._groups[each] = 1 + len(self._groups)

    def _shape(self, pod: Pod, *, machine: bool) -> _Shape:
        asked, running = self.wishes[pod.uid], pod.node is not None
        group = self._groups.get((pod.key.namespace, asked.priority), 0) if self._groups else 0
        budget = self.drawn_on.get(pod.uid)
        return (
            self.demand[pod.uid],
            self._tier[asked.priority],
            group,
            asked.rank if group else 0,
            running,
            running
            and self._unequal
            and pod.uid not in self._unheld
            and not machine
            and self._evictable(pod),
            asked.move_cost if running else 1,
            pod.preempts,
            () if budget is None else self._budget[budget],
        )

    def _allowed(self, pod: Pod) -> tuple[int, ...]:
        """Return the nodes that may receive the pod: one tuple for all that may go to the same."""
        names, barred = self.allowed[pod.uid], self.relating.barred.get(pod.uid)
        out = [numbers for nodes in barred or () if (numbers := self._numbers(nodes))]
        key = (id(names), *sorted(map(id, out))) if out else id(names)
        if key not in self._indices:
            marks = bytearray(len(self.nodes))
            for index in self._numbers(names):
                marks[index] = 1
            for index in chain.from_iterable(out):
                marks[index] = 0
            allowed = tuple(compress(range(len(marks)), marks))
            self._indices[key] = self._alike.setdefault(allowed, allowed)
        return self._indices[key]

    def _numbers(self, nodes: Collection[NodeName]) -> tuple[int, ...]:
        """Return the indices of those of the nodes that are in the problem; once per object."""
        if id(nodes) not in self._within:
            index = self._index
            self._within[id(nodes)] = tuple([index[name] for name in nodes if name in index])
        return self._within[id(nodes)]

    def _evictable(self, pod: Pod) -> bool:
        """Whether some pending pod may push this one out, and none that could not then stay.

        kube-scheduler goes by the priority in the spec alone: a pod placed by its annotation in the
        room of one with a higher spec priority would be preempted by that one's replacement.
        """
        asked = self.wishes[pod.uid]
        key = (pod.key.namespace, asked.priority, asked.rank, pod.priority)
        if key not in self._losing:
            above = [rival for rival in self.rivals if self._outranks(rival, pod, asked)]
            self._losing[key] = bool(above) and all(r.priority >= pod.priority for r in above)
        return self._losing[key]

    def _outranks(self, rival: Pod, pod: Pod, asked: Wishes) -> bool:
        wanted = self.wishes[rival.uid]
        if wanted.priority != asked.priority:
            return wanted.priority > asked.priority
        return rival.key.namespace == pod.key.namespace and wanted.rank > asked.rank

    def _fill(self, alike: _Alike) -> tuple[PodClass, Members]:
        shape, allowed, _, pods = alike
        demand, tier, group, rank, movable, evictable, move_cost, preempts, budgets = shape
        pending: tuple[Pod, ...] = ()
        if not movable:
            pending = tuple(sorted(pods, key=lambda pod: (pod.created_at, pod.key)))
        running = self._running(pods) if movable else ()
        counts = tuple([(node, len(each)) for node, each in running])
        made = PodClass(
            demand=demand,
            tier=tier,
            group=group,
            rank=rank,
            allowed=allowed,
            pending=len(pending),
            running=counts,
            movable=movable,
            evictable=evictable,
            move_cost=move_cost,
            preempts=preempts,
            budgets=budgets,
        )
        return made, Members(pending=pending, running=running)

    def _running(self, pods: list[Pod]) -> tuple[tuple[int, tuple[Pod, ...]], ...]:
        """Return the pods per node, in the order in which they are disturbed."""
        if len(pods) == 1 and pods[0].node is not None:
            return ((self._index[pods[0].node], tuple(pods)),)
        by_node: dict[int, list[Pod]] = {}
        for pod in pods:
            if pod.node is not None:
                by_node.setdefault(self._index[pod.node], []).append(pod)
        return tuple([(node, _giving_way(there)) for node, there in sorted(by_node.items())])


def class_of(members: tuple[Members, ...]) -> dict[Uid, int]:
    """Return the class of each pod."""
    found: dict[Uid, int] = {}
    for index, each in enumerate(members):
        found.update((pod.uid, index) for pod in each.pending)
        found.update((pod.uid, index) for _, pods in each.running for pod in pods)
    return found


def _giving_way(pods: list[Pod]) -> tuple[Pod, ...]:
    """Return interchangeable pods in the order in which they are disturbed."""
    return tuple(pods if len(pods) == 1 else sorted(pods, key=_gives_way))


def _gives_way(pod: Pod) -> tuple[bool, float, ObjectKey]:
    """Unready pods first, then the youngest."""
    return pod.ready, -(pod.started_at or pod.created_at).timestamp(), pod.key
