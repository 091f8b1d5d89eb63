"""What rescheduling is for, what it may cost, and how much of it there may be."""

import pytest

from e2e.operation import Operator
from e2e.plans import wait_clean, wait_plan
from e2e.scenario import Scenario
from e2e.scenarios.test_rescheduling import SAMPLE, WHOLE, policy, used
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster


def said(scenario: Scenario, reason: str, on: str = SAMPLE) -> str:
    """Wait until an Event with the reason is on the policy; return its message."""
    (uid,) = (each["metadata"]["uid"] for each in scenario.client.list("PackingPolicy"))
    events = eventually(
        lambda: [
            event
            for event in scenario.events(name=on, reason=reason)
            if event["involvedObject"].get("uid") == uid
        ],
        within_s=90,
        what=f"{reason} is said on the policy",
        until=bool,
    )
    return str(events[-1]["message"])


def test_a_node_is_drained_by_annotation_and_the_policy_is_told(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage(SAMPLE)
    body = {"metadata": {"annotations": {"restow.dev/drain": "true"}}}
    scenario.client.patch("Node", "gpu-b", body)
    scenario.apply(policy(scenario, maxMigrations=6, objective="Drain"))
    plan = wait_plan(scenario, "Completed", within_s=90)
    assert {step["from"] for step in plan["spec"]["steps"]} == {"gpu-b"}
    assert plan["status"]["fragmentation"]["after"]["pods to drain"] == 0
    scenario.wait_running(8)
    assert "gpu-b" not in used(scenario)
    assert "pods to drain 2 to 0 (proven best)" in said(scenario, "Planned")
    assert "moved 2 of 2 pods" in said(scenario, "Completed")
    wait_clean(scenario)


def test_balance_brings_the_fullest_node_below_the_bound(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.apply_sample(SAMPLE, "cluster")
    scenario.wait_nodes_ready()
    others = ("gpu-b", "gpu-c", "gpu-d")
    for name in others:
        scenario.client.patch("Node", name, {"spec": {"unschedulable": True}})
    inference = scenario.read_sample(SAMPLE, "running")[0]
    scenario.apply(inference)
    scenario.wait_running(4)
    for name in others:
        scenario.client.patch("Node", name, {"spec": {"unschedulable": False}})
    assert used(scenario) == {"gpu-a": 8}
    asked = policy(scenario, maxMigrations=6, objective="Balance", untilUtilization=0.5)
    scenario.apply(asked)
    plan = wait_plan(scenario, "Completed", within_s=90)
    assert plan["status"]["solve"]["disturbed"]["proven"]
    assert len(plan["spec"]["steps"]) == 2
    scenario.wait_running(4)
    assert max(used(scenario).values()) <= 4
    wait_clean(scenario)


def test_no_plan_is_made_that_does_not_pay_and_the_policy_is_told(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage(SAMPLE)
    before = scenario.places()
    scenario.apply(policy(scenario, maxMigrations=6, pricePerMigration="8"))
    assert "no plan of at most 6 moves gains anything" in said(scenario, "NotPlanned")
    steadily(lambda: scenario.places() == before, for_s=3, what="nothing moves")
    assert scenario.plans() == []


def test_ceilings_are_kept_and_one_pod_is_on_its_way_at_a_time(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage(SAMPLE)
    asked = policy(scenario, maxMigrations=6, movesPerWorkload=1)
    asked["spec"]["limits"] = {"concurrentMoves": 1}
    scenario.apply(asked)
    plan = wait_plan(scenario, "Completed", within_s=90)
    steps = plan["spec"]["steps"]
    owners = [step["owner"]["uid"] for step in steps]
    assert len(owners) == len(set(owners)) == 2
    assert [step["wave"] for step in steps] == [0, 1]
    assert plan["status"]["fragmentation"]["after"][f"copies of {WHOLE}"] == 1
    scenario.wait_running(8)
    wait_clean(scenario)


def test_what_a_day_allows_is_kept_by_the_next_operator_too(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage(SAMPLE)
    node = {"matchLabels": {"kubernetes.io/hostname": "gpu-a"}}
    asked = policy(scenario, maxMigrations=6, objective="Drain", drain=node, intervalSeconds=60)
    asked["spec"]["limits"] = {"movesPerPlan": 1, "movesPerDay": 1}
    scenario.apply(asked)
    wait_plan(scenario, "Completed", within_s=90)
    operator.kill()
    operator.start()
    assert "have room for no move now" in said(scenario, "NotPlanned")
    assert len(scenario.plans()) == 1
    wait_clean(scenario)
