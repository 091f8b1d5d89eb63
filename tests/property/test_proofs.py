"""Two formulations must not prove different things: patterns of nodes, and classes on nodes."""

import os
import random
from typing import Any

import pytest

from restow.packing.choosing import CLASSES, PATTERNS
from restow.packing.climbing import climbed
from restow.packing.effort import Effort
from restow.packing.goals import Hold, disturb, place_all
from restow.packing.ladder import Budget
from restow.packing.outcome import Level, LevelKind
from restow.packing.patterns import branching
from restow.packing.patterns.frame import frame_of
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.shaking import gain_at
from restow.packing.patterns.stage import stage_of
from restow.packing.patterns.unfold import unfold
from restow.packing.problem import Order, PodClass, Problem

pytestmark = [pytest.mark.property, pytest.mark.solver, pytest.mark.slow]

INSTANCES = int(os.environ.get("RESTOW_PROOFS", "40"))
"""Per order; both engines prove nearly all in full. 400 take ten minutes on a busy machine."""


def crowded(seed: int, order: Order) -> Problem:
    """Draw a full cluster of a few nodes and two resources: too large to try all placements."""
    rng = random.Random(seed)
    nodes, tiers = rng.choice((3, 4, 5)), rng.choice((1, 2, 3))
    everywhere = tuple(range(nodes))
    shapes: list[dict[str, Any]] = [
        {
            "demand": (rng.randint(100, 1000), rng.randint(100, 1000)),
            "tier": rng.randrange(tiers),
            "allowed": everywhere
            if rng.random() < 0.8
            else tuple(sorted(rng.sample(everywhere, 2))),
        }
        for _ in range(nodes * 2)
    ]
    there = [
        PodClass(
            **shape,
            running=tuple((n, 1) for n in sorted(rng.sample(everywhere, rng.choice((1, 2))))),
            movable=(movable := rng.random() < 0.9),
            evictable=movable,
        )
        for shape in shapes
    ]
    waiting = [
        PodClass(**shape, pending=rng.choice((1, 1, 2)))
        for shape in rng.sample(shapes, rng.choice((1, 2, 3)))
    ]
    slack = rng.choice((0, 60, 150, 300))
    capacity = tuple(
        tuple(slack + sum(p.demand[r] * dict(p.running).get(n, 0) for p in there) for r in range(2))
        for n in everywhere
    )
    return Problem(
        resources=("cpu", "memory"),
        capacity=capacity,
        tiers=tuple(range(tiers, 0, -1)),
        classes=(*waiting, *there),
        order=order,
    )


def proofs(problem: Problem, *, patterns: bool) -> list[Level]:
    """Return the proven levels from the first on; which nodes change is another matter."""
    budget = Budget(total=1.0, deterministic=True, seed=0)
    outcome = climbed(problem, budget, PATTERNS if patterns else CLASSES)
    return [x for x in outcome.levels if x.proven and x.kind is not LevelKind.NODES]


@pytest.mark.parametrize("order", list(Order))
def test_what_both_engines_prove_is_the_same(order: Order) -> None:
    in_full = 0
    for seed in range(INSTANCES):
        problem = crowded(seed, order)
        one, two = proofs(problem, patterns=True), proofs(problem, patterns=False)
        for a, b in zip(one, two, strict=False):
            assert a == b, f"seed {seed}"
        in_full += len(one) == len(two)
    assert in_full > INSTANCES // 2


def test_choices_of_pods_rule_out_nothing_that_classes_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branching, "MOST_EMPTY", 0.6)
    reached = ruled_out = 0
    for seed in range(INSTANCES // 2):
        problem, holds = crowded(seed, Order.PAPER), list[Hold]()
        for level in proofs(problem, patterns=False):
            placing = level.kind is LevelKind.PLACE
            goal = (place_all if placing else disturb)(problem, level.tier or 0)
            stage = stage_of(frame_of(problem), goal, holds)
            best = stage.gain(level.value)
            meter = Meter(Effort(seconds=None, work=5.0, seed=0))
            narrowed = branching.Branching(stage.merged, meter).narrow(best + 1, best - 1)
            assert narrowed.top >= best, f"seed {seed}"
            if narrowed.patterns is not None:
                reached += 1
                assert gain_at(stage.level, unfold(stage, narrowed.patterns)) == best
            ruled_out += narrowed.top == best
            limits = (level.value, None) if placing else (None, level.value)
            holds.append(Hold(goal=goal, at_least=limits[0], at_most=limits[1]))
    assert min(reached, ruled_out) > INSTANCES // 8
