"""Compiling the hot loops, or loading them from numba's cache, before they are needed."""

import numpy as np

from restow.packing.effort import Effort
from restow.packing.goals import place_all
from restow.packing.patterns.bounding import Bounding
from restow.packing.patterns.closing import close
from restow.packing.patterns.enumerated import Enumerated
from restow.packing.patterns.filling import Most, fillings
from restow.packing.patterns.frame import frame_of
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.shaking import Shaking
from restow.packing.patterns.stage import stage_of
from restow.packing.patterns.unfold import folded
from restow.packing.problem import Order, PodClass, Problem


def warm() -> None:
    """Run every compiled loop of the engine once: 0.2 s from the cache, 15 s without."""
    waiting = PodClass(demand=(2,), tier=0, allowed=(0, 1), pending=2)
    problem = Problem(
        resources=("cpu",), capacity=((3,), (3,)), tiers=(0,), classes=(waiting,), order=Order.PAPER
    )
    frame, meter = frame_of(problem), Meter(Effort(seconds=None, work=1.0, seed=0))
    stage = stage_of(frame, place_all(problem, 0), ())
    shaking = Shaking(stage.level, frame.home[:, stage.classes], meter, 0)
    shaking.improve(2)
    bounding = Bounding(stage.merged, meter, lambda: folded(stage, shaking.there))
    bounding.descend(0, 1)
    close(stage.merged, bounding.descent, 2, meter)
    fillings(stage.merged, 0, np.zeros(1, np.int64), Most(patterns=1, steps=100))
    Enumerated(stage.merged, [np.ones((1, 1), np.int64)], meter)
