"""What the engine of sharing refuses, and what its bound rests on."""

from dataclasses import replace

import pytest

from restow.core.errors import ModelError
from restow.packing.effort import Effort
from restow.sharing.arrays import MOVABLE
from restow.sharing.check import check
from restow.sharing.engine import Outcome, share
from restow.sharing.problem import Node, Pod, PodClass, Problem

EFFORT = Effort(seconds=None, work=1.0, seed=0)


def a_problem(*kinds: PodClass, pods: tuple[Pod, ...] = (), limit: int = 1) -> Problem:
    node = Node(cpu_m=100, memory=100, devices=2, model="A")
    return Problem(nodes=(node, node), kinds=kinds, pods=pods, limit=limit)


@pytest.mark.parametrize(
    "kind",
    [
        PodClass(cpu_m=1, memory=1, devices=1, milli=1500),
        PodClass(cpu_m=1, memory=1, devices=2, milli=500),
        PodClass(cpu_m=1, memory=1, devices=1, milli=0),
        PodClass(cpu_m=0, memory=1),
    ],
)
def test_a_class_that_asks_for_what_no_device_has_is_refused(kind: PodClass) -> None:
    with pytest.raises(ModelError):
        share(a_problem(kind, pods=(Pod(kind=0),)), EFFORT)


def test_a_node_that_is_overfilled_to_begin_with_is_refused() -> None:
    whole = PodClass(cpu_m=1, memory=1, devices=1, milli=1000)
    twice = (Pod(kind=0, node=0, devices=(0,)), Pod(kind=0, node=0, devices=(0,)), Pod(kind=0))
    with pytest.raises(ModelError, match="overfilled to begin with"):
        share(a_problem(whole, pods=twice), EFFORT)


def test_each_plan_told_is_better_than_the_one_before_and_the_last_is_the_answer() -> None:
    share_of = PodClass(cpu_m=1, memory=1, devices=1, milli=400)
    whole = PodClass(cpu_m=1, memory=1, devices=1, milli=1000)
    on = tuple(Pod(kind=0, node=n, devices=(d,)) for n in range(2) for d in range(2))
    problem = a_problem(share_of, whole, pods=(*on, Pod(kind=1), Pod(kind=1)), limit=2)
    told: list[Outcome] = []
    outcome = share(problem, EFFORT, told.append)
    assert outcome.proven
    assert outcome.gain == check(problem, outcome.plan) == 2000
    gains = [plan.gain for plan in told]
    assert gains == sorted(gains)
    assert told[-1].plan == outcome.plan


def test_a_device_is_cleared_of_many_shares_for_a_pod_of_all_devices() -> None:
    small = PodClass(cpu_m=1, memory=1, devices=1, milli=100)
    pair = PodClass(cpu_m=1, memory=1, devices=2, milli=1000)
    on = tuple(
        Pod(kind=0, node=n, devices=(d,)) for n in range(2) for d in range(2) for _ in range(3)
    )
    few = a_problem(small, pair, pods=(*on, Pod(kind=1)), limit=5)
    assert share(few, EFFORT).gain == 0
    assert share(replace(few, limit=6), EFFORT).gain == 2000


def test_where_more_pods_could_move_than_are_looked_at_no_bound_is_claimed() -> None:
    tiny = PodClass(cpu_m=1, memory=1)
    whole = PodClass(cpu_m=90, memory=1, devices=1, milli=1000)
    crowd = tuple(Pod(kind=0, node=0) for _ in range(MOVABLE + 5))
    problem = a_problem(tiny, whole, pods=(*crowd, *(Pod(kind=1) for _ in range(3))), limit=0)
    outcome = share(problem, EFFORT)
    assert outcome.gain == 1000
    assert outcome.bound == 3000


def test_where_one_departure_pays_for_arrivals_on_several_devices_that_is_proven() -> None:
    greedy = PodClass(cpu_m=80, memory=1)
    whole = PodClass(cpu_m=40, memory=1, devices=1, milli=1000)
    problem = a_problem(
        greedy, whole, pods=(*(Pod(kind=0, node=n) for n in range(2)), *(Pod(kind=1),) * 5)
    )
    outcome = share(problem, EFFORT)
    assert outcome.gain == 0
    assert outcome.bound < 1000, "one pod more would be a whole device"


def test_where_memory_is_short_that_is_proven() -> None:
    held = PodClass(cpu_m=10, memory=90, devices=1, milli=1000)
    whole = PodClass(cpu_m=10, memory=20, devices=1, milli=1000)
    problem = a_problem(
        held, whole, pods=(*(Pod(kind=0, node=n, devices=(0,)) for n in range(2)), Pod(kind=1))
    )
    outcome = share(problem, EFFORT)
    assert outcome.gain == 0
    assert outcome.bound < 1000, "one pod more would be a whole device"
