"""Two formulations must not prove different things: patterns of nodes, and classes on nodes."""

import os
import random
from typing import Any

import pytest

from restow.packing.choosing import CLASSES, PATTERNS
from restow.packing.climbing import climbed
from restow.packing.ladder import Budget
from restow.packing.outcome import Level, LevelKind
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
