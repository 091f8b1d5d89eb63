"""The solver against every placement there is, on problems small enough to try them all."""

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from restow.packing.choosing import CLASSES, PATTERNS, engine_for
from restow.packing.climbing import Choice, climbed
from restow.packing.ladder import Budget
from restow.packing.outcome import LevelKind, Outcome, Status
from restow.packing.patterns.frame import supports
from restow.packing.problem import Order, PodClass, Problem
from tests.support.packing import Reference

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "100"))
MOST_PODS = 6


OFTEN = st.sampled_from((True, True, True, False))


@st.composite
def pod_classes(
    draw: st.DrawFn, *, nodes: int, resources: int, tiers: int, budgets: int, waiting: bool
) -> PodClass:
    some = draw(st.sets(st.integers(0, nodes - 1)))
    shape: dict[str, Any] = {
        "demand": tuple(draw(st.sampled_from((1, 2, 3, 2, 1, 3, 4, 0))) for _ in range(resources)),
        "tier": draw(st.integers(0, tiers - 1)),
        "group": draw(st.integers(0, 1)),
        "rank": draw(st.integers(0, 2)),
        "allowed": tuple(range(nodes)) if draw(OFTEN) else tuple(sorted(some)),
    }
    if waiting:
        return PodClass(**shape, pending=draw(st.integers(1, 2)), preempts=draw(OFTEN))
    at = draw(st.dictionaries(st.integers(0, nodes - 1), st.integers(1, 2), min_size=1, max_size=2))
    evictable = draw(OFTEN)
    return PodClass(
        **shape,
        running=tuple(sorted(at.items())),
        movable=evictable or draw(OFTEN),
        evictable=evictable,
        move_cost=draw(st.sampled_from((1, 1, 0, 2))),
        budgets=(draw(st.integers(0, budgets - 1)),) if budgets and draw(st.booleans()) else (),
    )


@st.composite
def problems(draw: st.DrawFn, order: Order = Order.RESTOW) -> Problem:
    """Draw a problem whose nodes are about full, so that moves and evictions are worth while."""
    nodes, resources = draw(st.sampled_from((2, 3, 3, 4, 1))), draw(st.sampled_from((1, 1, 2)))
    tiers, budgets = draw(st.integers(1, 3)), draw(st.sampled_from((0, 0, 1)))
    shape = {"nodes": nodes, "resources": resources, "tiers": tiers, "budgets": budgets}
    waiting = draw(st.lists(pod_classes(**shape, waiting=True), min_size=1, max_size=2))
    there = draw(st.lists(pod_classes(**shape, waiting=False), min_size=1, max_size=3))
    classes = draw(st.permutations(waiting + there))
    assume(sum(pods.count for pods in classes) <= MOST_PODS)
    slack = st.sampled_from((1, 2, 1, 0, 2, 3, -1))
    capacity = tuple(
        tuple(
            max(0, draw(slack) + sum(p.demand[r] * dict(p.running).get(n, 0) for p in classes))
            for r in range(resources)
        )
        for n in range(nodes)
    )
    return Problem(
        resources=tuple(f"r{r}" for r in range(resources)),
        capacity=capacity,
        tiers=tuple(range(tiers, 0, -1)),
        classes=tuple(classes),
        budgets=tuple(draw(st.integers(0, 2)) for _ in range(budgets)),
        sequential_budgets=draw(st.booleans()),
        max_moves=draw(st.sampled_from((None, None, None, 1, 2))),
        max_evictions=draw(st.sampled_from((None, None, None, 0, 1))),
        order=order,
    )


ENGINES = pytest.mark.parametrize("engine", [CLASSES, PATTERNS], ids=lambda each: each.name)


def outcome_of(problem: Problem, engine: Choice | None = None) -> Outcome:
    """Solve with `engine`, or with the one that is chosen."""
    budget = Budget(total=30.0, deterministic=False, seed=0)
    return climbed(problem, budget, engine or engine_for(problem, budget.total))


def values(problem: Problem, engine: Choice | None = None) -> list[tuple[LevelKind, int]]:
    outcome = outcome_of(problem, engine)
    assert all(level.proven for level in outcome.levels)
    assert outcome.status in (Status.OPTIMAL, Status.UNCHANGED)
    return [
        (level.kind, level.value)
        for level in outcome.levels
        if level.kind is not LevelKind.NODES
        and not (level.kind is LevelKind.MOVE and level.tier is None)
    ]


profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@ENGINES
@profile
@given(problem=problems())
def test_every_level_is_what_the_best_of_all_placements_has(
    engine: Choice, problem: Problem
) -> None:
    assume(engine is CLASSES or supports(problem))
    assert values(problem, engine) == Reference(problem).levels()


@ENGINES
@profile
@given(problem=problems(order=Order.PAPER))
def test_every_level_of_the_papers_order_is_the_best(engine: Choice, problem: Problem) -> None:
    assume(engine is CLASSES or supports(problem))
    assert values(problem, engine) == Reference(problem).levels()


@settings(profile, max_examples=EXAMPLES // 2)
@given(problems(), st.randoms(use_true_random=False))
def test_shuffled_classes_and_nodes_give_the_same_values(problem: Problem, random: Any) -> None:
    nodes = list(range(len(problem.capacity)))
    random.shuffle(nodes)
    classes = list(problem.classes)
    random.shuffle(classes)
    to = {old: new for new, old in enumerate(nodes)}
    shuffled = replace(
        problem,
        capacity=tuple(problem.capacity[old] for old in nodes),
        classes=tuple(
            replace(
                pods,
                allowed=tuple(sorted(to[n] for n in pods.allowed)),
                running=tuple(sorted((to[n], count) for n, count in pods.running)),
            )
            for pods in classes
        ),
    )
    assert values(shuffled) == values(problem)
