"""Where NodeResourceTopology objects tell of NUMA zones, nobody is sent where kubelet would end it.

KWOK is no kubelet: it would run the pods. What is seen here is where restow puts them.
"""

from typing import Final

import pytest

from e2e.client import Json
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import actions, wait_clean, wait_plan
from e2e.scenario import Scenario
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster

OURS: Final = {"restow.dev/sample": "numa"}
NODES: Final = ("numa-1", "numa-2")


def a_topology(node: str, *left: int) -> Json:
    """Zones of 4 CPUs and 16 GiB, with so many CPUs left."""
    return {
        "apiVersion": "topology.node.k8s.io/v1alpha2",
        "kind": "NodeResourceTopology",
        "metadata": {"name": node},
        "attributes": [
            {"name": "topologyManagerPolicy", "value": "single-numa-node"},
            {"name": "topologyManagerScope", "value": "container"},
        ],
        "zones": [
            {
                "name": f"node-{number}",
                "type": "Node",
                "resources": [_resource("cpu", "4", str(cpu)), _resource("memory", *["16Gi"] * 2)],
            }
            for number, cpu in enumerate(left)
        ],
    }


def _resource(name: str, capacity: str, available: str) -> Json:
    return {"name": name, "capacity": capacity, "allocatable": capacity, "available": available}


def a_deployment(
    name: str, cpu: str, replicas: int = 1, *, guaranteed: bool = False, on: str = ""
) -> Json:
    """Pods of so many CPUs, on these nodes alone or on one of them."""
    size = {"cpu": cpu, "memory": "1Gi"}
    resources = {"limits": size} if guaranteed else {"requests": size}
    container = {"name": "main", "image": "example.com/main", "resources": resources}
    selector = OURS | ({"kubernetes.io/hostname": on} if on else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": OURS | {"app": name}},
                "spec": {"nodeSelector": selector, "containers": [container]},
            },
        },
    }


def a_policy() -> Json:
    """Act at once, on these nodes and pods."""
    scope = {"pods": {"matchLabels": OURS}, "nodes": {"matchLabels": OURS}}
    spec = {"mode": "Act", "graceSeconds": 1, "batchWindowSeconds": 1, "scope": scope}
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "numa"},
        "spec": spec,
    }


@pytest.fixture
def zones(topology_crd: None, scenario: Scenario) -> Scenario:
    """Two nodes of 8 CPUs, 5 of them taken; moving 2 CPUs from one to the other frees 5 there."""
    scenario.apply(*(a_node(name, labels=OURS) for name in NODES))
    scenario.wait_nodes_ready()
    scenario.apply(*(a_deployment(f"stays-on-{name}", "3", on=name) for name in NODES))
    scenario.wait_running(2)
    scenario.apply(a_deployment("moves", "2", 2))
    scenario.wait_running(4)
    scenario.apply(*(a_topology(name, 3, 3) for name in NODES), a_policy())
    return scenario


def test_a_pod_goes_where_one_zone_is_certain_to_hold_it_and_nowhere_before(
    zones: Scenario, operator: Operator
) -> None:
    zones.apply(a_deployment("aligned", "4", guaranteed=True))
    pod = zones.wait_unschedulable("app=aligned")[0]
    messages = eventually(
        lambda: [
            event["message"]
            for event in zones.events(name=pod["metadata"]["name"])
            if event.get("reportingComponent", "").startswith("restow")
        ],
        within_s=20,
        what="restow says on the pod why it gets no place",
    )
    assert any("NodeResourceTopology" in message for message in messages), messages
    steadily(
        lambda: not any(actions(plan) for plan in zones.plans()), for_s=3, what="nobody is moved"
    )
    zones.apply(a_topology("numa-2", 4, 1))
    zones.wait_running(5)
    assert set(zones.places("app=aligned").values()) == {"numa-2"}
    plan = wait_plan(zones, "Completed")
    assert sorted(actions(plan)) == [("Move", "moves"), ("Place", "aligned")]
    wait_clean(zones)
