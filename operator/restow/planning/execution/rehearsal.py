"""A plan tried out beforehand, to see whether there is always somebody who may leave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.marks import GATE
from restow.planning.execution.holding import withheld
from restow.planning.execution.scene import Scene
from restow.planning.execution.vacating import may_leave
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import OVER, Progress, Settings, StepPhase, begin
from restow.planning.room import has_room
from restow.rules import machines
from restow.rules.board import Board

NOBODY: frozenset[Uid] = frozenset()


def stuck(plan: Plan, judge: Judge) -> frozenset[Uid]:
    """Return the pods that could not leave in their wave; empty when the plan can be carried out.

    As it goes when every part does as planned: pods are gone at once, arrivals are bound as soon
    as there is room. Rivals are those of `judge.snapshot`.
    """
    rehearsal = _Rehearsal(plan, judge, judge.snapshot, begin(plan, judge.now))
    for wave in range(plan.waves):
        rehearsal.progress = replace(rehearsal.progress, wave=wave)
        left = rehearsal.wave()
        if left:
            return left
    return NOBODY


@dataclass(slots=True)
class _Rehearsal:
    plan: Plan
    judge: Judge
    snapshot: Snapshot
    progress: Progress

    def wave(self) -> frozenset[Uid]:
        """Let the pods of the wave leave; return those that cannot."""
        while True:
            self._arrive()
            self._migrate()
            planned = [
                (index, step)
                for index, step in enumerate(self.plan.steps)
                if step.wave == self.progress.wave
                and step.action in {Action.MOVE, Action.EVICT}
                and self.progress.steps[index].phase is StepPhase.PLANNED
            ]
            if not planned:
                return self._hand_over()
            scene = self._scene()
            scene.withheld = withheld(scene)
            chosen, _ = may_leave(scene, planned)
            if not chosen:
                return frozenset(step.pod.uid for _, step in planned)
            self._leave(chosen)

    def _scene(self) -> Scene:
        return Scene(
            plan=self.plan,
            progress=self.progress,
            snapshot=self.snapshot,
            now=self.judge.now,
            settings=Settings(),
            judge=replace(self.judge, snapshot=self.snapshot),
        )

    def _leave(self, chosen: Iterable[int]) -> None:
        """Take the pods away; those that replace moved ones are there at once, gated."""
        pods = dict(self.snapshot.pods)
        for index in chosen:
            step = self.plan.steps[index]
            pod = pods.pop(step.pod.key)
            state = replace(self.progress.steps[index], phase=StepPhase.DONE)
            if step.action is Action.MOVE:
                new = replace(
                    pod,
                    uid=Uid(f"new {pod.uid}"),
                    node=None,
                    nominated_node=step.target,
                    gates=(GATE,),
                    ready=False,
                )
                pods[new.key] = new
                state = replace(state, phase=StepPhase.STEERED, replacement=new.ref)
            self.progress = self.progress.put(index, state)
        self._become(pods)

    def _become(self, pods: Mapping[ObjectKey, Pod]) -> None:
        """Go on with these pods."""
        self.snapshot = replace(self.snapshot, pods=pods).follow(self.snapshot)

    def _migrate(self) -> None:
        """Begin every migration whose target has room; the machine is in both places then."""
        for index, step in self._migrations(StepPhase.PLANNED):
            pod = machines.arriving(self.snapshot.pods[step.pod.key], self.snapshot)
            if step.target is None or not has_room(Board(self.snapshot), pod, step.target):
                continue
            key = replace(pod.key, name=f"{pod.key.name}-target")
            there = replace(pod, key=key, node=step.target)
            self._become({**self.snapshot.pods, key: there})
            self._put(index, StepPhase.MIGRATING, there)

    def _hand_over(self) -> frozenset[Uid]:
        """End the migrations of the wave; return the machines' pods that could not leave."""
        left = frozenset(step.pod.uid for _, step in self._migrations(StepPhase.PLANNED))
        for index, step in self._migrations(StepPhase.MIGRATING):
            pods = {key: pod for key, pod in self.snapshot.pods.items() if key != step.pod.key}
            self._become(pods)
            self._put(index, StepPhase.DONE)
        return left

    def _migrations(self, phase: StepPhase) -> list[tuple[int, Step]]:
        return [
            (index, step)
            for index, step in enumerate(self.plan.steps)
            if step.wave == self.progress.wave
            and step.action is Action.MIGRATE
            and self.progress.steps[index].phase is phase
        ]

    def _put(self, index: int, phase: StepPhase, came: Pod | None = None) -> None:
        state = replace(self.progress.steps[index], phase=phase)
        if came is not None:
            state = replace(state, replacement=came.ref)
        self.progress = self.progress.put(index, state)

    def _arrive(self) -> None:
        """Bind what has room, until nothing more has."""
        board, bound = Board(self.snapshot), dict[ObjectKey, Pod]()
        while (found := self._next_arrival(board)) is not None:
            index, pod, node = found
            there = replace(pod, node=node, nominated_node=None, gates=())
            bound[pod.key] = there
            state = replace(self.progress.steps[index], phase=StepPhase.DONE)
            self.progress = self.progress.put(index, state)
            if pod.alignment is None:
                board.put(there, node, devices=False)
            else:  # what zones hold depends on what the snapshot says of a pod
                self._become({**self.snapshot.pods, **bound})
                board = Board(self.snapshot)
        if bound:
            self._become({**self.snapshot.pods, **bound})

    def _next_arrival(self, board: Board) -> tuple[int, Pod, NodeName] | None:
        scene = self._scene()
        for index, step, state in scene.of_wave(Action.PLACE, Action.MOVE):
            pod = scene.arriving(index)
            if pod is None or step.target is None or state.phase in OVER:
                continue
            if has_room(board, pod, step.target):
                return index, pod, step.target
        return None
