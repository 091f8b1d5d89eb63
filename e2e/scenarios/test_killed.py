"""The operator is killed (-9) at each step of a plan and started again, or stopped politely."""

import pytest

from e2e import moments
from e2e.ambush import Ambush, Moment
from e2e.client import Json
from e2e.mirror import Change
from e2e.operation import Operator
from e2e.plans import FINAL, phase, wait_clean
from e2e.scenario import Scenario
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster

SOON_S = 20
MOMENTS: dict[str, tuple[str, Moment]] = {
    "plan-created": ("PackingPlan", moments.plan_created),
    "plan-begun": ("PackingPlan", moments.plan_in("Executing")),
    "pending-pod-nominated": ("Pod", moments.nominated("training")),
    "gate-armed": ("PlacementGate", moments.gate_armed),
    "pod-evicted": ("Pod", moments.pod_evicted),
    "replacement-gated": ("Pod", moments.replacement_gated),
    "replacement-nominated": ("Pod", moments.replacement_nominated),
    "gate-released": ("Pod", moments.gate_released),
    "pending-pod-bound": ("Pod", moments.bound("training")),
    "plan-cleans-up": ("PackingPlan", moments.plan_cleans_up),
}


ONE_AT_A_TIME: Json = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "one-at-a-time"},
    "spec": {
        "minAvailable": 1,
        "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]},
    },
}


@pytest.mark.parametrize("name", MOMENTS)
def test_nothing_is_lost_when_the_operator_is_killed(
    scenario: Scenario, operator: Operator, name: str
) -> None:
    scenario.stage("stranded-8gpu")
    ambush = kill_at(scenario, operator, *MOMENTS[name])
    scenario.apply_sample("stranded-8gpu", "policy", "pending")
    ambush.wait(SOON_S)
    operator.start(wait=False)
    ends_well(scenario, operator, running=9)


def test_nothing_is_lost_when_the_operator_is_killed_between_two_waves(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("chain")
    scenario.apply(ONE_AT_A_TIME)
    ambush = kill_at(scenario, operator, "PackingPlan", moments.plan_in_wave(1))
    scenario.apply_sample("chain", "policy", "pending")
    ambush.wait(SOON_S)
    operator.start(wait=False)
    ends_well(scenario, operator, running=4)


def test_operator_that_is_stopped_undoes_its_plan_before_it_ends(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("stranded-8gpu")
    scenario.slow_down("4s")
    ambush = Ambush(scenario.mirrors["Pod"], moments.pod_evicted, lambda: None)
    scenario.apply_sample("stranded-8gpu", "policy", "pending")
    ambush.wait(SOON_S)
    operator.stop()
    wait_clean(scenario, within_s=0)
    (plan,) = scenario.plans()
    assert (phase(plan), plan["status"]["message"]) == ("Aborted", "the operator was stopped")
    scenario.wait_running(9)  # what was asked of kube-scheduler until then suffices here


def kill_at(scenario: Scenario, operator: Operator, kind: str, moment: Moment) -> Ambush:
    """Kill the operator at a moment; what is there already does not count as a change."""
    mirror = scenario.mirrors[kind]
    old = {item["metadata"]["uid"] for item in mirror.all()}

    def seen(change: Change) -> bool:
        is_news = change.before is not None or change.last["metadata"]["uid"] not in old
        return is_news and moment(change)

    return Ambush(mirror, seen, operator.kill)


IN_THE_END_S = 180
"""An eviction whose caller dies may have drawn on the budget without deleting the pod; the
disruption controller gives that back after two minutes (DeletionTimeout)."""


def ends_well(scenario: Scenario, operator: Operator, *, running: int) -> None:
    """Wait until each pod runs, each plan has ended and nothing of restow's is left behind."""
    scenario.wait_running(running, within_s=IN_THE_END_S)
    eventually(
        lambda: [phase(plan) for plan in scenario.plans()],
        within_s=SOON_S,
        what="every plan has ended",
        until=lambda phases: set(phases) <= set(FINAL),
    )
    wait_clean(scenario)
    eventually(
        lambda: without_all_replicas(scenario),
        within_s=SOON_S,
        what="each Deployment has all its replicas",
        until=lambda short: not short,
    )
    operator.wait_ready()


def without_all_replicas(scenario: Scenario) -> list[str]:
    """Return the Deployments that have not as many ready replicas as they want."""
    return [
        one["metadata"]["name"]
        for one in scenario.client.list("Deployment", scenario.namespace)
        if one["status"].get("readyReplicas", 0) != one["spec"]["replicas"]
    ]
