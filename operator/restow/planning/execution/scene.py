"""What one turn of the execution works with, and what it hands back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.marks import GATE, PLAN
from restow.planning.acts import Act
from restow.planning.judge import Judge
from restow.planning.plan import Action, Plan, Step
from restow.planning.progress import (
    OVER,
    Ending,
    Progress,
    Settings,
    StepPhase,
    StepProgress,
    Verdict,
)
from restow.rules.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What to do next.

    Parameters
    ----------
    acts
        To perform in order, each answer folded in with `note`.
    progress
        To be stored before the acts are performed.
    verdict
        None while the plan goes on; otherwise it is over, and nothing of it is left behind.
    reason
        Why the plan was aborted; empty otherwise.
    wait_s
        Call again after this time at the latest, or as soon as the snapshot changes.
    """

    acts: tuple[Act, ...]
    progress: Progress
    verdict: Verdict | None = None
    reason: str = ""
    wait_s: float = 0.5


@dataclass(slots=True, kw_only=True)
class Scene:
    """One turn in the making: `progress` and `acts` change while it is worked out.

    `withheld` are the steps whose pending pods are not to be nominated yet (see `holding`),
    `fillers` what keeps pods of the plan from other nodes; None until `reserving` asks for it.
    """

    plan: Plan
    progress: Progress
    snapshot: Snapshot
    now: datetime
    settings: Settings
    judge: Judge
    acts: list[Act] = field(default_factory=list)
    withheld: frozenset[int] = frozenset()
    fillers: Mapping[NodeName, tuple[Pod, ...]] | None = None
    _board: Board | None = None

    @property
    def board(self) -> Board:
        """Who sits where now; made when first asked for.

        With those that restow bound and that the snapshot does not show on their nodes yet.
        """
        if self._board is None:
            self._board = Board(self.snapshot)
            for index, step, state in self.steps(Action.PLACE, Action.MOVE):
                pod = self.arriving(index)
                bound = state.phase is StepPhase.DONE and step.target in self.snapshot.nodes
                if bound and pod is not None and pod.node is None and step.target is not None:
                    self._board.put(pod, step.target)
        return self._board

    def steps(self, *actions: Action) -> Iterator[tuple[int, Step, StepProgress]]:
        """Yield index, step and state of the steps with one of the actions; of all for none."""
        for index, step in enumerate(self.plan.steps):
            if not actions or step.action in actions:
                yield index, step, self.progress.steps[index]

    def of_wave(self, *actions: Action) -> Iterator[tuple[int, Step, StepProgress]]:
        """Yield the same for the wave in progress."""
        for index, step, state in self.steps(*actions):
            if step.wave == self.progress.wave:
                yield index, step, state

    def put(self, index: int, state: StepProgress) -> None:
        """Replace the state of one step."""
        self.progress = self.progress.put(index, state)

    def pod(self, step: Step) -> Pod | None:
        """Return the pod of the step, if that very incarnation exists."""
        return self.snapshot.pod_by_uid(step.pod.key, step.pod.uid)

    def arriving(self, index: int) -> Pod | None:
        """Return the pod that is to arrive at the step's target, once it exists."""
        step, state = self.plan.steps[index], self.progress.steps[index]
        if state.replacement is not None:
            return self.snapshot.pod_by_uid(state.replacement.key, state.replacement.uid)
        return self.pod(step) if step.action is Action.PLACE else None

    def after(self, since: datetime | None, seconds: float) -> bool:
        """Whether `seconds` have passed since then; True when it never happened."""
        return since is None or self.now - since >= timedelta(seconds=seconds)

    def marked(self, pod: Pod) -> bool:
        """Whether the pod carries this plan's mark."""
        return pod.annotations.get(PLAN) == self.plan.name

    def gated(self) -> Iterator[Pod]:
        """Yield the pods that our gate holds back for this plan."""
        for pod in self.snapshot.pods.values():
            if GATE in pod.gates and self.marked(pod):
                yield pod

    def end(self, verdict: Verdict, reason: str = "") -> None:
        """Let the plan do nothing but clean up from now on; the first reason stands."""
        if self.progress.ending is None:
            ending = Ending(verdict=verdict, reason=reason, since=self.now)
            self.progress = replace(self.progress, ending=ending)

    def all_placed(self) -> bool:
        """Whether every pending pod of the plan has a node; never where it places none."""
        places = [state.phase in OVER for _, _, state in self.steps(Action.PLACE)]
        return bool(places) and all(places)
