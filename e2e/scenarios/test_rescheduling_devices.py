"""Pods that claim devices (DRA) move together, and kube-scheduler gives their replacements devices.

The driver of a real cluster publishes the devices of its nodes; here they are just written. A
container would find its devices by another part of it, the kubelet's plugin: KWOK starts none.
"""

from collections import Counter
from random import Random
from typing import Final

import pytest

from e2e.client import Json
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import actions, wait_clean, wait_plan
from e2e.scenario import Scenario, node_of
from e2e.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(420)]

NODES: Final = 20
EACH: Final = 8
"""Devices of a node."""

DRIVER: Final = "gpu.example.com"
WHOLE: Final = f"deviceclass.resource.kubernetes.io/{DRIVER}={EACH}"
OURS: Final = {"restow.dev/e2e": "rescheduled-devices"}
CLAIMED: Final = {"one": 1, "two": 2, "four": 4}
"""Templates of claims, and how many devices they ask for."""

APPS: Final = 10
SLOW_S: Final = 120


def published(node: str) -> Json:
    """The devices of a node, as its driver says them."""
    devices = [
        {"name": f"gpu-{number}", "attributes": {"model": {"string": "H100"}}}
        for number in range(EACH)
    ]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{node}-gpus"},
        "spec": {
            "driver": DRIVER,
            "nodeName": node,
            "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
            "devices": devices,
        },
    }


def device_class() -> Json:
    selector = {"cel": {"expression": f'device.driver == "{DRIVER}"'}}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": DRIVER},
        "spec": {"selectors": [selector]},
    }


def template(name: str, count: int) -> Json:
    exactly = {"deviceClassName": DRIVER, "allocationMode": "ExactCount", "count": count}
    request = {"name": "gpus", "exactly": exactly}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": name},
        "spec": {"spec": {"devices": {"requests": [request]}}},
    }


def deployment(name: str, claim: str, replicas: int) -> Json:
    labels = {"app": name, **OURS}
    container = {
        "name": "main",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"cpu": "1"}, "claims": [{"name": "gpus"}]},
    }
    claims = [{"name": "gpus", "resourceClaimTemplateName": claim}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": OURS,
                    "containers": [container],
                    "resourceClaims": claims,
                },
            },
        },
    }


def budget(name: str, replicas: int) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": replicas - 1, "selector": {"matchLabels": {"app": name}}},
    }


def churned(scenario: Scenario, seed: int) -> int:
    """Nodes whose devices are in use here and there; return how many pods hold some."""
    random = Random(seed)
    names = [f"dra-{number:02}" for number in range(NODES)]
    scenario.apply(*(a_node(name, cpu="64", labels=OURS) for name in names))
    scenario.apply(device_class(), *map(published, names))
    scenario.apply(*(template(name, count) for name, count in CLAIMED.items()))
    scenario.wait_nodes_ready()
    claims = random.choices(("one", "two", "four"), (4, 4, 1), k=APPS)
    came = {f"app-{n}": random.randint(6, 9) for n in range(APPS)}
    stayed = {name: count // 2 for name, count in came.items()}
    apps = zip(came, claims, strict=True)
    scenario.apply(*(deployment(name, claim, came[name]) for name, claim in apps))
    scenario.wait_running(sum(came.values()), within_s=SLOW_S)
    for name, count in stayed.items():
        scenario.scale(name, count)
    scenario.apply(*(budget(name, stayed[name]) for name in list(stayed)[::2]))
    scenario.wait_running(sum(stayed.values()), within_s=SLOW_S)
    return sum(stayed.values())


def policy() -> Json:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "rescheduled-devices"},
        "spec": {
            "mode": "Act",
            "scope": {"pods": {"matchLabels": OURS}, "nodes": {"matchLabels": OURS}},
            "moving": {"deviceClaims": True},
            "limits": {"movesPerPlan": 100, "movesPerHour": 1000},
            "rescheduling": {
                "shapes": [WHOLE],
                "intervalSeconds": 3600,
                "maxMigrations": 12,
            },
        },
    }


def held(scenario: Scenario) -> Counter[str]:
    """Devices in use per node, as kube-scheduler's allocations say; each is in use once."""
    devices: list[tuple[str, str]] = []
    for claim in scenario.client.list("ResourceClaim", scenario.namespace):
        results = claim.get("status", {}).get("allocation", {}).get("devices", {}).get("results")
        devices += [(each["pool"], each["device"]) for each in results or ()]
    assert len(set(devices)) == len(devices), "no device is given twice"
    return Counter(pool for pool, _ in devices)


def settled(scenario: Scenario, pods: int) -> Counter[str]:
    """Wait until the claims of pods that have gone are gone, too; return what is in use."""
    scenario.wait_running(pods, within_s=SLOW_S)
    eventually(
        lambda: scenario.client.list("ResourceClaim", scenario.namespace),
        within_s=SLOW_S,
        what="every claim is that of a pod that is there",
        until=lambda found: len(found) == pods,
    )
    return held(scenario)


def test_whole_nodes_come_free_and_every_replacement_gets_devices(
    scenario: Scenario, operator: Operator
) -> None:
    pods = churned(scenario, seed=7)
    before = settled(scenario, pods)
    scenario.apply(policy())
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=SLOW_S)
    assert plan["status"]["phase"] == "Completed", plan["status"]["message"]
    assert {action for action, _ in actions(plan)} == {"Move"}
    assert 0 < len(plan["spec"]["steps"]) <= 12

    after = settled(scenario, pods)
    assert sum(after.values()) == sum(before.values()), "as many devices are in use as before"
    copies = f"copies of {WHOLE}"
    fragments = plan["status"]["fragmentation"]
    assert fragments["before"][copies] == NODES - len(before)
    assert fragments["after"][copies] == NODES - len(after)
    assert len(after) < len(before), "whole nodes came free"
    assert max(after.values()) <= EACH
    on = Counter(node_of(pod) for pod in scenario.pods())
    assert set(on) == set(after), "pods are where their devices are"
    wait_clean(scenario)
