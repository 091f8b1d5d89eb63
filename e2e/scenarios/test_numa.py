"""Where NodeResourceTopology objects tell of NUMA zones, nobody is sent where kubelet would end it.

KWOK is no kubelet: it would run the pods. What is seen here is where restow puts them.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from e2e.client import Json
from e2e.cluster.backend import Backend
from e2e.faulty_server import FaultyServer
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import actions, wait_clean, wait_plan
from e2e.process_operator import ProcessOperator
from e2e.release import Release
from e2e.scenario import Scenario
from e2e.scenarios.test_bad_input import plan_by_hand
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
    assert "NodeResourceTopology" in said_on(zones, "app=aligned")
    steadily(
        lambda: not any(actions(plan) for plan in zones.plans()), for_s=3, what="nobody is moved"
    )
    zones.apply(a_topology("numa-2", 4, 1))
    zones.wait_running(5)
    assert set(zones.places("app=aligned").values()) == {"numa-2"}
    plan = wait_plan(zones, "Completed")
    assert sorted(actions(plan)) == [("Move", "moves"), ("Place", "aligned")]
    wait_clean(zones)


def said_on(scenario: Scenario, labels: str) -> str:
    """Wait until restow has said something on a pod that waits; return all of it."""
    pod = scenario.wait_unschedulable(labels)[0]
    messages = eventually(
        lambda: [
            event["message"]
            for event in scenario.events(name=pod["metadata"]["name"])
            if event.get("reportingComponent", "").startswith("restow")
        ],
        within_s=20,
        what="restow says on the pod why it gets no place",
    )
    return "\n".join(messages)


@pytest.fixture
def hiding(release: Release, backend: Backend) -> Iterator[FaultyServer]:
    """An API server that lets nobody read the zones."""
    if backend.runs_images:
        pytest.skip("the operator's pod reaches the API server past any proxy")
    refused = [403] * 10_000
    kubeconfig = release.identity().kubeconfig
    with FaultyServer(kubeconfig, "GET", "/noderesourcetopologies", refused) as server:
        yield server


@pytest.fixture
def blind(
    hiding: FaultyServer, release: Release, backend: Backend, scenario: Scenario
) -> Iterator[ProcessOperator]:
    """An operator that may not read the zones, whatever it does."""
    log = backend.workdir / f"operator-{scenario.namespace}.log"
    through = release.identity()._replace(kubeconfig=hiding.kubeconfig)
    made = ProcessOperator(through, log, backend.environment)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        print(made.tail(200))


def test_while_zones_cannot_be_read_pods_that_need_one_wait_and_the_others_go_on(
    zones: Scenario, blind: ProcessOperator, hiding: FaultyServer
) -> None:
    zones.apply(a_topology("numa-1", 4, 4), a_deployment("aligned", "4", guaranteed=True))
    assert "NodeResourceTopology cannot be read now" in said_on(zones, "app=aligned")
    zones.apply(a_deployment("plain", "5"))
    plan = wait_plan(zones, "Completed")
    assert sorted(actions(plan)) == [("Move", "moves"), ("Place", "plain")]
    assert "kinds that cannot be read" in blind.tail(200)
    by_hand = plan_by_hand(hiding.kubeconfig, "--policy=numa")
    assert by_hand.returncode == 0
    assert "warning: NodeResourceTopology cannot be read (GET" in by_hand.stderr
    assert "403" in by_hand.stderr
    wait_clean(zones)
