"""What the checker of sharing refuses, and what it accepts."""

import pytest

from restow.core.errors import ModelError
from restow.sharing.check import check
from restow.sharing.problem import Node, Placement, Pod, PodClass, Problem

SHARE = PodClass(cpu_m=1000, memory=1, devices=1, milli=600)
WHOLE = PodClass(cpu_m=1000, memory=1, devices=1, milli=1000)
PAIR = PodClass(cpu_m=1000, memory=1, devices=2, milli=1000)
PICKY = PodClass(cpu_m=1000, memory=1, devices=1, milli=100, models=frozenset({"A"}))
PLAIN = PodClass(cpu_m=1000, memory=1)


def a_problem(*pods: Pod, limit: int = 1, cpu_m: int = 8000) -> Problem:
    nodes = (
        Node(cpu_m=cpu_m, memory=8, devices=2, model="A"),
        Node(cpu_m=cpu_m, memory=8, devices=2, model="B"),
    )
    return Problem(nodes=nodes, kinds=(SHARE, WHOLE, PAIR, PICKY, PLAIN), pods=pods, limit=limit)


def put(pod: int, node: int, *devices: int) -> Placement:
    return Placement(pod=pod, node=node, devices=devices)


def test_a_plan_gains_what_its_pending_pods_take_and_moves_gain_nothing() -> None:
    problem = a_problem(Pod(kind=0, node=0, devices=(0,)), Pod(kind=2), Pod(kind=4))
    assert check(problem, (put(0, 1, 1), put(1, 0, 0, 1), put(2, 1))) == 2000
    assert check(problem, ()) == 0


def test_a_share_split_over_two_devices_is_refused() -> None:
    with pytest.raises(ModelError, match="asks for 1 devices and is on 2"):
        check(a_problem(Pod(kind=0)), (put(0, 0, 0, 1),))


def test_a_device_over_a_thousand_milli_is_refused() -> None:
    problem = a_problem(Pod(kind=0, node=0, devices=(0,)), Pod(kind=0))
    with pytest.raises(ModelError, match="a device of node 0 is overfilled"):
        check(problem, (put(1, 0, 0),))
    assert check(problem, (put(1, 0, 1),)) == 600


def test_a_model_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ModelError, match="may not be on a node of model B"):
        check(a_problem(Pod(kind=3)), (put(0, 1, 0),))
    assert check(a_problem(Pod(kind=3)), (put(0, 0, 0),)) == 100


def test_a_lost_pod_is_refused() -> None:
    problem = a_problem(Pod(kind=0, node=0, devices=(0,)))
    nowhere = Placement(pod=0, node=None, devices=())  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ModelError, match="ran, and is lost"):
        check(problem, (nowhere,))


def test_more_moves_than_the_limit_are_refused_and_a_pod_that_stays_is_none() -> None:
    problem = a_problem(Pod(kind=0, node=0, devices=(0,)), Pod(kind=1), limit=0)
    with pytest.raises(ModelError, match="1 moves exceed the limit of 0"):
        check(problem, (put(0, 0, 1),))
    assert check(problem, (put(0, 0, 0), put(1, 0, 1))) == 1000


def test_a_fixed_pod_that_moves_is_refused() -> None:
    problem = a_problem(Pod(kind=0, node=0, devices=(0,), fixed=True))
    with pytest.raises(ModelError, match="pod 0 has to stay, and moves"):
        check(problem, (put(0, 1, 0),))
    assert check(problem, (put(0, 0, 0),)) == 0


def test_a_pod_without_devices_is_held_to_its_models_too() -> None:
    nodes = (Node(cpu_m=8000, memory=8, devices=0, model="B"),)
    kinds = (PodClass(cpu_m=1000, memory=1, models=frozenset({"A"})),)
    problem = Problem(nodes=nodes, kinds=kinds, pods=(Pod(kind=0),), limit=0)
    with pytest.raises(ModelError, match="may not be on a node of model B"):
        check(problem, (put(0, 0),))


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((put(0, 0, 0), put(0, 0, 1)), "twice"),
        ((put(7, 0, 0),), "unknown"),
        ((put(1, 0, 0, 0),), "twice on one"),
        ((put(1, 0, 1, 2),), "does not have"),
        ((put(0, 9, 0),), "a node that there is not"),
    ],
)
def test_placements_that_make_no_sense_are_refused(steps: tuple[Placement, ...], why: str) -> None:
    with pytest.raises(ModelError, match=why):
        check(a_problem(Pod(kind=0), Pod(kind=2)), steps)


def test_a_node_without_the_cpu_is_refused() -> None:
    problem = a_problem(Pod(kind=4), Pod(kind=4), cpu_m=1500)
    with pytest.raises(ModelError, match="node 0 is overfilled"):
        check(problem, (put(0, 0), put(1, 0)))
