"""Whether a plan holds: replayed wave by wave, apart from how it was found."""

from collections.abc import Sequence

import numpy as np

from restow.core.errors import ModelError
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Problem


def check(problem: Problem, steps: Sequence[Step]) -> int:
    """Return what free room is worth after the steps, less the fees of those who moved.

    Who is back where it was has earned nothing by leaving. Every wave must fit while all of its
    movers still hold their old places.

    Raises
    ------
    ModelError
        A node is overfilled, two of a group meet, a mover is where it may not be, or there are more
        migrations than the limit: a bug.
    """
    if len(steps) > problem.limit:
        raise ModelError(f"{len(steps)} migrations exceed the limit of {problem.limit}")
    free = [list(row) for row in problem.free]
    held: list[set[tuple[int, int]]] = [{(m.node, m.mode)} for m in problem.movers]
    done = -1
    for step in (*steps, None):
        if step is not None and step.wave < done:
            raise ModelError("waves are out of order")
        if step is None or step.wave > done:
            _settle(problem, free, held, [s for s in steps if s.wave == done])
            done = step.wave if step is not None else done
        if step is not None:
            _arrive(problem, free, held, step)
    there = np.bincount([node for ((node, _),) in held], minlength=len(free))
    fees = 0
    for mover in {step.mover for step in steps}:
        moved = problem.movers[mover]
        back = held[mover] == {(moved.node, moved.mode)}
        fees += max(0, moved.fee) if back else moved.fee
    return problem.worth_of(np.array(free, np.int64), there) - fees


def _arrive(
    problem: Problem, free: list[list[int]], held: list[set[tuple[int, int]]], step: Step
) -> None:
    kind = problem.kinds[problem.movers[step.mover].kind]
    if kind.nodes is not None and step.node not in kind.nodes:
        raise ModelError(f"mover {step.mover} may not be on node {step.node}")
    if len(held[step.mover]) > 1 or (step.node, step.mode) in held[step.mover]:
        raise ModelError(f"mover {step.mover} migrates twice in wave {step.wave}, or not at all")
    for r, amount in enumerate(kind.modes[step.mode]):
        free[step.node][r] -= amount
        if free[step.node][r] < 0 < amount:
            raise ModelError(f"wave {step.wave} overfills node {step.node}")
    for group in problem.groups:
        if step.mover in group.movers and (
            step.node in group.taken
            or any(
                node == step.node for mate in group.movers - {step.mover} for node, _ in held[mate]
            )
        ):
            raise ModelError(f"mover {step.mover} meets one of its group on node {step.node}")
    held[step.mover].add((step.node, step.mode))


def _settle(
    problem: Problem,
    free: list[list[int]],
    held: list[set[tuple[int, int]]],
    wave: list[Step],
) -> None:
    for step in wave:
        (old,) = held[step.mover] - {(step.node, step.mode)}
        for r, amount in enumerate(problem.kinds[problem.movers[step.mover].kind].modes[old[1]]):
            free[old[0]][r] += amount
        held[step.mover] = {(step.node, step.mode)}
