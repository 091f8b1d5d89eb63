"""Compiling the hot loops, or loading them from numba's cache, before they are needed."""

from restow.packing import goals
from restow.packing.clearing.engine import cleared
from restow.packing.effort import Effort
from restow.packing.fill import stay_fill
from restow.packing.goals import Hold
from restow.packing.problem import PodClass, Problem


def warm() -> None:
    """Run every compiled loop once: 0.1 s from the cache, 10 s without."""
    waiting = PodClass(demand=(2,), tier=0, allowed=(0, 1), pending=1)
    there = PodClass(demand=(1,), tier=0, allowed=(0, 1), running=((0, 1), (1, 1)), movable=True)
    problem = Problem(
        resources=("cpu",), capacity=((2,), (2,)), tiers=(0,), classes=(waiting, there)
    )
    hold = Hold(goal=goals.place(problem, 0, preempts=True), at_least=1)
    effort = Effort(seconds=None, work=1.0, seed=0)
    cleared(problem, goals.move_count(problem), (hold,), stay_fill(problem), effort)
