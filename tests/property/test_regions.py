"""Regions of a problem: put back as they were they change nothing, solved they only gain."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.packing.choosing import regions, solve_part
from restow.packing.climbing import climbed
from restow.packing.effort import Effort
from restow.packing.fill import Fill, fill_of
from restow.packing.incumbent import greedy
from restow.packing.ladder import Budget
from restow.packing.ledger import Ledger
from restow.packing.problem import Problem
from restow.packing.regions.crew import Task
from restow.packing.regions.part import Cutter, Part
from restow.packing.solve import solve
from tests.property.test_packing import problems
from tests.property.test_relations import related

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "100"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

either = st.one_of(problems(), related())


def cut(problem: Problem, data: st.DataObject) -> tuple[Part, Fill]:
    """Return some nodes of a problem as a region of the first placement, and that placement."""
    fill = fill_of(greedy(problem))
    nodes = data.draw(st.sets(st.integers(0, len(problem.capacity) - 1), min_size=1))
    return Cutter(problem).cut(nodes, Ledger(problem, fill_of(greedy(problem)))), fill


def put_back(part: Part, solution: Fill, fill: Fill) -> Fill:
    whole = [dict(row) for row in fill]
    for c, row in part.rows(solution):
        rest = {n: k for n, k in whole[c].items() if n not in part.nodes}
        whole[c] = rest | {n: k for n, k in row.items() if k}
    return whole


@profile
@given(either, st.data())
def test_a_region_put_back_as_it_was_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    part, fill = cut(problem, data)
    assert put_back(part, part.start, fill) == fill


@profile
@given(either, st.data())
def test_no_pod_is_in_a_region_that_runs_outside_of_it(
    problem: Problem, data: st.DataObject
) -> None:
    part, _ = cut(problem, data)
    for c, pods in zip(part.classes, part.problem.classes, strict=True):
        home = dict(problem.classes[c].running)
        for n, count in pods.running:
            assert count <= home[part.nodes[n]]
        assert pods.pending <= problem.classes[c].pending


@profile
@given(either, st.integers(0, 3))
def test_region_by_region_no_tier_gets_fewer_places_than_at_first(
    problem: Problem, seed: int
) -> None:
    budget = Budget(total=0.5, deterministic=True, seed=seed)
    outcome = climbed(problem, budget, regions())  # the checker has accepted it
    first = places(problem, fill_of(greedy(problem)))
    assert places(problem, fill_of(outcome.placement)) >= first


@profile
@given(either)
def test_counted_in_work_two_runs_end_alike(problem: Problem) -> None:
    runs = [
        climbed(problem, Budget(total=0.5, deterministic=True, seed=1), regions()) for _ in range(2)
    ]
    assert runs[0].placement == runs[1].placement


def places(problem: Problem, fill: Fill) -> list[int]:
    """Return per tier, highest first, the pods with a place; inside a tier ranks may swap them."""
    found = [0] * len(problem.tiers)
    for pods, row in zip(problem.classes, fill, strict=True):
        found[pods.tier] += sum(row.values())
    return found


@profile
@given(problems())
def test_the_region_of_all_nodes_is_the_problem(problem: Problem) -> None:
    ledger = Ledger(problem, fill_of(greedy(problem)))
    part = Cutter(problem).cut(range(len(problem.capacity)), ledger)
    effort = Effort(seconds=None, work=2.0, seed=0)
    found = solve_part(Task(problem=part.problem, start=part.start, effort=effort)).placement
    best = solve(problem, budget_s=2.0, deterministic=True)
    whole = put_back(part, fill_of(found), ledger.fill)
    assert places(problem, whole) == places(problem, fill_of(best.placement))
