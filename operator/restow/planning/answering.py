"""From a formulation to steps in waves: solve, make concrete, put in order."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.planning.concretise import Concrete, concretise, ground
from restow.planning.formulation import Formulation
from restow.planning.plan import Step
from restow.planning.stage import Stage
from restow.planning.waves import order as order_waves

Solver = Callable[[Problem, float], Outcome]
"""Takes a problem and a time budget in seconds; never raises for lack of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A solved formulation with its steps in waves.

    `ordered` is False when the best placement had no order of waves: what remains without a place
    is then not proven to.
    """

    formulation: Formulation
    outcome: Outcome
    steps: tuple[Step, ...]
    unplaced: tuple[Pod, ...]
    ordered: bool
    wall_s: float


def answered(
    snapshot: Snapshot, formulation: Formulation, solver: Solver, limit_s: float
) -> Answer:
    """Return the best placement that has a safe order of waves, found within the time.

    If none is found, the problem is solved once more so that one wave suffices; if that fails too,
    there are no steps.
    """
    spent = 0.0
    problem = formulation.problem
    for sequential in (True, False):
        asked = replace(formulation, problem=replace(problem, sequential_budgets=sequential))
        outcome = solver(asked.problem, max(limit_s - spent, 0.2 * limit_s))
        spent += outcome.wall_s
        concrete = concretise(asked, outcome.placement)
        steps = _in_waves(snapshot, asked, concrete)
        if steps is not None:
            return Answer(
                formulation=asked,
                outcome=outcome,
                steps=steps,
                unplaced=concrete.unplaced,
                ordered=sequential,
                wall_s=spent,
            )
    return Answer(
        formulation=asked,
        outcome=outcome,
        steps=(),
        unplaced=formulation.pending,
        ordered=False,
        wall_s=spent,
    )


def _in_waves(
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
