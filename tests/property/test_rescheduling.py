"""Rescheduling against exhaustive search, on clusters so small that it can be done."""

import itertools
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from restow.packing.effort import Effort
from restow.rescheduling import opening, pricing, searching
from restow.rescheduling.arriving import UNIT
from restow.rescheduling.check import check
from restow.rescheduling.engine import reschedule
from restow.rescheduling.greedy import greedy
from restow.rescheduling.grid import grid_of
from restow.rescheduling.holes import each_its_own
from restow.rescheduling.improving import Improving, suits
from restow.rescheduling.leaning import planes_of
from restow.rescheduling.pricing import Desk, Prices, price
from restow.rescheduling.problem import Group, Mover, MoverClass, Problem, Shape, worth
from restow.rescheduling.table import full_of, rows_of, table_of

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "150"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

EFFORT = Effort(seconds=None, work=1.0, seed=0)

amounts = st.integers(0, 5)


@st.composite
def problems(draw: st.DrawFn, *, unit: st.SearchStrategy[int] | None = None) -> Problem:
    """Draw a cluster of at most 4 nodes and 5 movers, some of which stand in one of two halves."""
    halves, priced = draw(st.booleans()), draw(st.booleans())
    nodes = draw(st.integers(1, 4))
    scale = draw(unit) if unit is not None else 1

    def amount(least: int) -> int:
        return draw(st.integers(least, 5)) * scale + (draw(amounts) if unit is not None else 0)

    kinds = tuple(_kind(draw, amount, nodes, halves=halves) for _ in range(draw(st.integers(1, 3))))
    movers = draw(
        st.lists(
            st.integers(0, len(kinds) - 1).flatmap(
                lambda kind: st.builds(
                    Mover,
                    node=st.sampled_from(sorted(kinds[kind].nodes or range(nodes))),
                    kind=st.just(kind),
                    mode=st.integers(0, len(kinds[kind].modes) - 1),
                    cost=st.integers(0, 3),
                    fee=st.integers(-1, 2) if priced else st.just(0),
                )
            ),
            max_size=5,
        )
    )
    request = (amount(1), amount(0))
    shape = Shape(
        requests=((request[0], 0), (0, request[0])) if halves else (request,),
        weight=draw(st.integers(1, 3)),
        most=draw(st.none() | st.integers(1, 2)),
    )
    members = draw(st.sets(st.integers(0, max(0, len(movers) - 1)), max_size=3)) if movers else ()
    apart = {m: movers[m].node for m in members}
    group = Group(movers=frozenset(m for m in apart if list(apart.values()).count(apart[m]) == 1))
    return Problem(
        free=tuple((amount(0), amount(0)) for _ in range(nodes)),
        emptied=tuple(draw(st.integers(0, 2)) for _ in range(nodes)) if draw(st.booleans()) else (),
        kinds=kinds,
        movers=tuple(movers),
        shapes=(shape,),
        groups=(group,) if len(group.movers) > 1 else (),
        limit=draw(st.integers(0, 3)),
    )


def _kind(draw, amount, nodes: int, *, halves: bool) -> MoverClass:  # type: ignore[no-untyped-def]
    size = (amount(1), amount(0))
    modes = ((size[0], 0), (0, size[0])) if halves and draw(st.booleans()) else (size,)
    allowed = draw(st.none() | st.sets(st.integers(0, nodes - 1), min_size=1))
    return MoverClass(modes=modes, nodes=None if allowed is None else frozenset(allowed))


def most(problem: Problem) -> int:
    """Return the most that free room can be worth with so many movers elsewhere, in any order."""
    best = 0
    ways = [
        [
            (n, k)
            for n in range(len(problem.free))
            if problem.may_be_on(mover.kind, n)
            for k in range(len(problem.kinds[mover.kind].modes))
        ]
        for mover in problem.movers
    ]
    for places in itertools.product(*ways):
        free = np.array(problem.free, np.int64)
        moved = fees = 0
        for mover, (node, mode) in zip(problem.movers, places, strict=True):
            moves = (node, mode) != (mover.node, mover.mode)
            moved, fees = moved + moves, fees + moves * mover.fee
            free[mover.node] += problem.size(mover)
            free[node] -= problem.needs(mover.kind, mode)
        meet = any(
            len({places[m][0] for m in group.movers}) < len(group.movers)
            for group in problem.groups
        )
        if moved <= problem.limit and not meet and free.min() >= 0:
            empty = set(range(len(free))) - {node for node, _ in places}
            total = int(worth(problem.shapes, free).sum()) - fees
            best = max(best, total + sum(problem.emptied[node] for node in empty))
    return best


@profile
@given(problems())
def test_the_bound_holds_and_the_plan_is_as_good_as_greedy(problem: Problem) -> None:
    outcome = reschedule(problem, EFFORT)
    assert check(problem, outcome.steps) == outcome.after
    assert outcome.after >= check(problem, greedy(problem))
    assert outcome.after <= most(problem) <= outcome.bound


@profile
@given(problems(unit=st.sampled_from([997, 10_007, 100_003])))
def test_the_bound_holds_where_no_grid_is_exact(problem: Problem) -> None:
    outcome = reschedule(problem, EFFORT)
    assert check(problem, outcome.steps) == outcome.after
    assert outcome.after <= most(problem) <= outcome.bound


@profile
@given(problems(unit=st.sampled_from([1, 997])))
def test_the_bound_holds_where_kinds_are_too_many_for_a_row_each(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "MOST_HOLES", 0)
        patched.setattr(searching, "COARSE_HOLES", 1)
        patched.setattr(opening, "FEW", 1)
        patched.setattr(pricing, "MOST_CELLS", 0)
        outcome = reschedule(problem, EFFORT)
    assert check(problem, outcome.steps) == outcome.after
    assert outcome.after <= most(problem) <= outcome.bound


@profile
@given(problems(), st.integers(0, 2**32 - 1), st.booleans())
def test_departures_are_as_good_one_by_one_as_by_where_they_end(
    problem: Problem, seed: int, cautious: bool
) -> None:
    assume(problem.movers)
    full = full_of(problem)
    grid = grid_of(problem, full)
    assert grid.exact
    holes = each_its_own(problem)
    table = table_of(problem, rows_of(problem), holes, grid, cautious=cautious)
    luck = np.random.default_rng(seed)
    prices = Prices(luck.integers(0, UNIT, len(holes)), int(luck.integers(0, UNIT)))
    prices.hole[table.hole[table.offset == 0]] = 0
    by_end = price(table, Desk(table), prices)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pricing, "MOST_CELLS", 0)
        one_by_one = price(table, Desk(table), prices)
    assert one_by_one.value.tolist() == by_end.value.tolist()


@profile
@given(problems(), st.integers(0, 2**32 - 1))
def test_no_use_of_room_is_above_a_plane(problem: Problem, seed: int) -> None:
    assume(problem.movers)
    holes, grid = each_its_own(problem), grid_of(problem, full_of(problem))
    table = table_of(problem, rows_of(problem), holes, grid, cautious=False)
    prices = Prices(np.random.default_rng(seed).integers(0, UNIT, len(holes)), 0)
    desk = Desk(table)
    price(table, desk, prices)
    planes = planes_of(desk.best, grid.extent)
    above = table.coordinates @ planes.slope.T + planes.height
    assert (above >= desk.best.max(axis=0)[:, None]).all()


@profile
@given(problems(unit=st.sampled_from([1, 997])))
def test_annealing_overfills_nothing_and_gains_what_it_says(problem: Problem) -> None:
    assume(suits(problem))
    annealing = Improving(problem, 0)
    for done in (0.0, 0.5, 1.0):
        annealing.step(done)
    steps = annealing.steps()
    reached = check(problem, steps)
    assert reached <= problem.worth_now() + annealing.gain <= most(problem)
    if len({step.mover for step in steps}) == annealing.away == len(steps):
        assert reached == problem.worth_now() + annealing.gain


@profile
@given(problems())
def test_equal_problems_and_efforts_give_equal_plans(problem: Problem) -> None:
    assert reschedule(problem, EFFORT) == reschedule(problem, EFFORT)
