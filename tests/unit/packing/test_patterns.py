"""The parts of the pattern engine against every pattern, and every placement, there is."""

from itertools import product

import numpy as np
import pytest

from restow.packing import choosing
from restow.packing.choosing import CLASSES, PATTERNS, engine_for
from restow.packing.effort import Effort
from restow.packing.goals import Hold, disturb, place_all
from restow.packing.incumbent import greedy, stay_put
from restow.packing.patterns.aggregate import Aggregate
from restow.packing.patterns.areas import areas_of
from restow.packing.patterns.arrays import Gain, Level, Nodes, Pods, Rows
from restow.packing.patterns.bounding import Bounding
from restow.packing.patterns.closing import close
from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.diving import Dive
from restow.packing.patterns.filling import Most, fillings
from restow.packing.patterns.frame import MOST_NODES, frame_of, supports
from restow.packing.patterns.knapsack import UNIT
from restow.packing.patterns.listing import list_patterns
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.pricing import Whole, descent, evaluate
from restow.packing.patterns.repairing import repaired
from restow.packing.patterns.shaking import Shaking, gain_at
from restow.packing.patterns.stage import stage_of
from restow.packing.patterns.unfold import folded, unfold
from restow.packing.problem import Order, Problem
from restow.packing.relations import Together
from restow.packing.solve import solve
from tests.support.packing import pending, problem, running

pytestmark = [
    pytest.mark.solver,
    pytest.mark.skipif(not COMPILES, reason="the hot loops are not compiled here"),
]


def meter(work: float = 5.0) -> Meter:
    return Meter(Effort(seconds=None, work=work, seed=0))


def one_node(seed: int, classes: int = 4) -> Level:
    """Return a level of one node with few pods, drawn at random."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((0, classes), np.int64)
    return Level(
        pods=Pods(
            rng.integers(1, 9, (classes, 2)), np.full(classes, 3), np.zeros(classes, np.int64)
        ),
        nodes=Nodes(
            rng.integers(8, 20, (1, 2)),
            rng.integers(0, 2, (1, classes)),
            rng.integers(0, 3, (1, classes)),
            np.ones(1, np.int64),
        ),
        rows=Rows(rows, rows, np.zeros(0, np.int64)),
        gain=Gain(rng.integers(0, 4, classes), -rng.integers(0, 2, classes)),
        areas=areas_of((), 1, classes),
    )


def every_pattern(level: Level) -> dict[tuple[int, ...], int]:
    """Return each (pods that stay…, pods that come…) that fits, with what it gains."""
    home, comers = level.nodes.home[0], level.nodes.comers[0]
    found = {}
    for counts in product(*(range(int(n) + 1) for n in [*home, *comers])):
        stay, come = np.array(counts[: len(home)]), np.array(counts[len(home) :])
        if ((stay + come) @ level.pods.demand <= level.nodes.room[0]).all():
            gain = (stay + come) @ level.gain.placed + come @ level.gain.moved
            found[counts] = int(gain)
    return found


def free(level: Level) -> Whole:
    """Return prices of nothing."""
    return Whole(np.zeros(len(level.pods.most), np.int64), *np.zeros((2, 0), np.int64))


@pytest.mark.parametrize("seed", range(30))
def test_the_best_pattern_is_the_best_of_all(seed: int) -> None:
    level = one_node(seed)
    best = max(every_pattern(level).values())
    bound = evaluate(level, descent(level), free(level), 0, 1)
    assert best * UNIT <= bound < best * UNIT + UNIT // 1000


@pytest.mark.parametrize("seed", range(10))
def test_a_search_that_is_cut_off_still_bounds_all_patterns(seed: int) -> None:
    level = one_node(seed)
    at = descent(level)
    at.desk.care[0] = 1
    assert evaluate(level, at, free(level), 0, 1) >= max(every_pattern(level).values()) * UNIT


@pytest.mark.parametrize("seed", range(20))
def test_all_patterns_of_a_worth_are_listed_and_no_others(seed: int) -> None:
    level = one_node(seed)
    at, gap = descent(level), 2 * UNIT
    evaluate(level, at, free(level), 0, 1)
    room = np.zeros((5000, len(level.pods.most), 2), np.int64)
    number = list_patterns(level, 0, at, (int(at.tops[0]) - gap, -gap - 1), room)
    listed = {(*pattern[:, 0].tolist(), *pattern[:, 1].tolist()) for pattern in room[:number]}
    wanted = {
        counts
        for counts, gain in every_pattern(level).items()
        if gain * UNIT >= at.tops[0] - gap and _fills_home_first(level, counts)
    }
    assert len(listed) == number
    assert listed == wanted


def _fills_home_first(level: Level, counts: tuple[int, ...]) -> bool:
    """Whether no pod comes while one of its class could have stayed instead."""
    classes = len(level.pods.most)
    return all(
        not counts[classes + c] or counts[c] == level.nodes.home[0, c] for c in range(classes)
    )


def tight(nodes: int = 3) -> Problem:
    """Return a full cluster of `nodes` nodes with pods of two resources, and two that wait."""
    rng = np.random.default_rng(nodes)
    everywhere = tuple(range(nodes))
    there = [
        running({n: 1}, tuple(rng.integers(2, 9, 2).tolist()), allowed=everywhere)
        for n in everywhere
        for _ in range(3)
    ]
    waiting = [pending(1, tuple(rng.integers(2, 5, 2).tolist()), allowed=everywhere)] * 2
    return problem(
        *waiting,
        *there,
        resources=("cpu", "memory"),
        capacity=tuple(
            tuple(2 + sum(p.demand[r] for p in there[3 * n : 3 * n + 3]) for r in range(2))
            for n in everywhere
        ),
        order=Order.PAPER,
    )


def test_annealing_keeps_room_and_says_what_it_gained() -> None:
    task = tight(6)
    frame = frame_of(task)
    stage = stage_of(frame, place_all(task, 0), ())
    shaking = Shaking(stage.level, frame.home[:, stage.classes], meter(), 0)
    start = shaking.gain
    for _ in range(5):
        shaking.improve(int(stage.level.pods.most.sum()))
    assert shaking.gain > start
    assert gain_at(stage.level, shaking.there) == shaking.gain
    assert (shaking.there @ stage.level.pods.demand <= stage.level.nodes.room).all()
    assert (shaking.there.sum(axis=0) <= stage.level.pods.most).all()


def test_prices_bound_what_closing_then_decides() -> None:
    task = tight(4)
    frame = frame_of(task)
    placing = place_all(task, 0)
    hold = Hold(goal=placing, at_least=len(task.classes) - 1)
    stage = stage_of(frame, disturb(task, 0), [hold])
    start = frame.home[:, stage.classes]
    bounding = Bounding(stage.merged, meter(), lambda: folded(stage, start))
    bounding.descend(-100, 200)
    top = bounding.bound
    bounding.solve(-100, 200)
    assert bounding.bound <= top
    closed = close(stage.merged, bounding.descent, bounding.bound + 1, meter())
    assert closed.impossible


@pytest.mark.parametrize("seed", range(20))
def test_fillings_are_all_patterns_that_leave_no_more_empty(seed: int) -> None:
    level = one_node(seed, classes=5)
    level = level._replace(nodes=level.nodes._replace(room=level.nodes.room * 10_000))
    level = level._replace(pods=level.pods._replace(demand=level.pods.demand * 10_000))
    spare = np.array([3, 40_000])
    found = fillings(level, 0, spare, Most(patterns=5000, steps=1_000_000))
    assert found is not None
    wanted = set()
    for counts in every_pattern(level):
        pods = np.array(counts[:5]) + counts[5:]
        left = level.nodes.room[0] - pods @ level.pods.demand
        if (pods <= level.pods.most).all() and (left <= spare).all():
            wanted.add(tuple(pods.tolist()))
    listed = {tuple(pods.tolist()) for pods in found}
    assert len(listed) == len(found)
    assert listed == wanted


@pytest.mark.parametrize("seed", range(10))
def test_fillings_beside_a_pod_are_those_that_have_one(seed: int) -> None:
    level = one_node(seed, classes=5)
    level = level._replace(nodes=level.nodes._replace(room=level.nodes.room * 10_000))
    level = level._replace(pods=level.pods._replace(demand=level.pods.demand * 10_000))
    spare, most = np.array([3, 40_000]), Most(patterns=5000, steps=1_000_000)
    every, beside = fillings(level, 0, spare, most), fillings(level, 0, spare, most, 2)
    assert every is not None
    assert beside is not None
    with_one = {pods.tobytes() for pods in every if pods[2]}
    assert {pods.tobytes() for pods in beside} == with_one


def test_fillings_do_not_say_there_are_none_beside_a_pod_that_fills_the_node() -> None:
    level = one_node(0)
    level = level._replace(
        pods=level.pods._replace(demand=np.tile(level.nodes.room[0], (4, 1))),
        nodes=level.nodes._replace(comers=np.ones_like(level.nodes.comers)),
    )
    most, spare = Most(patterns=100, steps=10_000), np.zeros(2, np.int64)
    assert fillings(level, 0, spare, most, beside=1) is None
    every = fillings(level, 0, spare, most)
    assert every is not None
    assert len(every) == len(level.pods.most)


def test_whole_pods_in_the_common_room_bound_what_nodes_hold() -> None:
    task = tight(4)
    stage = stage_of(frame_of(task), place_all(task, 0), ())
    whole, pods = Aggregate(stage.merged, meter()), len(task.classes)
    top = whole.top(pods)
    best = next(level for level in solve(task, budget_s=5.0).levels if level.tier == 0)
    assert best.value <= top <= pods
    room = stage.merged.nodes.room.T @ stage.merged.nodes.number
    assert (whole.spare(0) == room).all()
    assert (whole.spare(top) < room).all()


def test_choices_of_pods_are_all_that_the_common_room_and_the_rows_allow() -> None:
    task = tight(4)
    frame = frame_of(task)
    placed = Hold(goal=place_all(task, 0), at_least=len(task.classes) - 2)
    level = stage_of(frame, disturb(task, 0), (placed,)).merged
    room, pods = level.nodes.room.T @ level.nodes.number, level.pods
    wanted = {
        counts
        for counts in product(*map(range, pods.least, pods.most + 1))
        if (np.array(counts) @ pods.demand <= room).all()
        and (level.rows.placed @ counts <= level.rows.most).all()
    }
    found = Aggregate(level, meter()).choices(-1000, 1000)
    assert found is not None
    assert sorted(map(tuple, np.array(found).tolist())) == sorted(wanted)
    assert len(wanted) > 1
    assert Aggregate(level, meter()).choices(-1000, len(wanted) - 1) is None


def test_a_repair_gains_and_leaves_the_other_nodes_alone() -> None:
    task = tight(8)
    frame = frame_of(task)
    stage = stage_of(frame, place_all(task, 0), ())
    level, nodes = stage.level, np.array([3, 4])
    there = frame.home[:, stage.classes].copy()
    there[3, np.flatnonzero(there[3])[0]] = 0
    after = repaired(level, there, nodes, meter())
    assert after is not None
    assert gain_at(level, after) > gain_at(level, there)
    others = np.setdiff1d(np.arange(8), nodes)
    assert (after[others] == there[others]).all()
    assert (after @ level.pods.demand <= level.nodes.room).all()
    assert repaired(level, after, nodes, meter()) is None


def test_a_dive_keeps_room_and_counts() -> None:
    task = tight(6)
    stage = stage_of(frame_of(task), place_all(task, 0), ())
    level, start = stage.merged, stage.level.nodes.home * 0
    bounding = Bounding(level, meter(), lambda: folded(stage, start))
    bounding.solve(0, 200)
    for seed in range(3):
        used = Dive(level, bounding.columns, meter(), seed).run()
        assert used is not None
        there = unfold(stage, used)
        assert (there @ stage.level.pods.demand <= stage.level.nodes.room).all()
        assert (there.sum(axis=0) <= level.pods.most).all()
        assert gain_at(stage.level, there) > 0


def test_an_outcome_names_the_engine() -> None:
    task = tight()
    assert engine_for(task, 10.0) is PATTERNS
    assert solve(task, budget_s=5.0).engine == "patterns"


@pytest.mark.parametrize(("nodes", "work"), [(12, 0.05), (12, 0.3), (20, 0.3)])
def test_the_same_problem_gives_the_same_answer_also_when_unproven(nodes: int, work: float) -> None:
    task = tight(nodes)
    answers = [solve(task, budget_s=work, deterministic=True) for _ in range(2)]
    assert answers[0].placement == answers[1].placement
    assert answers[0].levels == answers[1].levels


@pytest.mark.parametrize(
    "task",
    [
        problem(pending(1), relations=(Together(classes=(0,)),)),
        problem(pending(1), rooms=(1,) * (MOST_NODES + 1)),
        problem(running({0: 2}, (3,)), rooms=(4, 4)),
        problem(rooms=()),
        problem(pending(1), running({0: 1}, move_cost=1 << 20)),
        problem(pending(1, (1 << 60,)), rooms=(1 << 60, 1)),
    ],
    ids=["relations", "too many nodes", "an overfull node", "no node", "a dear move", "huge rooms"],
)
def test_what_patterns_do_not_describe_goes_to_classes(task: Problem) -> None:
    assert not supports(task)
    assert engine_for(task, 10.0) is CLASSES


def test_without_compiled_loops_all_goes_to_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "COMPILES", False)
    assert engine_for(tight(), 10.0) is CLASSES


def test_a_first_placement_that_may_not_take_a_turn_leaves_everything() -> None:
    task = problem(pending(1), rooms=(4, 4))
    assert greedy(task, lambda: True) == stay_put(task)
    assert greedy(task) != stay_put(task)


def test_bounds_stay_above_the_best_pattern_however_long_weights_are_tuned() -> None:
    """Weights of one resource used to dwindle until rounding made up for a pod."""
    one = np.ones(1, np.int64)
    level = Level(
        pods=Pods(np.array([[3], [0]]), np.array([2, 3]), np.array([0, 3])),
        nodes=Nodes(np.array([[3]]), np.zeros((1, 2), np.int64), np.array([[2, 3]]), one),
        rows=Rows(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64), np.zeros(0, np.int64)),
        gain=Gain(np.array([1, 0]), np.zeros(2, np.int64)),
        areas=areas_of((), 1, 2),
    )
    at = descent(level)
    bounds = [evaluate(level, at, free(level), turn, 1 << 10) for turn in range(500)]
    assert min(bounds) >= UNIT
