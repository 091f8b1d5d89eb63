"""Pods that take 20 s to end, and a kube-scheduler that forgets for whom their room is meant."""

from collections.abc import Iterator
from itertools import count

import pytest

from e2e.client import Json
from e2e.mirror import Change
from e2e.moments import is_of, nominee, unbound
from e2e.operation import Operator
from e2e.plans import wait_clean, wait_plan
from e2e.scenario import Scenario, node_of, why_unschedulable
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster

TERMINATION = "20s"
RIVAL: Json = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "rival", "labels": {"app": "rival"}},
    "spec": {
        "priorityClassName": "sample-training",
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "containers": [
            {
                "name": "main",
                "image": "registry.k8s.io/pause:3.10",
                "resources": {"limits": {"nvidia.com/gpu": "7"}},
            }
        ],
    },
}
"""Takes the room as soon as it is there, unless it is held for a pod of the same priority."""


class Losses:
    """The nominations that an unbound pod of an app lost, as seen from outside."""

    def __init__(self, scenario: Scenario, app: str, node: str) -> None:
        self.seen: list[str] = []
        self._app, self._node = app, node
        self.end = scenario.mirrors["Pod"].listen(self._look)

    def _look(self, change: Change) -> None:
        before, after = change.before, change.after
        if before is None or after is None or not is_of(change, self._app) or not unbound(after):
            return
        if nominee(before) == self._node and nominee(after) != self._node:
            self.seen.append(nominee(after) or "none")


def target_of(plan: Json, action: str) -> str:
    """Return the node to which the only step of an action leads."""
    (step,) = (each for each in plan["spec"]["steps"] if each["action"] == action)
    return str(step["to"])


def growing_cpu(scenario: Scenario, node: str) -> Iterator[None]:
    """Give a node one more CPU each time; kube-scheduler then tries what did not fit again."""
    for cpu in count(97):
        body = {"status": {"allocatable": {"cpu": str(cpu)}}}
        scenario.client.patch("Node", node, body, part="status")
        yield


def test_pending_pod_gets_the_planned_node_although_its_nomination_is_cleared(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("stranded-8gpu")
    scenario.scale("notebook", 0)
    scenario.wait_running(4)
    scenario.slow_down(TERMINATION)
    scenario.apply_sample("stranded-8gpu", "policy", "pending")
    target = target_of(wait_plan(scenario, "Executing"), "Place")
    losses = Losses(scenario, "training", target)
    scenario.wait_pods(
        lambda pods: any(map(nominee, pods)),
        labels="app=training",
        within_s=10,
        what="the pending pod is nominated",
    )
    scenario.apply(RIVAL)
    scenario.wait_unschedulable("app=rival")
    growth = growing_cpu(scenario, target)
    eventually(
        lambda: (next(growth), len(losses.seen))[1],
        within_s=15,
        what="kube-scheduler clears the nomination",
        until=bool,
    )
    (pod,) = scenario.wait_running(1, "app=training")
    losses.end()
    assert node_of(pod) == target
    assert why_unschedulable(scenario.pods("app=rival")[0])
    (plan,) = scenario.plans()
    assert wait_plan(scenario, "Completed")["metadata"]["name"] == plan["metadata"]["name"]
    scenario.wait_running(5, "app!=rival")
    wait_clean(scenario)
