"""Classes: pods that are interchangeable for placement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.packing.problem import PodClass
from restow.planning.formulation import Members
from restow.planning.relating.sketch import Relating
from restow.rules.machines import is_launcher
from restow.rules.wishes import Wishes

Classes = tuple[tuple[PodClass, ...], tuple[Members, ...]]


class _Asked(NamedTuple):
    """What a class of pods has in common, as `PodClass` has it."""

    allowed: tuple[int, ...]
    demand: tuple[int, ...]
    tier: int
    group: int
    rank: int
    movable: bool
    evictable: bool
    move_cost: int
    preempts: bool
    budgets: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Grouping:
    """Groups pods that are interchangeable for placement.

    Parameters
    ----------
    tiers
        Priorities, highest first.
    index_of
        Index of each node of the problem.
    allowed
        Per pod, the nodes that no rule about pod and node alone refuses.
    demand
        Per pod, its requests in the order of the problem's resources.
    budget_of
        Per running pod that draws on a disruption budget, its index in the problem.
    rivals
        Pending pods that may push others out.
    unbindable
        Pending pods that kube-scheduler has to bind itself.
    relating
        What the pods ask of where others are.
    """

    tiers: list[int]
    wishes: Mapping[Uid, Wishes]
    index_of: Mapping[NodeName, int]
    allowed: Mapping[ObjectKey, tuple[NodeName, ...]]
    demand: Mapping[Uid, tuple[int, ...]]
    budget_of: Mapping[Uid, int]
    rivals: list[Pod]
    unbindable: frozenset[Uid]
    relating: Relating
    _groups: dict[tuple[str, int], int] = field(default_factory=dict)
    _unheld: frozenset[Uid] = frozenset()
    _indices: dict[tuple[object, ...], tuple[int, ...]] = field(default_factory=dict)
    _alike: dict[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)
    _losing: dict[tuple[object, ...], bool] = field(default_factory=dict)

    def group(self, pending: list[Pod], movable: list[Pod]) -> Classes:
        """Return the classes, highest tier first, and their pods."""
        self._number_groups([*pending, *movable])
        roles = self.relating.roles()
        self._unheld = self.relating.unheld()
        grouped: dict[tuple[object, ...], tuple[_Asked, list[Pod]]] = {}
        for pod in (*pending, *movable):
            asked = self._asked(pod)
            extra = (pod.uid in self.unbindable, is_launcher(pod), roles.get(pod.uid))
            # nodes are told apart by their tuple: comparing long ones pod by pod takes its time
            key = (*asked[1:], id(asked.allowed), extra)
            if key not in grouped:
                grouped[key] = (asked, [])
            grouped[key][1].append(pod)
        built = [self._fill(asked, pods) for asked, pods in grouped.values()]
        built.sort(key=lambda each: each[0].tier)
        return tuple(each for each, _ in built), tuple(each for _, each in built)

    def _number_groups(self, pods: list[Pod]) -> None:
        """Give a group to each namespace in which ranks differ within a tier; others share one."""
        ranks: dict[tuple[str, int], set[int]] = {}
        for pod in pods:
            asked = self.wishes[pod.uid]
            ranks.setdefault((pod.key.namespace, asked.priority), set()).add(asked.rank)
        for each, found in sorted(ranks.items()):
            if len(found) > 1:
                self._groups[each] = 1 + len(self._groups)

    def _asked(self, pod: Pod) -> _Asked:
        asked, running = self.wishes[pod.uid], pod.node is not None
        group = self._groups.get((pod.key.namespace, asked.priority), 0)
        budget = self.budget_of.get(pod.uid)
        return _Asked(
            allowed=self._allowed(pod),
            demand=self.demand[pod.uid],
            tier=self.tiers.index(asked.priority),
            group=group,
            rank=asked.rank if group else 0,
            movable=running,
            evictable=running
            and pod.uid not in self._unheld
            and not is_launcher(pod)
            and self._evictable(pod),
            move_cost=asked.move_cost if running else 1,
            preempts=pod.preempts,
            budgets=() if budget is None else (budget,),
        )

    def _allowed(self, pod: Pod) -> tuple[int, ...]:
        """Return the nodes that may receive the pod: one tuple for all that may go to the same."""
        names = self.allowed[pod.key]
        barred = self.relating.barred.get(pod.uid, ())
        key = (id(names), frozenset(barred))
        if key not in self._indices:
            out = {name for nodes in barred for name in nodes}
            nodes = tuple(self.index_of[name] for name in names if name not in out)
            self._indices[key] = self._alike.setdefault(nodes, nodes)
        return self._indices[key]

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

    def _fill(self, asked: _Asked, pods: list[Pod]) -> tuple[PodClass, Members]:
        shape = asked._asdict()
        if not asked.movable:
            ordered = sorted(pods, key=lambda pod: (pod.created_at, pod.key))
            return PodClass(**shape, pending=len(pods)), Members(pending=tuple(ordered))
        by_node: dict[int, list[Pod]] = {}
        for pod in pods:
            if pod.node is not None:
                by_node.setdefault(self.index_of[pod.node], []).append(pod)
        running = tuple(
            (node, tuple(sorted(by_node[node], key=_gives_way))) for node in sorted(by_node)
        )
        counts = tuple((node, len(each)) for node, each in running)
        return PodClass(**shape, running=counts), Members(running=running)


def class_of(members: tuple[Members, ...]) -> dict[Uid, int]:
    """Return the class of each pod."""
    found: dict[Uid, int] = {}
    for index, each in enumerate(members):
        found.update((pod.uid, index) for pod in each.pending)
        found.update((pod.uid, index) for _, pods in each.running for pod in pods)
    return found


def _gives_way(pod: Pod) -> tuple[bool, float, ObjectKey]:
    """Order in which interchangeable pods are disturbed: unready first, then the youngest."""
    return pod.ready, -(pod.started_at or pod.created_at).timestamp(), pod.key
