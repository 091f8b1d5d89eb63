"""Pods of nearly unique sizes: prices between knots, and the plans that come of them."""

import numpy as np
import pytest

from restow.packing.effort import Effort
from restow.packing.patterns.compiled import COMPILES
from restow.rescheduling.check import check
from restow.rescheduling.engine import reschedule
from restow.rescheduling.greedy import greedy
from restow.rescheduling.grid import grid_of
from restow.rescheduling.holes import each_its_own
from restow.rescheduling.problem import Mover, MoverClass, Problem, Shape
from restow.rescheduling.sampling import SAMPLE, Sampling
from restow.rescheduling.smoothing import Knots
from restow.rescheduling.table import Table, full_of, rows_of, table_of


def scattered(nodes: int, seed: int, limit: int) -> Problem:
    """Return full nodes with eight pods each, hardly two of one size, and little room on each."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(200, 1800, (nodes * 8, 2))
    left = rng.integers(0, 2500, (nodes, 2))
    return Problem(
        free=tuple(map(tuple, left.tolist())),
        kinds=tuple(MoverClass(modes=(tuple(size),)) for size in sizes.tolist()),
        movers=tuple(Mover(node=m // 8, kind=m) for m in range(len(sizes))),
        shapes=(Shape(requests=((3000, 3000),)),),
        limit=limit,
    )


def table(problem: Problem) -> Table:
    grid = grid_of(problem, full_of(problem), 700_000)
    return table_of(problem, rows_of(problem), each_its_own(problem), grid, cautious=True)


def test_prices_linear_in_size_are_nearly_so_between_knots() -> None:
    there = table(scattered(10, 0, 5))
    knots = Knots(there)
    sizes = np.zeros((len(there.holes), 2))
    sizes[there.hole] = there.needs
    # the prices of knots that make it, as far as such prices can
    linear = 1000 * sizes @ np.array([2.0, 3.0])
    weight = np.array(
        [dict(knots.entries(((h, 1),))).get(k, 0.0) for h in range(80) for k in range(len(knots))]
    )
    at_knots = np.linalg.lstsq(weight.reshape(80, -1), linear, rcond=None)[0]
    assert np.abs(knots.carried(at_knots) - linear).max() < linear.max() / 256


def test_what_is_needed_counts_in_whole_at_the_knots_around_it() -> None:
    knots = Knots(table(scattered(10, 0, 5)))
    for hole in range(80):
        entries = knots.entries(((hole, 2), ((hole + 7) % 80, -3)))
        assert sum(many for _, many in entries) == pytest.approx(-1)
        assert len(knots.entries(((hole, 1),))) <= 4
    assert len(knots) <= 64


def test_a_sample_has_prices_of_some_kinds_and_others_the_next_time() -> None:
    there = table(scattered(60, 0, 5))
    prices = np.arange(len(there.holes))
    one, other = Sampling(there), Sampling(there)
    first, second = one.some(prices), one.some(prices)
    assert (first == other.some(prices)).all()
    for drawn in (first, second):
        assert set(drawn.tolist()) <= set(prices.tolist())
        assert SAMPLE // 2 < np.count_nonzero(drawn) <= SAMPLE
    assert np.count_nonzero((first > 0) & (second == 0)) > SAMPLE // 4
    assert not one.some(prices * 0).any()


@pytest.mark.skipif(not COMPILES, reason="the hot loops are not compiled here")
@pytest.mark.solver
@pytest.mark.parametrize("seed", [1, 2])
def test_plans_for_pods_of_unique_sizes_come_near_the_bound(seed: int) -> None:
    problem = scattered(30, seed, 15)
    outcome = reschedule(problem, Effort(seconds=None, work=3.0, seed=0))
    gain, could = outcome.after - outcome.before, outcome.bound - outcome.before
    assert check(problem, outcome.steps) == outcome.after
    assert outcome.after > check(problem, greedy(problem))
    assert gain >= could - 1
