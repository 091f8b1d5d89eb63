"""Rivals: waiting pods that kube-scheduler may bind at any moment to room that is meant for others.

It takes waiting pods up again whenever a pod leaves or a nomination goes. What is nominated holds
room against pods of lower or equal priority, with one gap: a cycle of the nominee that fails clears
its nomination. That happens whenever something changed and its room is not complete yet, so a
nominee that could not be bound at this moment holds nothing. Gated nominees have no cycles.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.planning.execution.binding import bound_by_us
from restow.planning.execution.filling import asks
from restow.planning.execution.holding import meant
from restow.planning.execution.reserving import reserving, virtual
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action
from restow.planning.progress import OVER
from restow.planning.revalidate import Intrusion, misfits, stands_for
from restow.planning.room import takes, too_large, with_room, without
from restow.planning.twins import twins
from restow.rules.board import Board
from restow.rules.survey import Nominated, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """The rivals of one turn, each class of them once.

    Parameters
    ----------
    nominated
        Who is nominated, or will be before anybody leaves.
    chances
        Per rival, the nodes of any interest that would take it, other pods' wishes aside, once all
        that leave are gone: no other node does as long as some of them are there.
    standing_room
        Those of them that have the room already while all are there.
    leaving
        Those that are to leave or are being deleted, in the snapshot's order.
    relating
        Whether a rival, or one of those that leave or are to arrive, asks about others: then it
        matters on all nodes, and more departures are not always more room.
    """

    scene: Scene
    pods: tuple[Pod, ...]
    nominated: Nominated
    chances: Mapping[ObjectKey, tuple[NodeName, ...]]
    standing_room: Mapping[ObjectKey, tuple[NodeName, ...]]
    leaving: tuple[Pod, ...]
    relating: bool

    @classmethod
    def of(cls, scene: Scene, leaving: Iterable[Pod]) -> "Rivals":
        """Return the rivals while the pods are leaving."""
        going = tuple(leaving)
        seen: dict[object, Pod] = {}
        for pod in scene.snapshot.pods.values():
            if pod.node is None and not pod.gates and not pod.deleting:
                seen.setdefault(_class_of(scene, pod), pod)
        coming = (scene.arriving(index) for index, *_ in scene.steps(Action.PLACE, Action.MOVE))
        sources = frozenset(
            pod.node for pod in going if pod.node is not None and pod.node in scene.board.nodes
        )
        relating = any(pod is not None and asks(pod) for pod in (*going, *coming, *seen.values()))
        among = scene.board.nodes if relating else sorted(sources)
        uids = {pod.uid for pod in going}
        return cls(
            scene=scene,
            pods=tuple(seen.values()),
            nominated=_held(scene),
            chances=_chances(scene, seen.values(), going, among),
            standing_room=_chances(scene, seen.values(), (), among),
            leaving=tuple(
                pod for pod in scene.snapshot.pods.values() if pod.uid in uids or pod.deleting
            ),
            relating=relating,
        )

    def standing(self) -> "Rivals":
        """Return the same after `scene.withheld` has changed."""
        return replace(self, nominated=_held(self.scene))

    def intrusions(self, gone: Set[Uid], *, weak: bool) -> Iterator[Intrusion]:
        """Yield where rivals may be bound, to the plan's harm, once `gone`, some that leave, are.

        One per node. Also once those arrive that have room then: some pods wait for another one to
        be there. `weak`: no nomination holds but those of gated pods.
        """
        scene = self.scene
        off = [pod for pod in self.leaving if pod.uid in gone or pod.deleting]
        roomy = self._roomy({scene.board.node_of(pod.uid) for pod in off})
        if not any(roomy.values()):
            return
        with without(scene.board, off) as board:
            found = self._possible(board, roomy, weak=weak)
            if any(pod.affinity for pod in self.pods):
                with _seated(scene, board, gone):
                    found += [(each, True) for each, _ in self._possible(board, roomy, weak=weak)]
        harmed: set[NodeName] = set()
        for each, two in found:
            if each.node not in harmed and self._harms(each, swap=not two):
                harmed.add(each.node)
                yield each

    def _roomy(self, opened: Set[NodeName | None]) -> dict[ObjectKey, tuple[NodeName, ...]]:
        """Return per rival its chances once pods have left the nodes `opened` and no others."""
        found: dict[ObjectKey, tuple[NodeName, ...]] = {}
        for pod in self.pods:
            now = frozenset(self.standing_room[pod.key])
            chances = self.chances[pod.key]
            found[pod.key] = tuple(name for name in chances if name in opened or name in now)
        return found

    def _possible(
        self, board: Board, roomy: Mapping[ObjectKey, tuple[NodeName, ...]], *, weak: bool
    ) -> list[tuple[Intrusion, bool]]:
        """Return where rivals may be bound, and whether there is room for a twin besides."""
        names = {name for among in roomy.values() for name in among if name in self.nominated}
        held = {name: self._holders(board, name, weak=weak) for name in sorted(names)}
        return [
            (Intrusion(pod, node), _takes_two(board, pod, node))
            for pod in self.pods
            if board.node_of(pod.uid) is None
            for node in self._open(board, pod, roomy[pod.key], held, weak=weak)
        ]

    def _open(
        self, board: Board, pod: Pod, among: Iterable[NodeName], held: Nominated, *, weak: bool
    ) -> list[NodeName]:
        """Return the nodes other than its target that take the rival."""
        names = [name for name in among if not too_large(board, pod, name, held)]
        if not names:
            return []
        own = _target(self.scene, pod)
        survey = Survey.of(pod, board, nominated=held)
        # nominations that hold nothing against others would still keep it out of its target
        comes = own is not None and takes(board, pod, own, self.nominated)
        if own is not None and comes and not weak and survey.refusal(own) is None:
            return []
        return [name for name in names if name != own and survey.refusal(name) is None]

    def _holders(self, board: Board, node: NodeName, *, weak: bool) -> tuple[Pod, ...]:
        """Return the nominees whose nominations hold the node."""
        return tuple(
            pod
            for pod in self.nominated[node]
            if pod.gates or (not weak and takes(board, pod, node, self.nominated))
        )

    def _harms(self, intrusion: Intrusion, *, swap: bool) -> bool:
        """Whether the plan cannot be carried out with the rival there; strays count as well.

        `swap`: the twin whose room it is does not get in beside it.
        """
        scene = self.scene
        swapped = swap and any(
            stands_for(scene.plan, scene.progress, index, intrusion)
            for index, *_ in scene.steps(Action.PLACE, Action.MOVE)
        )
        if _target(scene, intrusion.pod) is not None and not swapped:
            return True
        return bool(misfits(scene.plan, scene.progress, scene.snapshot, intrusion, swap=swap))


def _chances(
    scene: Scene, rivals: Collection[Pod], going: Iterable[Pod], among: Iterable[NodeName]
) -> Mapping[ObjectKey, tuple[NodeName, ...]]:
    """Return per rival those nodes, `among` these, that would take it once all have left."""
    deleting = [pod for name in scene.board.nodes for pod in scene.board.pods(name) if pod.deleting]
    with without(scene.board, (*going, *deleting)) as board:
        return with_room(board, rivals, among)


def _held(scene: Scene) -> Nominated:
    """Return who is nominated or will be, with the placeholders that stand for what is to come.

    Those stand for the pending pods that restow binds: their nominations are not set again.
    """
    found = dict(meant(scene))
    if reserving(scene):
        ours = {
            pod.uid
            for index, step, _ in scene.steps(Action.PLACE)
            if (pod := scene.arriving(index)) is not None and bound_by_us(scene, step, pod)
        }
        found = {node: tuple(o for o in pods if o.uid not in ours) for node, pods in found.items()}
        for node, pods in virtual(scene).items():
            found[node] = (*found.get(node, ()), *pods)
    return found


def _target(scene: Scene, pod: Pod) -> NodeName | None:
    """Return where the plan wants the pod, None if nowhere."""
    for index, step, state in scene.steps(Action.PLACE, Action.MOVE):
        if state.phase not in OVER:
            arriving = scene.arriving(index)
            if arriving is not None and arriving.uid == pod.uid:
                return step.target
    return None


@contextmanager
def _seated(scene: Scene, board: Board, gone: Set[Uid]) -> Iterator[None]:
    """Put the arrivals that have room on their targets, for a while.

    Those that do not exist yet are like the pods that they will come for.
    """
    seated: list[Pod] = []
    for index, step, state in scene.steps(Action.PLACE, Action.MOVE):
        pod = scene.arriving(index)
        left = scene.pod(step)
        if pod is None and left is not None and left.uid in gone:
            pod = replace(left, uid=Uid(f"new {left.uid}"), node=None, deleting=False)
        if pod is None or pod.node is not None or state.phase in OVER or step.target is None:
            continue
        if step.target in board.nodes and takes(board, pod, step.target, {}):
            board.put(pod, step.target)
            seated.append(pod)
    try:
        yield
    finally:
        for pod in seated:
            board.take(pod.uid)


def _takes_two(board: Board, pod: Pod, node: NodeName) -> bool:
    """Whether the node takes the pod and a twin of it."""
    twin = replace(pod, uid=Uid(f"twin of {pod.uid}"))
    board.put(pod, node)
    fits = takes(board, twin, node, {})
    board.take(pod.uid)
    return fits


def _class_of(scene: Scene, pod: Pod) -> object:
    """Return what is equal for pods of one controller that nothing tells from one another."""
    if pod.owner is None or not twins(pod.owner, pod.owner):
        return pod.uid
    return (pod.owner.uid, pod.requests, pod.nominated_node, _target(scene, pod))
