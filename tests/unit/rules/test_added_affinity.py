"""Node affinity that the profile of a pod's scheduler adds to the pod's own."""

from dataclasses import replace

import pytest

from restow.cluster import serde
from restow.cluster.objects import NodeSelectorTerm, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Operator, Requirement
from restow.core.ids import NodeName
from restow.rules.board import Board
from restow.rules.placement.node_affinity import ENFORCED, MISMATCH
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot

A, B = NodeName("a"), NodeName("b")


def having(key: str, value: str) -> NodeSelectorTerm:
    return NodeSelectorTerm(
        expressions=(Requirement(key=key, operator=Operator.IN, values=(value,)),)
    )


def a_cluster(*added: NodeSelectorTerm, scheduler: str = "default-scheduler") -> Snapshot:
    nodes = [a_node("a", labels={"team": "x", "disk": "ssd"}), a_node("b", labels={"team": "y"})]
    return replace(a_snapshot([], nodes), added_affinity={scheduler: added})


def said(pod: Pod, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    survey = Survey.of(pod, Board(snapshot))
    return {name: no.upstream for name in (A, B) if (no := survey.refusal(name)) is not None}


@pytest.mark.parametrize(
    ("pod", "snapshot", "expected"),
    [
        (a_pod(), a_cluster(having("team", "x")), {B: (ENFORCED,)}),
        (a_pod(), a_cluster(having("team", "x"), having("team", "y")), {}),
        (a_pod(), a_cluster(), {A: (ENFORCED,), B: (ENFORCED,)}),
        (a_pod(), a_cluster(having("team", "x"), scheduler="other"), {}),
        (a_pod(scheduler_name="other"), a_cluster(having("team", "x")), {}),
        (
            a_pod(node_selector={"disk": "ssd"}),
            a_cluster(having("team", "y")),
            {A: (ENFORCED,), B: (MISMATCH,)},
        ),
        (
            a_pod(node_affinity=(having("team", "y"),)),
            a_cluster(having("team", "x")),
            {A: (MISMATCH,), B: (ENFORCED,)},
        ),
    ],
)
def test_both_must_match_and_the_profiles_no_comes_first(
    pod: Pod, snapshot: Snapshot, expected: dict[NodeName, tuple[str, ...]]
) -> None:
    assert said(pod, snapshot) == expected


def test_it_travels_with_the_snapshot_and_its_digest() -> None:
    snapshot = a_cluster(having("team", "x"))
    assert serde.parse(serde.dump(snapshot)) == snapshot
    assert serde.digest(snapshot) != serde.digest(replace(snapshot, added_affinity={}))
