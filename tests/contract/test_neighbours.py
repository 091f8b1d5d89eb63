"""Where a running pod's terms keep a newcomer away, restow refuses it there as well."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from e2e.client import Json
from e2e.nodes import a_node
from e2e.scenario import Scenario, node_of, why_unschedulable
from restow.cluster.assembly import assemble
from restow.cluster.objects import Namespace, Node, Pod
from restow.cluster.parse import KINDS
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.reasons import Reason
from restow.rules.board import Board
from restow.rules.survey import Survey

pytestmark = pytest.mark.cluster

HOST: Final = "kubernetes.io/hostname"
WEB: Final = {"matchLabels": {"app": "web"}}
EVERYWHERE: Final[Json] = {"namespaceSelector": {}}


def term(**fields: object) -> Json:
    return {"labelSelector": WEB, "topologyKey": HOST, **fields}


def affinity(kind: str, *terms: Json) -> Json:
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}}


def preferred(kind: str) -> Json:
    terms = [{"weight": 100, "podAffinityTerm": term()}]
    return {"affinity": {kind: {"preferredDuringSchedulingIgnoredDuringExecution": terms}}}


@pytest.mark.parametrize(
    ("guard", "app", "refused", "reason"),
    [
        (affinity("podAntiAffinity", term()), "web", True, Reason.EXISTING_POD_ANTI_AFFINITY),
        (affinity("podAntiAffinity", term()), "db", False, None),
        (
            affinity("podAntiAffinity", term(**EVERYWHERE)),
            "web",
            True,
            Reason.EXISTING_POD_ANTI_AFFINITY,
        ),
        (affinity("podAntiAffinity", term(namespaces=["kube-system"])), "web", False, None),
        (preferred("podAntiAffinity"), "web", False, None),
    ],
    ids=["selected", "not-selected", "every-namespace", "other-namespace", "preferred"],
)
def test_newcomer_that_a_neighbour_repels_is_refused_its_node(
    guard: Json, app: str, refused: bool, reason: Reason | None, scenario: Scenario
) -> None:
    scenario.apply(a_node("only"))
    scenario.wait_nodes_ready()
    scenario.apply(manifest("guard", "guard", guard))
    scenario.wait_running(1, "app=guard")
    scenario.apply(manifest("newcomer", app, {}))
    (newcomer,) = scenario.wait_pods(
        lambda pods: bool(pods) and all(node_of(p) or why_unschedulable(p) for p in pods),
        labels=f"app={app}",
        within_s=30,
        what="kube-scheduler judges the newcomer",
    )
    assert bool(why_unschedulable(newcomer)) is refused
    parsed = KINDS["Pod"].from_document(newcomer)
    assert isinstance(parsed, Pod)
    board = Board(snapshot(scenario))
    board.take(parsed.uid)
    refusal = Survey.of(replace(parsed, node=None), board).refusal(NodeName("only"))
    assert (refusal.reason if refusal is not None else None) is reason


def snapshot(scenario: Scenario) -> Snapshot:
    found = [
        KINDS[kind].from_document(document)
        for kind in ("Node", "Namespace", "Pod")
        for document in scenario.client.list(kind)
    ]
    objects = [each for each in found if isinstance(each, Node | Namespace | Pod)]
    return assemble(objects, taken_at=datetime.now(UTC))


def manifest(name: str, app: str, spec: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "nodeSelector": {HOST: "only"},
            "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.10"}],
            **spec,
        },
    }
