"""What devices and NUMA zones cannot serve together, learned about one placement at a time.

The packing problem knows how many devices of a kind are free, not whether constraints, shared
counters or the order in which pods come let them be given out. So the end of a placement is acted
out on a board; the combinations of pods that fail are forbidden, and the problem is solved again.
The same is done about pods that all come to the zones of one node (`planning.zones`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, Uid
from restow.packing.problem import Problem
from restow.packing.relations import Clash, Combination, Relation
from restow.planning.concretise import Concrete
from restow.planning.formulation import Formulation
from restow.planning.grouping import class_of
from restow.planning.stage import Arrival, settle
from restow.rules.board import Board
from restow.rules.devices.demand import could_serve
from restow.rules.placement import dynamic_resources, numa_zones

RULES = (dynamic_resources.RULE, numa_zones.RULE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Combinations of pods that are not to be tried again.

    Parameters
    ----------
    near
        Pairs of a node's index and what that node cannot serve.
    wide
        What all nodes together cannot serve.
    certain
        Whether no choice of devices whatever would serve them. Otherwise it is kube-scheduler's
        choice, device by device, that does not, and bounds of problems without them do not hold.
    """

    near: tuple[tuple[int, Combination], ...] = ()
    wide: tuple[Combination, ...] = ()
    certain: bool = True

    @property
    def classes(self) -> frozenset[int]:
        """The classes of pods that it speaks of."""
        combinations = (*(each for _, each in self.near), *self.wide)
        return frozenset(c for each in combinations for c, _ in each)

    def taught(self, problem: Problem) -> Problem:
        """Return the problem with the combinations forbidden."""
        wide = tuple((0, each) for each in self.wide)

        def known(relation: Relation) -> Relation:
            if not isinstance(relation, Clash):
                return relation
            more = set(relation.forbidden)
            if relation.domains == tuple(range(len(relation.domains))):
                more.update(self.near)
            if not any(relation.domains):
                more.update(wide)
            return replace(relation, forbidden=tuple(sorted(more)))

        return replace(problem, relations=tuple(map(known, problem.relations)), start=None)


class _Party(NamedTuple):
    """Pods on a node at the end: those that are there already, and those that come."""

    staying: tuple[Pod, ...]
    coming: tuple[Pod, ...]

    @property
    def pods(self) -> tuple[Pod, ...]:
        return (*self.staying, *self.coming)

    def without(self, pod: Pod) -> "_Party":
        return _Party(*(tuple(each for each in pods if each is not pod) for pods in self))


def learn(snapshot: Snapshot, formulation: Formulation, concrete: Concrete) -> Lesson | None:
    """Return what is wrong with the placement, None if all its devices can be given out."""
    watched = _watched(formulation)
    changes = [each for each in concrete.changes if each.step.pod.uid in watched]
    coming: dict[int, list[Pod]] = {}
    for each in changes:
        if each.target is not None:
            coming.setdefault(each.target, []).append(snapshot.pods[each.step.pod.key])
    if not coming:
        return None
    school = _School.of(snapshot, formulation, {each.step.pod.uid for each in changes})
    return school.near(coming) or school.wide(coming)


def _watched(formulation: Formulation) -> frozenset[Uid]:
    """Return the pods of which amounts do not tell all."""
    return formulation.claimants | formulation.zoned


def nobody(formulation: Formulation) -> Lesson:
    """Return the lesson by which no pod with claims, or in need of a zone, arrives anywhere."""
    class_at = class_of(formulation.members)
    near = []
    for c in sorted({class_at[uid] for uid in _watched(formulation) if uid in class_at}):
        running = dict(formulation.problem.classes[c].running)
        near += [(n, ((c, running.get(n, 0) + 1),)) for n in range(len(formulation.nodes))]
    return Lesson(near=tuple(near), certain=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _School:
    """Tries who can be served together.

    Parameters
    ----------
    given
        The board without any pod whose devices the plan may change.
    staying
        (nodes,) those of them that stay where they are.
    running
        (nodes,) those of them that are there now.
    """

    formulation: Formulation
    given: Board
    staying: Sequence[Sequence[Pod]]
    running: Sequence[Sequence[Pod]]
    class_of: dict[Uid, int]

    @classmethod
    def of(cls, snapshot: Snapshot, formulation: Formulation, changing: set[Uid]) -> Self:
        """Return the school of a placement that changes where the pods `changing` are."""
        given, watched = Board(snapshot), _watched(formulation)
        running: list[list[Pod]] = [[] for _ in formulation.nodes]
        for members in formulation.members:
            for node, pods in members.running:
                running[node] += [pod for pod in pods if pod.uid in watched]
        for there in running:
            for pod in there:
                given.take(pod.uid)
        return cls(
            formulation=formulation,
            given=given,
            staying=[[pod for pod in pods if pod.uid not in changing] for pods in running],
            running=running,
            class_of=class_of(formulation.members),
        )

    def near(self, coming: dict[int, list[Pod]]) -> Lesson | None:
        """Return what nodes cannot serve, each by itself; None if nothing."""
        found: set[tuple[int, Combination]] = set()
        certain = True
        for node, arriving in sorted(coming.items()):
            party = _Party(tuple(self.staying[node]), tuple(arriving))
            if self._fails(node, party):
                for other, least in self._alike(node, self._least(node, party)):
                    found.add((other, self._combination(least)))
                    certain = certain and not self._could(other, least)
        return Lesson(near=tuple(sorted(found)), certain=certain) if found else None

    def wide(self, coming: dict[int, list[Pod]]) -> Lesson | None:
        """Return what all nodes together cannot serve, None if nothing."""
        arrivals = [(pod, self._name(node)) for node, pods in coming.items() for pod in pods]
        if not self._fail_together(arrivals):
            return None
        for each in list(arrivals):
            fewer = [other for other in arrivals if other is not each]
            if self._fail_together(fewer):
                arrivals = fewer
        everyone = Counter(self.class_of[pod.uid] for pod, _ in arrivals)
        everyone.update(self.class_of[pod.uid] for pods in self.staying for pod in pods)
        return Lesson(wide=(tuple(sorted(everyone.items())),), certain=False)

    def _fail_together(self, arrivals: Sequence[Arrival]) -> bool:
        """Whether the nodes cannot serve all that come."""
        board = self.given.copy()
        for node, pods in enumerate(self.staying):
            for pod in pods:
                board.put(pod, self._name(node))
        return bool(settle(board, arrivals, rules=RULES))

    def _fails(self, node: int, party: _Party) -> bool:
        """Whether the node cannot serve them: those that are there keep what they have."""
        board, name = self.given.copy(), self._name(node)
        for pod in party.staying:
            board.put(pod, name)
        return bool(settle(board, [(pod, name) for pod in party.coming], rules=RULES))

    def _could(self, node: int, party: _Party) -> bool:
        """Whether some choice of devices would serve them."""
        where = self.given.nodes[self._name(node)]
        return could_serve(party.pods, where, self.given.devices)

    def _least(self, node: int, party: _Party) -> _Party:
        """Return as few of them as fail all the same."""
        for pod in party.pods:
            fewer = party.without(pod)
            if self._fails(node, fewer):
                party = fewer
        return party

    def _alike(self, node: int, least: _Party) -> Iterator[tuple[int, _Party]]:
        """Yield the party on the node, and its like on every other one that it fails on."""
        yield node, least
        counts = Counter(self.class_of[pod.uid] for pod in least.pods)
        for other in range(len(self.formulation.nodes)):
            if other != node and self._reaches(other, counts):
                like = self._like(other, counts)
                if self._fails(other, like):
                    yield other, like

    def _combination(self, party: _Party) -> Combination:
        counts = Counter(self.class_of[pod.uid] for pod in party.pods)
        return tuple(sorted(counts.items()))

    def _reaches(self, node: int, counts: Iterable[int]) -> bool:
        """Whether pods of all these classes may be on the node."""
        classes = self.formulation.problem.classes
        return all(
            node in classes[c].allowed or any(n == node for n, _ in classes[c].running)
            for c in counts
        )

    def _like(self, node: int, counts: "Counter[int]") -> _Party:
        """Return as many pods of each class: those that are there, then others that come."""
        here = {pod.uid for pod in self.running[node]}
        chosen: list[Pod] = []
        for c, count in sorted(counts.items()):
            members = self.formulation.members[c]
            pods = [*members.pending, *(pod for _, each in members.running for pod in each)]
            chosen += sorted(pods, key=lambda pod: pod.uid not in here)[:count]
        return _Party(
            tuple(pod for pod in chosen if pod.uid in here),
            tuple(pod for pod in chosen if pod.uid not in here),
        )

    def _name(self, node: int) -> NodeName:
        return self.formulation.nodes[node]
