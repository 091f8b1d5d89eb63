"""From a formulation to steps in waves: solve, make concrete, put in order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, NamedTuple

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.unsolved import glanced, narrowed
from restow.planning.clashing import learn, nobody
from restow.planning.concretise import Concrete, concretise, ground
from restow.planning.formulation import Formulation
from restow.planning.plan import Step
from restow.planning.stage import Stage
from restow.planning.waves import order as order_waves

Solver = Callable[[Problem, float], Outcome]
"""Takes a problem and a budget, in seconds or in work; never raises for lack of it."""

LESSONS: Final = 40
"""Most times that a problem is solved again for what its devices taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A solved formulation with its steps in waves.

    Parameters
    ----------
    ordered
        False when the best placement had no order of waves: what remains without a place is then
        not proven to.
    clashing
        Pending pods that some choice of devices might serve together with others, but not
        kube-scheduler's, as far as placements were tried.
    """

    formulation: Formulation
    outcome: Outcome
    steps: tuple[Step, ...]
    unplaced: tuple[Pod, ...]
    ordered: bool
    spent: float
    wall_s: float
    clashing: frozenset[Uid] = frozenset()


def answered(snapshot: Snapshot, formulation: Formulation, solver: Solver, limit: float) -> Answer:
    """Return the best placement that has a safe order of waves, found within the solver's limit.

    If none is found, the problem is solved once more so that one wave suffices; if that fails too,
    there are no steps.
    """
    attempt = _Attempt(snapshot=snapshot, solver=solver, limit=limit)
    for sequential in (True, False):
        problem = formulation.problem
        if not sequential:  # the first placement may want more than one wave
            problem = replace(problem, sequential_budgets=False, start=None)
        found = attempt.solve(replace(formulation, problem=problem))
        steps = in_waves(snapshot, found.formulation, found.concrete)
        if steps is not None:
            return Answer(
                formulation=found.formulation,
                outcome=found.outcome,
                steps=steps,
                unplaced=found.concrete.unplaced,
                ordered=sequential,
                spent=attempt.spent,
                wall_s=attempt.wall_s,
                clashing=found.clashing,
            )
    return Answer(
        formulation=found.formulation,
        outcome=found.outcome,
        steps=(),
        unplaced=formulation.pending,
        ordered=False,
        spent=attempt.spent,
        wall_s=attempt.wall_s,
    )


class _Solved(NamedTuple):
    formulation: Formulation
    outcome: Outcome
    concrete: Concrete
    clashing: frozenset[Uid] = frozenset()


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """Solves within one limit, as often as the devices teach something."""

    snapshot: Snapshot
    solver: Solver
    limit: float
    spent: float = 0.0
    wall_s: float = 0.0

    def solve(self, formulation: Formulation) -> _Solved:
        """Return the best placement whose devices can be given out.

        After too many lessons, or at the limit, no pod with claims arrives anywhere.
        """
        asked, vague = formulation, set[int]()
        for lessons in count(1):
            found = self._once(asked)
            lesson = learn(self.snapshot, asked, found.concrete)
            if lesson is None:
                break
            if lessons >= LESSONS or self.spent >= self.limit:
                lesson = nobody(asked)
            vague |= frozenset() if lesson.certain else lesson.classes
            asked = replace(asked, problem=lesson.taught(asked.problem))
        outcome = found.outcome
        if vague:
            outcome = glanced(formulation.problem, outcome)
        if not formulation.whole:
            outcome = narrowed(formulation.problem, outcome)
        clashing = (pod.uid for c in vague for pod in formulation.members[c].pending)
        return found._replace(outcome=outcome, clashing=frozenset(clashing))

    def _once(self, asked: Formulation) -> _Solved:
        left = max(self.limit - self.spent, 0.2 * self.limit)
        outcome = self.solver(asked.problem, left)
        self.spent += outcome.spent
        self.wall_s += outcome.wall_s
        return _Solved(asked, outcome, concretise(asked, outcome.placement))


def in_waves(
    snapshot: Snapshot, formulation: Formulation, concrete: Concrete
) -> tuple[Step, ...] | None:
    """Return the steps in execution order, or None if no order of waves is safe."""
    changes = concrete.changes
    related = formulation.problem.relations and any(change.relations for change in changes)
    stage = Stage(snapshot, changes, formulation.nodes) if related else None
    waves = order_waves(changes, ground(formulation), stage)
    if waves is None:
        return None
    awaited = {change.target for change in changes if change.source is None}
    steps: list[Step] = []
    for number, wave in enumerate(waves):
        ranked = sorted(
            wave,
            key=lambda index: (
                changes[index].source is None,  # places come last
                changes[index].source in awaited,  # their nodes are emptied last
                index,
            ),
        )
        steps.extend(replace(changes[index].step, wave=number) for index in ranked)
    return tuple(steps)
