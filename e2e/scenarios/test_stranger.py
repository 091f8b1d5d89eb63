"""A stranger takes the room in the middle of a plan: the plan gives up, and the next one works."""

from collections.abc import Callable

import pytest

from e2e.ambush import Ambush
from e2e.client import Json
from e2e.moments import nominee, pod_evicted
from e2e.operation import Operator
from e2e.plans import phase, wait_clean, wait_plan
from e2e.scenario import Scenario, node_of
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster

TERMINATION = "4s"
STRANGERS: dict[str, Callable[[str], Json]] = {
    "bound by its owner": lambda node: {"nodeName": node},
    "of higher priority": lambda node: {"nodeSelector": {"kubernetes.io/hostname": node}},
}


def a_stranger(placement: Json, namespace: str) -> Json:
    """Return a bare pod of higher priority that wants 6 of a node's 8 GPUs."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stranger", "namespace": namespace, "labels": {"app": "stranger"}},
        "spec": {
            **placement,
            "priorityClassName": "sample-serving",
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "containers": [
                {
                    "name": "main",
                    "image": "registry.k8s.io/pause:3.10",
                    "resources": {"limits": {"nvidia.com/gpu": "6"}},
                }
            ],
        },
    }


@pytest.mark.parametrize("how", STRANGERS)
def test_plan_gives_up_when_a_stranger_takes_the_room_and_the_next_one_works(
    scenario: Scenario, operator: Operator, how: str
) -> None:
    scenario.stage("stranded-8gpu")
    scenario.slow_down(TERMINATION)

    def take_the_room() -> None:
        (pod,) = scenario.pods("app=training")
        stranger = a_stranger(STRANGERS[how](nominee(pod)), scenario.namespace)
        scenario.client.create(stranger)

    ambush = Ambush(scenario.mirrors["Pod"], pod_evicted, take_the_room)
    scenario.apply_sample("stranded-8gpu", "policy", "pending")
    ambush.wait(within_s=20)
    first = eventually(
        lambda: scenario.plans()[0],
        within_s=15,
        what="the first plan is given up",
        until=lambda plan: phase(plan) == "Aborted",
    )
    room = next(step["to"] for step in first["spec"]["steps"] if step["action"] == "Place")
    assert node_of(scenario.pods("app=stranger")[0]) == room
    for word in ("training", room, "nvidia.com/gpu"):
        assert word in first["status"]["message"]
    (pod,) = scenario.wait_running(1, "app=training")
    assert node_of(pod) != room
    second = wait_plan(scenario, "Completed")
    assert second["metadata"]["name"] != first["metadata"]["name"]
    scenario.wait_running(10)
    wait_clean(scenario)
    told = eventually(
        lambda: [event["message"] for event in scenario.events(reason="PlanAborted")],
        within_s=5,
        what="the pending pod is told",
    )
    assert first["metadata"]["name"] in told[0]
