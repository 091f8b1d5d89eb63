"""What makes solving again worth it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection
from restow.core.frozen import FrozenMap, Labels
from restow.core.marks import MOVABLE, PLAN
from restow.planning.formulation import Usage
from restow.planning.relevance import fingerprint
from restow.policies.packing_policy import Scope
from tests.support.decisions import a_policy
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    an_owner,
    selecting,
)
from tests.support.storage import a_volume, mounting

THERE = a_pod("there", node="n1", owner=an_owner())
WANTED = a_pod("wanted", cpu_m=4000)


def a_cluster(there: Pod = THERE, wanted: Pod = WANTED, **kwargs: object) -> Snapshot:
    return a_snapshot([there, wanted], [a_node("n1"), a_node("n2")], **kwargs)  # type: ignore[arg-type]  # by name


def mark(snapshot: Snapshot) -> str:
    return fingerprint(snapshot, a_policy(), NOW)


@pytest.mark.parametrize(
    "there",
    [
        replace(THERE, resource_version="99"),
        replace(THERE, annotations=Labels({PLAN: "plan-1"})),
        replace(THERE, ready=False),
    ],
    ids=["resource version", "our mark", "readiness"],
)
def test_what_cannot_change_a_decision_does_not_count(there: Pod) -> None:
    assert mark(a_cluster(there)) == mark(a_cluster())


def test_messages_times_and_nominations_of_the_pending_pod_do_not_count() -> None:
    later = replace(
        WANTED,
        unschedulable_message="0/2 nodes are available",
        unschedulable_since=NOW - timedelta(minutes=9),
        nominated_node=a_node("n1").name,
    )
    assert mark(replace(a_cluster(wanted=later), taken_at=NOW + timedelta(1))) == mark(a_cluster())


@pytest.mark.parametrize(
    "change",
    [
        lambda: a_cluster(replace(THERE, annotations=Labels({MOVABLE: "false"}))),
        lambda: a_cluster(replace(THERE, deleting=True)),
        lambda: a_cluster(a_pod("there", node="n1", cpu_m=200, owner=an_owner())),
        lambda: a_cluster(wanted=a_pod("wanted", cpu_m=3000)),
        lambda: a_cluster(budgets=[a_budget("b")]),
        lambda: a_snapshot([THERE, WANTED], [a_node("n1"), a_node("n2"), a_node("n3")]),
        lambda: a_snapshot([THERE, WANTED], [a_node("n1"), a_node("n2", unschedulable=True)]),
        lambda: a_snapshot([WANTED], [a_node("n1"), a_node("n2")]),
    ],
    ids=["opt-out", "leaving", "size", "demand", "budget", "new node", "cordon", "pod gone"],
)
def test_what_can_change_a_decision_counts(change: Callable[[], Snapshot]) -> None:
    assert mark(change()) != mark(a_cluster())


def test_hourly_limits_regained_count() -> None:
    spent = fingerprint(a_cluster(), a_policy(), NOW, usage=Usage(moves=3))
    assert spent != mark(a_cluster())


def test_the_end_of_a_cooldown_counts_though_nothing_else_happens() -> None:
    usage = Usage(moved=FrozenMap({str(THERE.uid): NOW}))
    cooling, begun, over = (
        fingerprint(a_cluster(), a_policy(), NOW + timedelta(seconds=s), usage=usage)
        for s in (0, 299, 300)
    )
    assert cooling == begun != over


def test_pods_of_other_nodes_count_only_where_somebody_asks_about_pods() -> None:
    scope = Scope.model_validate({"nodes": {"matchLabels": {"pool": "ours"}}})
    nodes = [a_node("n1", labels={"pool": "ours"}), a_node("n2")]
    stranger = a_pod("stranger", node="n2")
    pods = Selection(selector=selecting(app="a"), namespaces=frozenset({"default"}))
    shy = replace(WANTED, anti_affinity=(PodTerm(topology_key="zone", pods=pods),))

    def seen(*pods: Pod) -> str:
        return fingerprint(a_snapshot(pods, nodes), a_policy(scope=scope), NOW)

    assert seen(THERE, WANTED, stranger) == seen(THERE, WANTED)
    assert seen(THERE, shy, stranger) != seen(THERE, shy)


def test_storage_counts_only_where_somebody_mounts_it() -> None:
    mounted = replace(WANTED, volumes=mounting("c"))
    volume = [a_volume("v")]
    assert mark(a_cluster(volumes=volume)) == mark(a_cluster())
    assert mark(a_cluster(wanted=mounted, volumes=volume)) != mark(a_cluster(wanted=mounted))
