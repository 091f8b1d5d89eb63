"""What must wait while kube-scheduler binds a replacement that was let in.

Its cycle looks at the nominated node first. Has that no room at this moment, the replacement is
bound wherever there is some. And on the way a node may be fuller than at the end: a pod that was
just nominated or bound counts beside the placeholder that held its room.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.planning.acts import Act, Bind, Nominate, Release, Reserve
from restow.planning.execution.reserving import stand_in
from restow.planning.execution.scene import Scene
from restow.planning.plan import Action
from restow.planning.progress import StepPhase
from restow.planning.room import takes
from restow.rules.board import Board

SPARED_S: Final = 5.0
"""Longest time that other acts wait for kube-scheduler to bind a replacement."""


def spare(scene: Scene) -> None:
    """Drop the acts that would take the room of a replacement which is being bound.

    Nor is one let in beside what was done before in the same turn. The next turn asks again for
    what was dropped. Comes last: the board is not what it was afterwards.
    """
    room = _Room.of(scene)
    scene.acts[:] = [act for act in scene.acts if room.takes(act)]


@dataclass(slots=True)
class _Room:
    """The cluster after the acts of the turn so far.

    `coming` are the replacements that are being bound, `gated` those that have room but are yet to
    be released; both with their nodes.
    """

    scene: Scene
    board: Board
    nominated: dict[NodeName, list[Pod]]
    coming: dict[Uid, tuple[Pod, NodeName]] = field(default_factory=dict)
    gated: dict[Uid, tuple[Pod, NodeName]] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene) -> "_Room":
        """Return it before the first act."""
        for act in scene.acts:
            if isinstance(act, Bind):  # `arrive` has put it there
                scene.board.take(act.pod.uid)
        nominated = {node: list(pods) for node, pods in scene.snapshot.nominated.items()}
        room = cls(scene=scene, board=scene.board, nominated=nominated)
        for pod, node in _steered(scene):
            if room.fits(pod, node):
                (room.gated if pod.gates else room.coming)[pod.uid] = (pod, node)
        return room

    def fits(self, pod: Pod, node: NodeName) -> bool:
        """Whether kube-scheduler would bind the pod there now."""
        held = {node: tuple(self.nominated.get(node, ()))}
        return takes(self.board, pod, node, held)

    def takes(self, act: Act) -> bool:
        """Whether the act may be done now; it counts as done then."""
        match act:
            case Release():
                let_in = self.gated.get(act.pod.uid)
                if let_in is None:
                    return True
                self.coming[act.pod.uid] = let_in
                return self.fits(*let_in)
            case Bind():
                return self._takes_bound(act)
            case Nominate():
                pod = self.scene.snapshot.pod_by_uid(act.pod.key, act.pod.uid)
                return pod is None or self._takes_nominated(pod, act.node)
            case Reserve():
                pod = stand_in(self.scene, act.placeholder)
                return self._takes_nominated(pod, act.placeholder.node)
            case _:
                return True

    def _takes_nominated(self, pod: Pod, node: NodeName) -> bool:
        there = self.nominated.setdefault(node, [])
        if any(other.uid == pod.uid for other in there):
            return True
        there.append(pod)
        if self._spares(pod.uid):
            return True
        there.pop()
        return False

    def _takes_bound(self, act: Bind) -> bool:
        pod = self.scene.snapshot.pod_by_uid(act.pod.key, act.pod.uid)
        if pod is None:
            return True
        self.board.put(pod, act.node)
        if self._spares(pod.uid):
            return True
        self.board.take(pod.uid)
        return False

    def _spares(self, uid: Uid) -> bool:
        """Whether all but that pod still have their room."""
        return all(self.fits(*each) for other, each in self.coming.items() if other != uid)


def _steered(scene: Scene) -> Iterator[tuple[Pod, NodeName]]:
    """Yield the replacements that are nominated to their targets, those released long ago aside."""
    for index, step, state in scene.of_wave(Action.MOVE):
        pod = scene.arriving(index)
        if pod is None or pod.node is not None or step.target not in scene.board.nodes:
            continue
        due = state.phase is StepPhase.RELEASED and not scene.after(state.since, SPARED_S)
        if step.target is not None and pod.nominated_node == step.target and (pod.gates or due):
            yield pod, step.target
