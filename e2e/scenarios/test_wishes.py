"""What people ask for by `kubectl annotate` changes the plan as documented."""

from collections.abc import Iterator

import pytest

from e2e.client import Client, Json
from e2e.mirror import Mirrors
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import actions, phase
from e2e.scenario import Scenario, node_of
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster

LABEL = "e2e.restow.dev/wishes"
DEVICE = "example.com/device"


@pytest.fixture
def neighbour(cluster: Client, mirrors: Mirrors) -> Iterator[Scenario]:
    """A second tenant, in a namespace of its own."""
    made = Scenario(cluster, mirrors)
    yield made
    made.clean()


def test_cost_and_movable_decide_who_is_moved(scenario: Scenario, operator: Operator) -> None:
    add_nodes(scenario, "wish-1", "wish-2")
    run(scenario, "a", 4, on="wish-1")
    run(scenario, "b", 4, on="wish-2")
    scenario.apply(policy(), a_deployment("p", 8))
    first = wait_decision(scenario, ["Move a", "Place p"], ["Move b", "Place p"])
    moved, kept = ("a", "b") if "Move a" in first else ("b", "a")
    annotate(scenario, f"deployment/{moved}", "restow.dev/move-cost=2")
    wait_decision(scenario, [f"Move {kept}", "Place p"])
    annotate(scenario, f"deployment/{kept}", "restow.dev/movable=false")
    wait_decision(scenario, [f"Move {moved}", "Place p"])
    annotate(scenario, f"namespace/{scenario.namespace}", "restow.dev/movable=false")
    annotate(scenario, f"deployment/{kept}", "restow.dev/movable=true", "--overwrite")
    wait_decision(scenario, [f"Move {kept}", "Place p"])
    annotate(scenario, f"deployment/{kept}", "restow.dev/movable-")
    wait_decision(scenario, ["p stays pending"])


def test_annotated_priority_pushes_out_only_pods_of_its_namespace_until_a_policy_lifts_it(
    scenario: Scenario, neighbour: Scenario, operator: Operator
) -> None:
    add_nodes(scenario, "wish-1", "wish-2")
    scenario.apply(a_priority_class("wish-high", 1000))
    run(scenario, "own", 8, on="wish-1")
    run(neighbour, "foreign", 8, on="wish-2")
    scenario.apply(policy(), a_deployment("p", 8))
    wait_decision(scenario, ["p stays pending"])
    annotate(scenario, "deployment/p", "restow.dev/priority=wish-high")
    wait_decision(scenario, ["Evict own", "Place p"])
    annotate(scenario, "deployment/own", "restow.dev/priority=2000")
    wait_decision(scenario, ["p stays pending"])
    lifted = {"namespaces": named(scenario.namespace), "maxPriority": 5000}
    scenario.apply(policy(priorities=[lifted]))
    wait_decision(scenario, ["Evict foreign", "Place p"])
    before = scenario.places("app=own")
    scenario.apply(policy(priorities=[lifted], mode="Act"))
    (pod,) = scenario.wait_running(1, "app=p")
    assert node_of(pod) == "wish-2"
    assert scenario.places("app=own") == before
    neighbour.wait_unschedulable("app=foreign")


def wait_decision(scenario: Scenario, *wanted: list[str]) -> list[str]:
    """Wait until the plan that stands says one of what is wanted; return it."""
    found = eventually(
        lambda: [said(plan) for plan in scenario.plans() if phase(plan) == "Proposed"],
        within_s=15,
        what=" or ".join(map(str, wanted)),
        until=lambda open_plans: len(open_plans) == 1 and open_plans[0] in wanted,
    )
    return found[0]


def said(plan: Json) -> list[str]:
    """Return a plan in few words, sorted."""
    waiting = [pod["pod"]["name"].rsplit("-", 2)[0] for pod in plan["spec"].get("unplaced", ())]
    steps = [f"{action} {app}" for action, app in actions(plan)]
    return sorted([*steps, *(f"{app} stays pending" for app in waiting)])


def annotate(scenario: Scenario, what: str, *words: str) -> None:
    """Do as a user does."""
    scenario.client.kubectl("annotate", f"--namespace={scenario.namespace}", what, *words)


def add_nodes(scenario: Scenario, *names: str) -> None:
    """Add nodes of 8 devices that only this test uses."""
    scenario.apply(*(a_node(name, extended={DEVICE: "8"}, labels={LABEL: name}) for name in names))
    scenario.wait_nodes_ready()


def run(scenario: Scenario, app: str, devices: int, *, on: str) -> None:
    """Run a pod that prefers a node, so that it starts there and may be moved elsewhere."""
    scenario.apply(a_deployment(app, devices, on=on))
    (pod,) = scenario.wait_running(1, f"app={app}")
    assert node_of(pod) == on


def policy(*, mode: str = "Observe", priorities: list[Json] | None = None) -> Json:
    """Return a policy for the test's nodes."""
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "wishes"},
        "spec": {
            "mode": mode,
            "graceSeconds": 1,
            "batchWindowSeconds": 0,
            "moving": {"singleReplicas": True},
            "scope": {
                "pods": {"matchLabels": {LABEL: "true"}},
                "nodes": {"matchExpressions": [{"key": LABEL, "operator": "Exists"}]},
            },
            "priorities": priorities or [],
        },
    }


def named(namespace: str) -> Json:
    """Return the selector of one namespace."""
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}


def a_priority_class(name: str, value: int) -> Json:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
    }


def a_deployment(app: str, devices: int, *, on: str | None = None) -> Json:
    """Return a Deployment of one pod that asks for devices, and prefers a node."""
    preference = {"matchExpressions": [{"key": LABEL, "operator": "In", "values": [on]}]}
    preferred = [{"weight": 100, "preference": preference}] if on else []
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    container = {
        "name": "main",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"limits": {DEVICE: str(devices)}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app},
        "spec": {
            "selector": {"matchLabels": {"app": app}},
            "template": {
                "metadata": {"labels": {"app": app, LABEL: "true"}},
                "spec": {"containers": [container], "affinity": affinity},
            },
        },
    }
