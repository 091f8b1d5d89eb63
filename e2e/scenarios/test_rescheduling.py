"""Fragmentation is undone under a policy's limits: pods move together, and nobody notices."""

from datetime import UTC, datetime

import pytest

from e2e import moments
from e2e.ambush import Moment
from e2e.client import Json
from e2e.operation import Operator
from e2e.plans import FINAL, actions, phase, wait_clean, wait_plan
from e2e.scenario import Scenario, node_of
from e2e.scenarios.test_killed import ends_well, kill_at
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster

SAMPLE = "stranded-8gpu"
WHOLE = "nvidia.com/gpu=8"
"""Four nodes of 8 GPUs, 3 of each in use: none is whole, and two could be."""

MOMENTS: dict[str, tuple[str, Moment]] = {
    "plan-begun": ("PackingPlan", moments.plan_in("Executing")),
    "pod-evicted": ("Pod", moments.pod_evicted),
    "replacement-gated": ("Pod", moments.replacement_gated),
    "second-wave": ("PackingPlan", moments.plan_in_wave(1)),
}


def policy(scenario: Scenario, mode: str = "Act", **rescheduling: object) -> Json:
    """Return the sample's policy with a rescheduling section."""
    found = scenario.read_sample(SAMPLE, "policy")[0]
    section = {"shapes": [WHOLE], "intervalSeconds": 3600, **rescheduling}
    return found | {"spec": found["spec"] | {"mode": mode, "rescheduling": section}}


def used(scenario: Scenario) -> dict[str, int]:
    """Return the GPUs in use on each node of the sample."""
    found: dict[str, int] = {}
    for pod in scenario.pods():
        node = node_of(pod)
        if node is not None:
            gpus = pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
            found[node] = found.get(node, 0) + int(gpus)
    return found


def test_pods_move_together_and_the_budget_is_kept(scenario: Scenario, operator: Operator) -> None:
    scenario.stage(SAMPLE)
    assert sorted(used(scenario).values()) == [3, 3, 3, 3]
    scenario.apply(policy(scenario, maxMigrations=6))
    plan = wait_plan(scenario, "Completed", within_s=90)
    assert plan["spec"]["trigger"] == "Rescheduling"
    assert {action for action, _ in actions(plan)} == {"Move"}
    fragments = plan["status"]["fragmentation"]
    assert fragments["before"][f"copies of {WHOLE}"] == 0
    assert fragments["after"][f"copies of {WHOLE}"] == 2
    assert fragments["proven"]
    scenario.wait_running(8)
    assert len(used(scenario)) == 2, "as planned, two nodes are whole"
    first = [step["wave"] for step in plan["spec"]["steps"] if "inference" in step["pod"]["name"]]
    assert len(first) == len(set(first)), "the budget lets one pod be missing at a time"
    wait_clean(scenario)


def test_a_limit_in_percent_is_kept(scenario: Scenario, operator: Operator) -> None:
    scenario.stage(SAMPLE)
    scenario.apply(policy(scenario, maxMigrations="25%"))  # of 8 pods
    plan = wait_plan(scenario, "Completed", within_s=60)
    assert len(plan["spec"]["steps"]) == 2
    scenario.wait_running(8)
    assert len(used(scenario)) == 3
    wait_clean(scenario)


def test_observe_writes_the_plan_and_moves_nothing(scenario: Scenario, operator: Operator) -> None:
    scenario.stage(SAMPLE)
    before = scenario.places()
    scenario.apply(policy(scenario, "Observe", maxMigrations=6))
    plan = wait_plan(scenario, "Proposed")
    assert plan["status"]["fragmentation"]["after"][f"copies of {WHOLE}"] == 2
    steadily(lambda: scenario.places() == before, for_s=3, what="nothing moves")


@pytest.mark.parametrize("name", MOMENTS)
def test_nothing_is_lost_when_the_operator_is_killed(
    scenario: Scenario, operator: Operator, name: str
) -> None:
    scenario.stage(SAMPLE)
    ambush = kill_at(scenario, operator, *MOMENTS[name])
    scenario.apply(policy(scenario, maxMigrations=6))
    ambush.wait(30)
    operator.start(wait=False)
    plans = eventually(
        scenario.plans,
        within_s=90,
        what="every plan is over",
        until=lambda found: bool(found) and all(phase(plan) in FINAL for plan in found),
    )
    ends_well(scenario, operator, running=8)
    assert {plan["spec"]["trigger"] for plan in plans} == {"Rescheduling"}


def test_nodes_are_emptied_for_an_autoscaler(scenario: Scenario, operator: Operator) -> None:
    scenario.stage(SAMPLE)
    asked = policy(scenario, maxMigrations=6, objective="Consolidate")
    del asked["spec"]["rescheduling"]["shapes"]
    scenario.apply(asked)
    plan = wait_plan(scenario, "Completed", within_s=90)
    fragments = plan["status"]["fragmentation"]
    assert fragments["metric"] == "empty nodes"
    assert (fragments["before"]["empty nodes"], fragments["after"]["empty nodes"]) == (0, 2)
    scenario.wait_running(8)
    assert len(used(scenario)) == 2
    wait_clean(scenario)


def a_node_claim(*true: str) -> Json:
    """A NodeClaim of Karpenter's, of a node that has not joined, in the sample's scope."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {"status": "True", "message": "", "lastTransitionTime": now}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {"name": "coming", "labels": {"restow.dev/sample": SAMPLE}},
        "spec": {"requirements": []},
        "status": {"conditions": [{"type": each, "reason": each} | said for each in true]},
    }


def test_it_stands_aside_while_karpenter_launches_a_node(
    node_claim_crd: None, scenario: Scenario, operator: Operator
) -> None:
    scenario.stage(SAMPLE)
    scenario.apply(a_node_claim())
    scenario.apply(policy(scenario, maxMigrations=6))
    eventually(
        lambda: scenario.events(name=SAMPLE, reason="PutOff"),
        within_s=30,
        what="restow says that it looks later",
        until=lambda events: any("nodes come or go" in event["message"] for event in events),
    )
    steadily(lambda: not scenario.plans(), for_s=3, what="no plan is made")
    ready = a_node_claim("Launched", "Registered", "Initialized")
    scenario.client.patch("NodeClaim", "coming", {"status": ready["status"]}, part="status")
    wait_plan(scenario, "Completed", within_s=90)
    wait_clean(scenario)
