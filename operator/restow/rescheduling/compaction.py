"""The same migrations in fewer waves."""

from collections.abc import Sequence

from restow.rescheduling.occupancy import Occupancy
from restow.rescheduling.ordering import Step
from restow.rescheduling.problem import Problem


def compacted(problem: Problem, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, each in the first wave in which it fits.

    Who came first in the old order chooses first. Where that ends in a deadlock, or does not help,
    the steps are returned as they are.
    """
    now, left, wave = Occupancy(problem), list(steps), 0
    found: list[Step] = []
    while left:
        moved: set[int] = set()
        later: list[Step] = []
        for step in left:
            if step.mover in moved or not now.fits(step.mover, step.node, step.mode):
                later.append(step)
            else:
                now.move(step.mover, step.node, step.mode)
                found.append(Step(mover=step.mover, node=step.node, mode=step.mode, wave=wave))
            moved.add(step.mover)
        if len(later) == len(left):
            return tuple(steps)
        now.settle()
        left, wave = later, wave + 1
    return tuple(found) if steps and wave <= steps[-1].wave else tuple(steps)
