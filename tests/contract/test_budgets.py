"""The Eviction API and restow must judge alike whether a disruption budget lets a pod go."""

from datetime import UTC, datetime
from typing import Final

import pytest

from e2e.client import ApiError, Json, path
from e2e.nodes import a_node
from e2e.scenario import Scenario
from e2e.waiting import eventually
from restow.cluster.assembly import assemble
from restow.cluster.objects import DisruptionBudget, Pod
from restow.cluster.parse import KINDS
from restow.core.reasons import Reason
from restow.rules.moving import budgets
from restow.rules.moving.budgets import BudgetIndex

pytestmark = pytest.mark.cluster

SETTLE_S: Final = 30.0
WEB: Final = {"matchLabels": {"app": "web"}}
STATUS: Final = {None: 201, Reason.BUDGET_EXHAUSTED: 429, Reason.SEVERAL_BUDGETS: 500}
"""How the Eviction API answers where restow refuses for this reason."""


def budget(**spec: object) -> Json:
    return {"selector": WEB, **spec}


@pytest.mark.parametrize(
    ("specs", "for_ready", "for_unready"),
    [
        ((), None, None),
        ((budget(minAvailable=1),), None, None),
        ((budget(minAvailable=2),), Reason.BUDGET_EXHAUSTED, None),  # as many healthy as desired
        ((budget(minAvailable=3),), Reason.BUDGET_EXHAUSTED, Reason.BUDGET_EXHAUSTED),
        (
            (budget(minAvailable=3, unhealthyPodEvictionPolicy="AlwaysAllow"),),
            Reason.BUDGET_EXHAUSTED,
            None,
        ),
        (
            (budget(minAvailable=1), budget(maxUnavailable=3)),
            Reason.SEVERAL_BUDGETS,
            Reason.SEVERAL_BUDGETS,
        ),
        ((budget(minAvailable=3, selector={"matchLabels": {"app": "db"}}),), None, None),
        ((budget(minAvailable=3, selector={}),), Reason.BUDGET_EXHAUSTED, Reason.BUDGET_EXHAUSTED),
    ],
)
def test_eviction_api_and_restow_judge_alike(
    specs: tuple[Json, ...],
    for_ready: Reason | None,
    for_unready: Reason | None,
    scenario: Scenario,
) -> None:
    scenario.apply(a_node("budgets-node"))
    scenario.wait_nodes_ready()
    scenario.apply(replica_set(3))
    pods = scenario.wait_running(3, "app=web")
    sick = pods[0]["metadata"]["name"]
    make_unready(scenario, sick)
    for i, spec in enumerate(specs):
        scenario.apply(manifest(f"budget-{i}", spec))
    index = settled(scenario, len(specs))
    for document in scenario.pods("app=web"):
        pod = KINDS["Pod"].from_document(document)
        assert isinstance(pod, Pod)
        refusal = budgets.refuse(pod, index)
        reason = refusal.reason if refusal is not None else None
        assert reason is (for_unready if pod.key.name == sick else for_ready)
        assert try_eviction(scenario, pod.key.name) == STATUS[reason]


def settled(scenario: Scenario, count: int) -> BudgetIndex:
    """Return the budgets once the controller has counted two healthy pods of three for each."""

    def look() -> list[DisruptionBudget]:
        documents = scenario.client.list("PodDisruptionBudget", scenario.namespace)
        found = [KINDS["PodDisruptionBudget"].from_document(each) for each in documents]
        return [each for each in found if isinstance(each, DisruptionBudget)]

    def counted(seen: list[DisruptionBudget]) -> bool:
        selecting = [each for each in seen if "db" not in str(each.selector)]
        return len(seen) == count and all(each.observed and each.healthy == 2 for each in selecting)

    found = eventually(look, until=counted, within_s=SETTLE_S, what="the budgets are up to date")
    return BudgetIndex.of(assemble(found, taken_at=datetime.now(UTC)))


def make_unready(scenario: Scenario, name: str) -> None:
    """Say in the pod's status that it is not ready; KWOK leaves a running pod alone."""
    scenario.client.request(
        "PATCH",
        path("Pod", scenario.namespace, name) + "/status",
        body={"status": {"conditions": [{"type": "Ready", "status": "False"}]}},
        content_type="application/strategic-merge-patch+json",
    )


def try_eviction(scenario: Scenario, name: str) -> int:
    """Return the status of a dry run of the eviction."""
    metadata = {"name": name, "namespace": scenario.namespace}
    try:
        scenario.client.request(
            "POST",
            path("Pod", scenario.namespace, name) + "/eviction",
            body={"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata},
            query={"dryRun": "All"},
        )
    except ApiError as error:
        return error.status
    return 201


def replica_set(replicas: int) -> Json:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.10"}],
                },
            },
        },
    }


def manifest(name: str, spec: Json) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": spec,
    }
