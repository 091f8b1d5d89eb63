"""What a node is worth at most against exhaustive search, on nodes so small that it can be done."""

import itertools
import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.sharing.arrays import UNIT, Fleet, Ints, fleet_of
from restow.sharing.mixing import STEPS, buy, steps_of
from restow.sharing.problem import FULL, Node, Pod, PodClass, Problem
from restow.sharing.stepping import CROWD, Market, most
from restow.sharing.valuing import value

pytestmark = [pytest.mark.property]

EXAMPLES = int(os.environ.get("RESTOW_EXAMPLES", "150"))

profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

KINDS = (
    PodClass(cpu_m=1, memory=2, devices=1, milli=300),
    PodClass(cpu_m=3, memory=1, devices=1, milli=500),
    PodClass(cpu_m=2, memory=3, devices=1, milli=FULL),
    PodClass(cpu_m=5, memory=2, devices=2, milli=FULL),
    PodClass(cpu_m=2, memory=1),
)


class Case:
    """One node under prices."""

    def __init__(self, problem: Problem, price: list[int], move: int) -> None:
        self.problem, self.fleet = problem, fleet_of(problem)
        self.price, self.move = np.array(price, np.int64) * UNIT, move * UNIT

    def most(self, number: int = STEPS) -> tuple[int, int]:
        """Return what no use is worth more than, the least of all mixtures, and who leaves."""
        values = value(self.fleet, self.price, self.move)
        found = []
        for steps in steps_of(self.fleet, number):
            buy(self.fleet, values, steps)
            found.append((most(Market(self.fleet, values, steps), 0), int(steps.at[4])))
        return min(found)

    def worth(self, leave: int) -> int:
        """Return the most that those who arrive are worth, less those who leave."""
        pods = [pod for p, pod in enumerate(self.problem.pods) if not leave >> p & 1]
        gone = [pod for p, pod in enumerate(self.problem.pods) if leave >> p & 1]
        cost = sum(int(self.price[pod.kind]) + self.move for pod in gone)
        return _filled(self.problem.nodes[0], pods, self.price, 0) - cost

    @property
    def sets(self) -> range:
        """Return all sets of pods that may leave, as bits."""
        return range(1 << len(self.problem.pods))


def _filled(node: Node, pods: list[Pod], price: Ints, first: int) -> int:
    """Return what all are worth that find room beside pods, classes from the first on."""
    best = 0
    for kind in range(first, len(KINDS)):
        for seat in itertools.combinations(range(node.devices), KINDS[kind].devices):
            more = [*pods, Pod(kind=kind, node=0, devices=seat)]
            if _holds(node, more):
                best = max(best, int(price[kind]) + _filled(node, more, price, kind))
    return best


def _holds(node: Node, pods: list[Pod]) -> bool:
    milli = [0] * node.devices
    for pod in pods:
        for device in pod.devices:
            milli[device] += KINDS[pod.kind].milli
    return (
        sum(KINDS[pod.kind].cpu_m for pod in pods) <= node.cpu_m
        and sum(KINDS[pod.kind].memory for pod in pods) <= node.memory
        and max(milli) <= FULL
    )


def _seats(node: Node, kind: int) -> Iterator[tuple[int, ...]]:
    yield from itertools.combinations(range(node.devices), KINDS[kind].devices)


@st.composite
def cases(draw: st.DrawFn, memory: st.SearchStrategy[int]) -> Case:
    """Draw a node of at most three devices with those of four pods that fit in turn, and prices."""
    node = Node(
        cpu_m=draw(st.integers(3, 8)),
        memory=draw(memory),
        devices=draw(st.integers(2, 3)),
        model="",
    )
    pods: list[Pod] = []
    for kind in draw(st.lists(st.integers(0, len(KINDS) - 1), max_size=4)):
        seats = [
            seat
            for seat in _seats(node, kind)
            if _holds(node, [*pods, Pod(kind=kind, node=0, devices=seat)])
        ]
        if seats:
            pods.append(Pod(kind=kind, node=0, devices=draw(st.sampled_from(seats))))
    price = [draw(st.integers(0, 9)) for _ in KINDS]
    problem = Problem(nodes=(node,), kinds=KINDS, pods=tuple(pods), limit=len(pods))
    return Case(problem, price, draw(st.integers(0, 3)))


@profile
@given(cases(st.integers(3, 8)), st.sampled_from([2, 3, 5, STEPS]))
def test_no_use_of_a_node_is_worth_more_however_coarse_the_steps(case: Case, steps: int) -> None:
    bound, _ = case.most(steps)
    assert bound >= max(case.worth(leave) for leave in case.sets)


@profile
@given(cases(st.just(100)))
def test_where_memory_is_ample_who_leaves_makes_room_for_exactly_that(case: Case) -> None:
    bound, leave = case.most()
    assert bound == case.worth(leave) == max(case.worth(leave) for leave in case.sets)


def a_crowd(number: int) -> Fleet:
    tenth = PodClass(cpu_m=1, memory=1, devices=1, milli=100)
    node = Node(cpu_m=20, memory=20, devices=1, model="")
    on = tuple(Pod(kind=0, node=0, devices=(0,)) for _ in range(number))
    return fleet_of(Problem(nodes=(node,), kinds=(tenth,), pods=on, limit=1))


@pytest.mark.parametrize(("number", "worth"), [(CROWD, 2), (CROWD + 1, -1)])
def test_where_too_many_share_a_device_nothing_is_claimed(number: int, worth: int) -> None:
    fleet = a_crowd(number)
    values = value(fleet, np.array([1], np.int64), 1)
    for steps in steps_of(fleet):
        buy(fleet, values, steps)
        assert most(Market(fleet, values, steps), 0) == worth


@pytest.mark.parametrize("cpu", range(4, 12))
def test_pods_below_a_step_count_for_all_the_room_they_can_fill(cpu: int) -> None:
    small = PodClass(cpu_m=2, memory=2)
    node = Node(cpu_m=cpu, memory=cpu, devices=1, model="")
    fleet = fleet_of(Problem(nodes=(node,), kinds=(small,), pods=(), limit=0))
    values = value(fleet, np.array([UNIT], np.int64), 0)
    for steps in steps_of(fleet, 2):
        buy(fleet, values, steps)
        assert most(Market(fleet, values, steps), 0) >= cpu // 2 * UNIT
