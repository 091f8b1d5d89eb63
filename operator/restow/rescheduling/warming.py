"""Compiling the hot loops of rescheduling, or loading them from numba's cache."""

from restow.packing.effort import Effort
from restow.packing.patterns.compiled import COMPILES
from restow.rescheduling.engine import reschedule
from restow.rescheduling.improving import Improving
from restow.rescheduling.problem import Mover, MoverClass, Problem, Shape


def get_ready() -> None:
    """Compile what will be needed, so that no solve has to wait for it."""
    if COMPILES:
        kind = MoverClass(modes=((1,),))
        movers = (Mover(node=0, kind=0), Mover(node=1, kind=0))
        problem = Problem(
            free=((1,), (1,)),
            kinds=(kind,),
            movers=movers,
            shapes=(Shape(requests=((2,),)),),
            limit=1,
        )
        reschedule(problem, Effort(seconds=None, work=1.0, seed=0))
        Improving(problem, 0).step(0.0)
