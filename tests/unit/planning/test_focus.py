"""On a large cluster a plan is sought on few nodes first, and claims no more than it knows."""

import pytest

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason
from restow.packing.outcome import LevelKind
from restow.packing.patterns.compiled import COMPILES
from restow.planning import focus
from restow.planning.formulate import formulate
from restow.policies.packing_policy import Limits
from tests.support.decisions import a_policy, decided, shown
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload

NODES = 200
"""More than are looked at as a whole; each has 4,000m."""


def a_large_cluster(*pending: Pod) -> Snapshot:
    """Pods of 900m, 900m and 1,200m on every node: 1,000m are free everywhere."""
    nodes: list[Node] = [a_node(f"node-{n:03}") for n in range(NODES)]
    web = a_workload(name="web", replicas=3 * NODES)
    running = [
        a_pod(f"web-{n:03}-{i}", node=nodes[n].name, cpu_m=size, owner=web)
        for n in range(NODES)
        for i, size in enumerate((900, 900, 1200))
    ]
    return a_snapshot([*running, *pending], nodes, workloads=[web])


def test_a_plan_on_a_few_nodes_places_all_and_proves_of_all_nodes_what_columns_prove() -> None:
    snapshot = a_large_cluster(a_pod("big", cpu_m=1800), a_pod("small", cpu_m=800))
    formulation = formulate(snapshot, a_policy(), NOW)
    assert not formulation.whole
    assert len(formulation.nodes) < NODES
    decision = decided(snapshot)
    assert decision.plan.unplaced == ()
    assert [line.split()[1] for line in shown(decision)].count("Move") == 1
    assert decision.outcome is not None
    proven = {level.kind: level.proven for level in decision.outcome.levels}
    assert proven[LevelKind.KEEP]
    assert proven[LevelKind.PLACE]
    assert proven[LevelKind.MOVE] == COMPILES  # a pod elsewhere would have to move as well
    assert not proven[LevelKind.NODES]


def test_what_nobody_has_to_move_for_is_proven_on_a_few_nodes() -> None:
    decision = decided(a_large_cluster(a_pod("small", cpu_m=900)))
    assert decision.outcome is not None
    moves = [x for x in decision.outcome.levels if x.kind is LevelKind.MOVE]
    assert [(level.value, level.bound, level.proven) for level in moves] == [(0, 0, True)]


def test_where_a_pod_gets_no_place_all_nodes_are_looked_at() -> None:
    formulation = formulate(a_large_cluster(a_pod("huge", cpu_m=4001)), a_policy(), NOW)
    assert formulation.whole
    assert len(formulation.nodes) == NODES


def test_a_small_cluster_is_looked_at_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "SMALL", NODES)
    formulation = formulate(a_large_cluster(a_pod("big", cpu_m=1800)), a_policy(), NOW)
    assert formulation.whole


def test_the_same_cluster_gives_the_same_focus() -> None:
    first, second = (
        formulate(a_large_cluster(a_pod("big", cpu_m=1800)), a_policy(), NOW) for _ in range(2)
    )
    assert first.nodes == second.nodes
    assert first.problem == second.problem


def test_what_keeps_a_pod_out_is_asked_of_all_nodes() -> None:
    pods = [a_pod(f"big-{number}", cpu_m=1800) for number in range(3)]
    policy = a_policy(limits=Limits(moves_per_plan=1, evictions_per_plan=0))
    decision = decided(a_large_cluster(*pods), policy)
    assert len(decision.plan.placed) == 1
    for unplaced in decision.plan.unplaced:
        assert unplaced.reason is Reason.LIMIT_REACHED
        assert f"0/{NODES} nodes are available" in unplaced.message
        assert "would fit if all that may move were gone" in unplaced.message
        assert not unplaced.proven
