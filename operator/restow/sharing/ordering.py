"""In which order: who moves when, so that few pods are without a place at any moment.

Whoever's room is free goes there; no room of the end state stands in the way of another's. Where
nobody's is, a pod is parked: it leaves and waits, the one that sets most others free.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from restow.sharing.problem import FULL, Placement, Problem

Devices = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: a pod leaves its node, or starts where the plan wants it."""

    pod: int
    starts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Acts one after the other.

    Parameters
    ----------
    parked
        The most pods that wait for room at one moment, each of them having left its own.
    """

    acts: tuple[Act, ...]
    parked: int


def order(problem: Problem, plan: Sequence[Placement]) -> Order:
    """Return an order in which every pod that starts finds its room free."""
    return _Ordering(problem, plan).run()


class _Ordering:
    """One plan being carried out, in thought."""

    def __init__(self, problem: Problem, plan: Sequence[Placement]) -> None:
        self._problem, self._plan = problem, plan
        self._cpu = [node.cpu_m for node in problem.nodes]
        self._memory = [node.memory for node in problem.nodes]
        self._device = [[FULL] * node.devices for node in problem.nodes]
        for p, pod in enumerate(problem.pods):
            if pod.node is not None:
                self._shift(p, pod.node, pod.devices, -1)
        self._coming: dict[int, list[int]] = defaultdict(list)
        for at, step in enumerate(plan):
            self._coming[step.node].append(at)
        self._acts: list[Act] = []
        self._parked, self._most = set[int](), 0
        self._still = set(range(len(plan)))

    def run(self) -> Order:
        dirty = set(self._coming)
        while self._still:
            while dirty:
                dirty |= self._arrive(dirty.pop())
            if self._still:
                dirty = self._park()
        return Order(acts=tuple(self._acts), parked=self._most)

    def _arrive(self, node: int) -> set[int]:
        """Let all start on a node who can; return the nodes where that made room."""
        freed = set[int]()
        for at in [at for at in self._coming[node] if at in self._still]:
            home = self._home(at)
            if home is not None:
                self._shift(self._plan[at].pod, *home, 1)
            if self._has_room(at):
                if home is not None:
                    freed.add(home[0])
                    self._acts.append(Act(pod=self._plan[at].pod, starts=False))
                self._start(at)
            elif home is not None:
                self._shift(self._plan[at].pod, *home, -1)
        return freed

    def _start(self, at: int) -> None:
        step = self._plan[at]
        self._shift(step.pod, step.node, step.devices, -1)
        self._acts.append(Act(pod=step.pod, starts=True))
        self._still.remove(at)
        self._parked.discard(at)

    def _park(self) -> set[int]:
        """Let a pod leave whose room others wait for; return its node."""
        able = [at for at in sorted(self._still) if self._home(at) is not None]
        best = max(able, key=self._use_of_leaving)
        home = self._home(best)
        assert home is not None  # noqa: S101 - chosen so
        self._shift(self._plan[best].pod, *home, 1)
        self._parked.add(best)
        self._most = max(self._most, len(self._parked))
        self._acts.append(Act(pod=self._plan[best].pod, starts=False))
        return {home[0]}

    def _use_of_leaving(self, at: int) -> tuple[int, int]:
        """Return how many could start in a pod's place, running ones twice, and its size."""
        home = self._home(at)
        assert home is not None  # noqa: S101 - asked only of those
        self._shift(self._plan[at].pod, *home, 1)
        able = [
            other
            for other in self._coming[home[0]]
            if other in self._still and other != at and self._has_room(other)
        ]
        self._shift(self._plan[at].pod, *home, -1)
        kind = self._problem.kinds[self._problem.pods[self._plan[at].pod].kind]
        running = sum(self._home(other) is not None for other in able)
        return len(able) + running, -kind.total

    def _home(self, at: int) -> tuple[int, Devices] | None:
        """Return where a pod still is; None for pending and parked ones."""
        pod = self._problem.pods[self._plan[at].pod]
        return None if pod.node is None or at in self._parked else (pod.node, pod.devices)

    def _has_room(self, at: int) -> bool:
        step = self._plan[at]
        kind = self._problem.kinds[self._problem.pods[step.pod].kind]
        return (
            self._cpu[step.node] >= kind.cpu_m
            and self._memory[step.node] >= kind.memory
            and all(self._device[step.node][d] >= kind.milli for d in step.devices)
        )

    def _shift(self, pod: int, node: int, devices: Devices, sign: int) -> None:
        kind = self._problem.kinds[self._problem.pods[pod].kind]
        self._cpu[node] += sign * kind.cpu_m
        self._memory[node] += sign * kind.memory
        for d in devices:
            self._device[node][d] += sign * kind.milli
