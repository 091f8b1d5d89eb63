"""Grids D and E: equal seeds, feasible starts, pods that stay pending, and preemption."""

import dataclasses

import pytest

from benchmarks.priority_matters.cases import Axes, case
from benchmarks.priority_matters.churn import Cluster
from benchmarks.priority_matters.mixed import Shape, draw
from benchmarks.priority_matters.workloads import Site, Template
from restow.packing.problem import Order
from restow.rules.board import Board
from restow.rules.survey import Survey

SHAPES = [
    Shape(grid=grid, nodes=nodes, pods_per_node=8, priorities=4, utilisation=1.05, seed=seed)
    for grid in "DE"
    for nodes, seed in ((4, 0), (8, 1))
]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.grid}{s.nodes}")


@each_shape
def test_equal_shapes_give_equal_starts_and_other_seeds_others(shape: Shape) -> None:
    assert draw(shape) == draw(shape)
    other = dataclasses.replace(shape, seed=shape.seed + 1)
    assert draw(shape).snapshot.pods != draw(other).snapshot.pods


@each_shape
def test_every_running_pod_is_where_every_rule_lets_it_be(shape: Shape) -> None:
    snapshot = draw(shape).snapshot
    board = Board(snapshot)
    running = [pod for pod in snapshot.pods.values() if pod.node is not None]
    assert running
    for pod in running:
        assert pod.node is not None
        board.take(pod.uid)
        assert pod.node in Survey.of(pod, board).feasible(), pod.key
        board.put(pod, pod.node)


@each_shape
def test_pods_stay_pending_that_no_node_takes(shape: Shape) -> None:
    snapshot = draw(shape).snapshot
    board = Board(snapshot)
    assert snapshot.unbound
    for pod in snapshot.unbound:
        assert not Survey.of(pod, board).feasible(), pod.key


def test_grid_d_has_every_kind_of_rule() -> None:
    snapshot = draw(dataclasses.replace(SHAPES[0], nodes=16)).snapshot
    pods, nodes = snapshot.pods.values(), snapshot.nodes.values()
    assert len({node.allocatable.of("cpu") for node in nodes}) == 3
    assert {bool(node.taints) for node in nodes} == {True, False}
    assert any(pod.node_selector for pod in pods)
    assert any(pod.tolerations for pod in pods)
    assert any(pod.spread for pod in pods)
    assert {budget.disruptions_allowed for budget in snapshot.budgets.values()} == {0, 1}


def test_grid_e_asks_for_as_many_gpus_as_the_utilisation_says() -> None:
    shape = dataclasses.replace(SHAPES[2], nodes=32)
    asked = [pod.requests.of("nvidia.com/gpu") for pod in draw(shape).snapshot.pods.values()]
    assert set(asked) == {1, 2, 4, 8}
    assert sum(asked) == round(1.05 * 8 * 32)


@pytest.mark.parametrize("grid", ["D", "E"])
def test_counts_per_priority_are_of_all_pods_also_those_that_cannot_move(grid: str) -> None:
    axes = Axes(nodes=8, pods_per_node=8, priorities=4, utilisation=1.05, seed=1)
    asked = case(grid, axes, Order.RESTOW)
    assert asked is not None
    problem = asked.problem
    running = [
        sum(count for pods in problem.classes if pods.tier == tier for _, count in pods.running)
        for tier in range(len(problem.tiers))
    ]
    shape = Shape(grid=grid, **dataclasses.asdict(axes))
    bound = [pod.priority for pod in draw(shape).snapshot.pods.values() if pod.node is not None]
    assert asked.per_priority(running) == [bound.count(priority) for priority in (4, 3, 2, 1)]


def _of(name: str, cpu: int, priority: int) -> Template:
    return Template(name=name, replicas=1, demand=(cpu, 1), priority=priority)


def test_preemption_takes_the_pod_that_no_budget_protects() -> None:
    cluster = Cluster([Site(room=(10, 10), zone=0, pool=0)] * 3, preemption=True)
    short = dataclasses.replace(_of("short", 10, 1), replicas=3, budget=True)
    free = _of("free", 10, 1)
    cluster.create(dataclasses.replace(short, name="first", replicas=2, budget=False))
    cluster.create(free)
    cluster.delete("first")
    cluster.create(short)  # on the first two nodes, one pending: no disruption is allowed
    cluster.create(_of("high", 10, 2))
    assert (cluster.running(short), cluster.running(free), cluster.breaches) == (2, 0, 0)


def test_preemption_breaches_a_budget_only_where_nothing_else_helps() -> None:
    cluster = Cluster([Site(room=(10, 10), zone=0, pool=0)] * 3, preemption=True)
    short = dataclasses.replace(_of("short", 10, 1), replicas=3, budget=True)
    cluster.create(short)
    cluster.create(_of("first", 10, 3))
    assert (cluster.running(short), cluster.breaches) == (2, 0)
    cluster.create(_of("second", 10, 3))
    assert (cluster.running(short), cluster.breaches) == (1, 1)
    assert cluster.placed(3) == [2, 0, 1]


def test_a_deleted_workload_makes_room_for_those_that_wait() -> None:
    cluster = Cluster([Site(room=(10, 10), zone=0, pool=0)])
    first, second = _of("first", 6, 1), _of("second", 6, 1)
    cluster.create(first)
    cluster.create(second)
    assert cluster.running(second) == 0
    cluster.delete("first")
    assert cluster.running(second) == 1
    assert cluster.placed(1) == [1]
