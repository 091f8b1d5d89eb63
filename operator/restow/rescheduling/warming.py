"""Compiling the hot loops of rescheduling, or loading them from numba's cache."""

from restow.packing.effort import Effort
from restow.packing.patterns.compiled import COMPILES
from restow.rescheduling.engine import reschedule
from restow.rescheduling.holes import MOST_HOLES
from restow.rescheduling.improving import Improving
from restow.rescheduling.problem import Mover, MoverClass, Problem, Shape

ROOM = 300_000
"""What the nodes have free: too many cells for one after the other, and too little for a copy."""


def get_ready() -> None:
    """Compile what will be needed, so that no solve has to wait for it.

    Two problems without a plan: one of a single kind, one of more than can have a row each.
    """
    if COMPILES:
        for kinds in (1, MOST_HOLES + 1):
            problem = Problem(
                free=((ROOM,), (ROOM,)),
                kinds=tuple(MoverClass(modes=((1 + k,),)) for k in range(kinds)),
                movers=tuple(Mover(node=k % 2, kind=k) for k in range(kinds)),
                shapes=(Shape(requests=((2 * ROOM,),)),),
                limit=1,
            )
            reschedule(problem, Effort(seconds=None, work=1.0, seed=0))
            Improving(problem, 0).step(0.0)
