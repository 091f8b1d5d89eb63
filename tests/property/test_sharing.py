"""Sharing against exhaustive search, on clusters so small that it can be done."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.core.errors import ModelError
from restow.packing.effort import Effort
from restow.sharing.check import check
from restow.sharing.engine import share
from restow.sharing.ordering import order
from restow.sharing.problem import FULL, Node, Placement, Pod, PodClass, Problem

pytestmark = [pytest.mark.property, pytest.mark.solver]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "150"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

EFFORT = Effort(seconds=None, work=1.0, seed=0)

KINDS = (
    PodClass(cpu_m=1, memory=1, devices=1, milli=300),
    PodClass(cpu_m=2, memory=1, devices=1, milli=500),
    PodClass(cpu_m=2, memory=2, devices=1, milli=500, models=frozenset({"A"})),
    PodClass(cpu_m=1, memory=1, devices=1, milli=FULL),
    PodClass(cpu_m=3, memory=2, devices=2, milli=FULL),
    PodClass(cpu_m=2, memory=1),
    PodClass(cpu_m=3, memory=1, models=frozenset({"B"})),
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw at most three nodes of two devices and six pods, those that fit in turn running."""
    nodes = tuple(
        Node(
            cpu_m=draw(st.integers(3, 6)),
            memory=draw(st.integers(3, 6)),
            devices=draw(st.integers(1, 2)),
            model=draw(st.sampled_from("AB")),
        )
        for _ in range(draw(st.integers(1, 3)))
    )
    kinds = draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=1, max_size=6))
    problem = Problem(nodes=nodes, kinds=KINDS, pods=(), limit=draw(st.integers(0, 3)))
    for kind in kinds:
        seats = [None, *(seat for seat in _seats(problem, kind) if _fits(problem, kind, seat))]
        seat = draw(st.sampled_from(seats))
        pod = Pod(kind=kind)
        if seat is not None:
            fixed = draw(st.integers(0, 3)) == 3
            pod = Pod(kind=kind, node=seat[0], devices=seat[1], fixed=fixed)
        problem = replace(problem, pods=(*problem.pods, pod))
    return problem


Seat = tuple[int, tuple[int, ...]]


def _seats(problem: Problem, kind: int) -> Iterator[Seat]:
    for n, node in enumerate(problem.nodes):
        for devices in itertools.combinations(range(node.devices), KINDS[kind].devices):
            yield n, devices


def _fits(problem: Problem, kind: int, seat: Seat) -> bool:
    trial = replace(problem, pods=(*problem.pods, Pod(kind=kind)))
    last = Placement(pod=len(problem.pods), node=seat[0], devices=seat[1])
    return _gain(trial, (last,)) is not None


def _gain(problem: Problem, plan: tuple[Placement, ...]) -> int | None:
    try:
        return check(problem, plan)
    except ModelError:
        return None


def most(problem: Problem) -> int:
    """Return the most that any plan gains: every seat of every pod is tried."""
    choices = []
    for pod in problem.pods:
        stay = [None] if pod.node is None else [(pod.node, pod.devices)]
        others = [s for s in _seats(problem, pod.kind) if s not in stay and not pod.fixed]
        choices.append([*stay, *others])
    best = 0
    for chosen in itertools.product(*choices):
        plan = tuple(
            Placement(pod=p, node=seat[0], devices=seat[1])
            for p, seat in enumerate(chosen)
            if seat is not None
        )
        best = max(best, _gain(problem, plan) or 0)
    return best


@profile
@given(problems())
def test_a_plan_holds_and_no_plan_passes_the_bound(problem: Problem) -> None:
    outcome = share(problem, EFFORT)
    assert check(problem, outcome.plan) == outcome.gain
    assert outcome.gain <= most(problem) <= outcome.bound


@profile
@given(problems())
def test_where_at_most_two_pods_move_the_plan_gains_what_exhaustive_search_finds(
    problem: Problem,
) -> None:
    few = replace(problem, limit=min(problem.limit, 2))
    assert share(few, EFFORT).gain == most(few)


@profile
@given(problems())
def test_in_the_order_of_a_plan_nothing_is_overfilled_at_any_moment(problem: Problem) -> None:
    plan = share(problem, EFFORT).plan
    seats = {step.pod: step for step in plan}
    ordered, now, away = order(problem, plan), problem, set[int]()
    for act in ordered.acts:
        pods = list(now.pods)
        if act.starts:
            pods[act.pod] = replace(pods[act.pod], node=None)
            pending = replace(now, pods=tuple(pods))
            check(pending, (seats[act.pod],))
            step = seats[act.pod]
            pods[act.pod] = replace(pods[act.pod], node=step.node, devices=step.devices)
            away.discard(act.pod)
        else:
            pods[act.pod] = replace(pods[act.pod], node=None, devices=())
            away.add(act.pod)
        now = replace(now, pods=tuple(pods))
        assert len(away) <= max(1, ordered.parked)
    assert not away
    assert now.allocated() == check(problem, plan) + problem.allocated()
