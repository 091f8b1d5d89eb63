"""Compiling the hot loops of sharing, or loading them from numba's cache."""

from restow.packing.effort import Effort
from restow.packing.patterns.compiled import COMPILES
from restow.sharing.engine import share
from restow.sharing.problem import FULL, Node, Pod, PodClass, Problem


def get_ready() -> None:
    """Compile what will be needed, so that no solve has to wait for it."""
    if COMPILES:
        node = Node(cpu_m=4, memory=4, devices=1, model="")
        kinds = (
            PodClass(cpu_m=1, memory=1, devices=1, milli=FULL // 2),
            PodClass(cpu_m=1, memory=1, devices=1, milli=FULL),
        )
        on = tuple(Pod(kind=0, node=n, devices=(0,)) for n in range(2))
        problem = Problem(nodes=(node, node), kinds=kinds, pods=(*on, Pod(kind=1)), limit=1)
        share(problem, Effort(seconds=None, work=1.0, seed=0))
