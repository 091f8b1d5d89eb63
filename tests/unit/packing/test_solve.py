"""What the levels mean, one small problem each."""

import random

import pytest

from restow.packing.disturbance import disturbance
from restow.packing.incumbent import greedy, stay_put
from restow.packing.outcome import LevelKind, Outcome, Status
from restow.packing.problem import Order, Problem
from restow.packing.solve import solve
from restow.packing.unsolved import unsolved
from tests.support.packing import pending, problem, running

pytestmark = pytest.mark.solver


def solved(task: Problem) -> Outcome:
    return solve(task, budget_s=10.0)


def lost(task: Problem, outcome: Outcome) -> list[int]:
    """Return the indices of the running classes with a pod that has no place."""
    return [
        c
        for c, (pods, row) in enumerate(zip(task.classes, outcome.placement, strict=True))
        if pods.running and sum(count for _, count in row) < pods.count
    ]


def test_a_chain_of_two_moves_makes_room_for_a_pod_of_the_same_tier() -> None:
    task = problem(
        pending(1, (6,), allowed=(0,)),
        running({0: 1}, (4,), allowed=(0, 1)),
        running({1: 1}, (3,), allowed=(1, 2)),
        rooms=(6, 4, 3),
    )
    outcome = solve(task, budget_s=10.0)
    assert outcome.status is Status.OPTIMAL
    assert outcome.placement == (((0, 1),), ((1, 1),), ((2, 1),))
    assert disturbance(task, outcome).bound == 2


def test_a_swap_of_equal_tiers_is_found() -> None:
    task = problem(
        pending(1, (3,), allowed=(0,)),
        running({0: 1}, (4,), allowed=(0, 1)),
        running({1: 1}, (2,), allowed=(0, 1)),
        rooms=(5, 4),
    )
    outcome = solved(task)
    assert outcome.placement == (((0, 1),), ((1, 1),), ((0, 1),))
    assert disturbance(task, outcome).moves == 2


def test_an_equal_tier_is_never_evicted() -> None:
    task = problem(pending(3, (1,)), running({0: 1}, (4,)), rooms=(4,))
    outcome = solved(task)
    assert outcome.status is Status.UNCHANGED
    assert outcome.placement == stay_put(task)
    assert all(level.proven for level in outcome.levels)


def test_the_papers_order_does_evict_an_equal_tier_for_more_pods() -> None:
    task = problem(
        pending(3, (1,), allowed=(0,)),
        running({0: 1}, (4,), allowed=(0,)),
        rooms=(4,),
        order=Order.PAPER,
    )
    outcome = solved(task)
    assert outcome.placement == (((0, 3),), ())
    assert [(x.kind, x.value) for x in outcome.levels] == [
        (LevelKind.PLACE, 3),
        (LevelKind.DISTURB, 3),
    ]


def test_the_lowest_and_fewest_are_evicted() -> None:
    task = problem(
        pending(1, (4,), tier=0),
        running({0: 2}, (2,), tier=1),
        running({1: 1}, (4,), tier=2),
        rooms=(4, 4),
    )
    assert lost(task, solved(task)) == [2]


def test_a_pod_that_never_preempts_moves_others_but_evicts_none() -> None:
    meek = pending(1, (4,), tier=0, preempts=False, allowed=(0,))
    victim = running({0: 1}, (4,), tier=1)
    assert solved(problem(meek, victim, rooms=(4, 3))).status is Status.UNCHANGED
    assert solved(problem(meek, victim, rooms=(4, 4))).placement == (((0, 1),), ((1, 1),))


def test_a_higher_rank_takes_the_place_of_a_lower_one_in_its_own_group_only() -> None:
    mine = running({0: 1}, (4,), group=1, rank=0, allowed=(0,))
    other = running({1: 1}, (4,), group=2, rank=0, allowed=(1,))
    task = problem(pending(1, (4,), group=1, rank=9), mine, other, rooms=(4, 4))
    assert lost(task, solved(task)) == [1]
    alone = problem(pending(1, (4,), group=1, rank=9), other, rooms=(0, 4))
    assert solved(alone).status is Status.UNCHANGED


def test_a_rank_never_costs_its_group_a_place() -> None:
    task = problem(
        pending(1, (4,), rank=9), running({0: 2}, (2,), rank=0, allowed=(0,)), rooms=(4,)
    )
    assert solved(task).status is Status.UNCHANGED


def test_an_overfull_node_keeps_its_pods_and_receives_none() -> None:
    task = problem(pending(1, (0,)), running({0: 2}, (3,), allowed=(0,)), rooms=(4, 0))
    assert solved(task).placement == (((1, 1),), ((0, 2),))


@pytest.mark.parametrize(
    ("allowed", "serial", "moves"), [(0, True, 0), (1, True, 2), (1, False, 0), (2, False, 2)]
)
def test_moves_of_one_budget_follow_one_another_if_they_may(
    allowed: int, serial: bool, moves: int
) -> None:
    task = problem(
        pending(1, (4,), allowed=(0,)),
        running({0: 2}, (2,), budgets=(0,)),
        rooms=(4, 4),
        budgets=(allowed,),
        sequential_budgets=serial,
    )
    assert disturbance(task, solved(task)).moves == moves


@pytest.mark.parametrize(("limit", "placed"), [(1, 0), (2, 1), (None, 1)])
def test_the_limit_on_moves_is_kept(limit: int | None, placed: int) -> None:
    task = problem(
        pending(1, (4,), allowed=(0,)), running({0: 2}, (2,)), rooms=(4, 4), max_moves=limit
    )
    assert len(solved(task).placement[0]) == placed


def test_moves_that_cost_nothing_are_not_made_for_nothing() -> None:
    task = problem(
        pending(1, (4,), allowed=(0,)),
        running({0: 1}, (2,), move_cost=0),
        running({0: 1, 1: 1}, (2,), move_cost=0),
        rooms=(4, 8),
    )
    assert disturbance(task, solved(task)).moves == 2


def test_bytes_are_counted_to_the_last_one() -> None:
    gib = 1 << 30
    fits = problem(pending(2, (3 * gib + 1,), allowed=(0,)), rooms=(6 * gib + 2, 0))
    short = problem(pending(2, (3 * gib + 1,), allowed=(0,)), rooms=(6 * gib + 1, 0))
    assert solved(fits).placement == (((0, 2),),)
    assert solved(short).placement == (((0, 1),),)


def test_nothing_to_do_is_proven_without_a_solver() -> None:
    task = problem(running({0: 1}, (2,)), rooms=(4,))
    outcome = solve(task, budget_s=0.0)
    assert outcome.status is Status.UNCHANGED
    assert all(level.proven for level in outcome.levels)


@pytest.mark.parametrize("classes", [(), (pending(1, (1,), allowed=()),)])
def test_empty_problems_have_an_answer(classes: tuple[()]) -> None:
    task = problem(*classes, rooms=(), tiers=(0,))
    assert solved(task).status is Status.UNCHANGED


def test_without_time_the_greedy_answer_stands() -> None:
    task = problem(pending(1, (8,), tier=0), running({0: 1, 1: 1}, (4,), tier=1), rooms=(8, 8))
    outcome = solve(task, budget_s=0.0)
    assert outcome.status is Status.FEASIBLE
    assert outcome.placement == greedy(task)


def test_unsolved_leaves_everything_and_bounds_it() -> None:
    task = problem(pending(1, (8,), tier=0), running({0: 1, 1: 1}, (4,), tier=1), rooms=(8, 8))
    outcome = unsolved(task, wall_s=1.5, engine="none")
    place = next(x for x in outcome.levels if x.kind is LevelKind.PLACE)
    assert (outcome.status, outcome.placement) == (Status.OUT_OF_TIME, stay_put(task))
    assert (place.value, place.bound, place.proven) == (0, 1, False)


def test_the_same_problem_gives_the_same_answer_also_when_unproven() -> None:
    task = problem(
        *(pending(2, (7 + k, 13 - k), tier=k % 2, allowed=(0, 1, 2, 3)) for k in range(6)),
        *(running({k % 4: 2}, (5 + k, 6), tier=1, allowed=(0, 1, 2, 3)) for k in range(6)),
        resources=("cpu", "memory"),
        capacity=((40, 41),) * 4,
    )
    answers = [solve(task, budget_s=0.02, deterministic=True) for _ in range(2)]
    assert answers[0].placement == answers[1].placement
    assert answers[0].levels == answers[1].levels


@pytest.mark.parametrize("seed", range(3))
def test_neighbourhoods_keep_every_rule_and_are_no_worse_than_the_greedy_start(seed: int) -> None:
    rng = random.Random(seed)
    nodes = tuple(range(12))
    there = [
        running(
            {rng.choice(nodes): 1, rng.choice(nodes): 2},
            (rng.randint(5, 30), rng.randint(5, 30)),
            tier=rng.randint(0, 1),
            allowed=nodes,
        )
        for _ in range(40)
    ]
    full = [
        [sum(p.demand[r] * dict(p.running).get(n, 0) for p in there) for r in range(2)]
        for n in nodes
    ]
    task = problem(
        *there,
        *(pending(1, (rng.randint(20, 40),) * 2, tier=0, allowed=nodes) for _ in range(4)),
        resources=("cpu", "memory"),
        capacity=tuple((cpu + 9, memory + 9) for cpu, memory in full),
    )
    outcome = solve(task, budget_s=0.3, deterministic=True)
    start = solve(task, budget_s=0.0)
    assert [x.value for x in outcome.levels][:2] >= [x.value for x in start.levels][:2]
    assert outcome.status in (Status.FEASIBLE, Status.OPTIMAL)
