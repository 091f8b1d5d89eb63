"""Pods that kube-scheduler gave up on get their place, with the least disturbance."""

import time

import pytest

from e2e.operation import Operator
from e2e.plans import actions, disturbed, wait_clean, wait_plan
from e2e.scenario import Scenario, node_of
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster


def test_stranded_pod_of_eight_gpus_runs_within_ten_seconds(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("stranded-8gpu")
    scenario.apply_sample("stranded-8gpu", "policy", "pending")
    scenario.wait_unschedulable("app=training", within_s=10)
    stranded = time.monotonic()
    scenario.wait_running(1, "app=training")
    took_s = time.monotonic() - stranded
    plan = wait_plan(scenario, "Completed")
    assert sorted(actions(plan)) == [
        ("Move", "inference"),
        ("Move", "notebook"),
        ("Place", "training"),
    ]
    assert disturbed(plan) == {"moves": 2, "evictions": 0, "bound": 2, "proven": True}
    assert took_s < 10
    scenario.wait_running(9)
    wait_clean(scenario)


def test_chain_moves_what_stands_in_the_way_of_what_stands_in_the_way(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("chain")
    scenario.apply_sample("chain", "policy", "pending")
    scenario.wait_running(4)
    places = {pod["metadata"]["labels"]["app"]: node_of(pod) for pod in scenario.pods()}
    assert places == {"a": "chain-2", "b": "chain-3", "c": "chain-3", "p": "chain-1"}
    plan = wait_plan(scenario, "Completed")
    assert sorted(actions(plan)) == [("Move", "a"), ("Move", "b"), ("Place", "p")]
    assert disturbed(plan)["proven"]
    wait_clean(scenario)


def test_two_pods_of_equal_priority_change_places(scenario: Scenario, operator: Operator) -> None:
    scenario.stage("swap")
    scenario.apply_sample("swap", "policy", "pending")
    scenario.wait_running(3)
    places = {pod["metadata"]["labels"]["app"]: node_of(pod) for pod in scenario.pods()}
    assert places == {"a": "swap-2", "b": "swap-1", "p": "swap-1"}
    assert disturbed(wait_plan(scenario, "Completed"))["moves"] == 2
    wait_clean(scenario)


def test_a_pod_with_a_claim_moves_where_there_is_a_device_for_its_new_one(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("devices")
    scenario.apply_sample("devices", "policy", "pending")
    scenario.wait_running(2)
    places = {pod["metadata"]["labels"]["app"]: node_of(pod) for pod in scenario.pods()}
    assert places == {"model": "devices-2", "p": "devices-1"}
    (claim,) = scenario.client.list("ResourceClaim", scenario.namespace)
    (device,) = claim["status"]["allocation"]["devices"]["results"]
    assert (device["pool"], device["device"]) == ("devices-2", "gpu-1")
    plan = wait_plan(scenario, "Completed")
    assert sorted(actions(plan)) == [("Move", "model"), ("Place", "p")]
    wait_clean(scenario)


def test_higher_pod_costs_the_fewest_and_lowest_pods_their_place(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("three-tiers")
    scenario.apply_sample("three-tiers", "policy", "pending")
    scenario.wait_running(1, "app=whole")
    plan = wait_plan(scenario, "Completed")
    evicted = [name for action, name in actions(plan) if action == "Evict"]
    assert len(evicted) == 1
    assert evicted[0].startswith("low-")
    scenario.wait_running(7, f"app!={evicted[0]}")
    scenario.wait_unschedulable(f"app={evicted[0]}")
    wait_clean(scenario)
    scenario.client.kubectl(
        "scale", "deployment/whole", "--replicas=0", f"--namespace={scenario.namespace}"
    )
    scenario.wait_running(7)


def test_plan_goes_another_way_around_a_budget_that_is_used_up(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("budget")
    before = scenario.places("app=web")
    scenario.apply_sample("budget", "policy", "pending")
    scenario.wait_running(4)
    assert scenario.places("app=web") == before
    plan = wait_plan(scenario, "Completed")
    assert sorted(actions(plan)) == [("Move", "batch"), ("Move", "batch"), ("Place", "whole")]


def test_event_names_the_budgets_that_stand_in_the_way(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("budget")
    scenario.apply_sample("budget", "blocked", "policy")
    before = scenario.places()
    scenario.apply_sample("budget", "pending")
    pod = scenario.wait_unschedulable("app=whole")[0]
    messages = eventually(
        lambda: [
            event["message"]
            for event in scenario.events(name=pod["metadata"]["name"])
            if event.get("reportingComponent", "").startswith("restow")
        ],
        within_s=20,
        what="restow says on the pod why it gets no place",
    )
    assert any("batch" in message and "web" in message for message in messages), messages
    steadily(
        lambda: before.items() <= scenario.places().items(), for_s=3, what="nothing is evicted"
    )
    assert not any(actions(plan) for plan in scenario.plans())


def test_infeasible_pod_is_told_the_proof_and_is_not_solved_again(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("infeasible")
    scenario.apply_sample("infeasible", "policy", "pending")
    pod = scenario.wait_unschedulable("app=giant")[0]
    events = eventually(
        lambda: [
            event
            for event in scenario.events(name=pod["metadata"]["name"])
            if event.get("reportingComponent", "").startswith("restow")
        ],
        within_s=10,
        what="restow says on the pod why it gets no place",
    )
    assert "nvidia.com/gpu" in events[-1]["message"]
    assert "Proven" in events[-1]["message"]
    solved = solves(operator)
    steadily(lambda: solves(operator) == solved, for_s=8, what="it is not solved again")


def solves(operator: Operator) -> float:
    """Return how many times the operator has solved a problem."""
    lines = operator.metrics().splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("restow_solve_seconds_count")
    )
