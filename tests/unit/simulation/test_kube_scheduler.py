"""kube-scheduler's default scores, computed by hand from upstream's formulas."""

import numpy as np
import pytest

from restow.sharing.problem import Node, PodClass
from restow.simulation.placing.cluster import empty, shift
from restow.simulation.placing.kube_scheduler import KubeScheduler, wanted
from restow.simulation.placing.workload import Workload


def workload(*nodes: tuple[int, int], pods: tuple[tuple[int, int], ...]) -> Workload:
    return Workload(
        nodes=tuple(Node(cpu_m=cpu, memory=memory, devices=0, model="") for cpu, memory in nodes),
        kinds=tuple(PodClass(cpu_m=cpu, memory=memory) for cpu, memory in pods),
        count=np.ones(len(pods), np.int64),
    )


def chosen(found: Workload, load: list[tuple[int, int]], kind: int, seed: int = 0) -> int:
    """The node of the next pod, once pods of these (node, kind) are there."""
    cluster, _ = empty(found, np.arange(len(found.nodes), dtype=np.int64))
    for node, k in load:
        shift(cluster, node, k, 0, -1)
    return KubeScheduler(found, np.random.default_rng(seed)).seat(cluster, kind)[0]


@pytest.mark.parametrize(
    ("nodes", "enough"),
    [(1, 1), (99, 99), (100, 100), (400, 188), (1213, 497), (5000, 500), (6000, 300)],
)
def test_of_many_nodes_as_many_are_looked_at_as_upstream_does(nodes: int, enough: int) -> None:
    assert wanted(nodes) == enough


def test_the_node_with_most_room_left_is_taken() -> None:
    found = workload((4000, 4096), (4000, 4096), pods=((1000, 1024),))
    assert chosen(found, [(0, 0)], 0) == 1


def test_evenness_outweighs_a_little_room() -> None:
    """Scores are (room left) + 50 + (50 + evenness after - before) // 2.

    Node 0, 400 and 200 in use: (50 + 50) // 2 + 50 + (50 + 100 - 90) // 2 = 130.
    Node 1, 350 and 200 in use: (55 + 50) // 2 + 50 + (50 + 97 - 92) // 2 = 129.
    """
    found = workload((1000, 1000), (1000, 1000), pods=((100, 300), (400, 200), (350, 200)))
    cluster, _ = empty(found, np.arange(2, dtype=np.int64))
    shift(cluster, 0, 1, 0, -1)
    shift(cluster, 1, 2, 0, -1)
    scheduler = KubeScheduler(found, np.random.default_rng(0))
    assert scheduler.seat(cluster, 0)[0] == 0
    assert scheduler._scales.score.tolist() == [130, 129]


def test_ties_go_by_the_seed_and_by_nothing_else() -> None:
    found = workload(*[(1000, 1000)] * 20, pods=((100, 100),))
    first = [chosen(found, [], 0, seed) for seed in range(20)]
    assert first == [chosen(found, [], 0, seed) for seed in range(20)]
    assert len(set(first)) > 5


def test_what_fits_nowhere_gets_no_node() -> None:
    found = workload((1000, 1000), pods=((1001, 1),))
    assert chosen(found, [], 0) == -1
