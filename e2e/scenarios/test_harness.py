"""The harness itself: KWOK nodes, pods that end slowly, a scheduler that gives up."""

import time

import pytest

from e2e.client import Client, Json
from e2e.nodes import a_gpu_node, a_node
from e2e.scenario import Scenario, is_ready, node_of, why_unschedulable
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster


def a_deployment(name: str, replicas: int, requests: Json, **annotations: str) -> Json:
    named = {key.replace("_", "-"): value for key, value in annotations.items()}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {
                    "labels": {"app": name},
                    "annotations": {f"e2e.restow.dev/{key}": value for key, value in named.items()},
                },
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": "example/none",
                            "resources": {"requests": requests, "limits": requests},
                        }
                    ],
                },
            },
        },
    }


def test_deployment_runs_on_kwok_nodes(scenario: Scenario) -> None:
    scenario.apply(a_node("small-0"), a_node("small-1"))
    scenario.wait_nodes_ready()
    scenario.apply(a_deployment("web", 4, {"cpu": "1"}))
    pods = scenario.wait_running(4, "app=web")
    assert {node_of(pod) for pod in pods} <= {"small-0", "small-1"}
    eventually(
        lambda: all(map(is_ready, scenario.pods("app=web"))), within_s=10, what="all are ready"
    )


def test_pod_takes_the_time_to_terminate_that_its_annotation_says(scenario: Scenario) -> None:
    scenario.apply(a_node("small-0"))
    scenario.apply(a_deployment("slow", 1, {"cpu": "1"}, terminate_after="4s"))
    pod = scenario.wait_running(1, "app=slow")[0]
    name = pod["metadata"]["name"]
    started = time.monotonic()
    scenario.client.delete("Pod", name, namespace=scenario.namespace)
    eventually(
        lambda: [one["metadata"]["name"] for one in scenario.mirrors["Pod"].all()],
        within_s=20,
        what="the pod is gone",
        until=lambda names: name not in names,
    )
    assert time.monotonic() - started >= 3.5


def test_scheduler_gives_up_on_eight_gpus_in_pieces(scenario: Scenario) -> None:
    scenario.apply(a_gpu_node("gpu-0"), a_gpu_node("gpu-1"))
    scenario.wait_nodes_ready()
    scenario.apply(a_deployment("part", 4, {"nvidia.com/gpu": "3"}))
    scenario.wait_running(4, "app=part")
    scenario.apply(a_deployment("whole", 1, {"nvidia.com/gpu": "8"}))
    pod = scenario.wait_unschedulable("app=whole")[0]
    assert "Insufficient nvidia.com/gpu" in why_unschedulable(pod)


def test_api_server_offers_mutating_admission_policies_v1(cluster: Client) -> None:
    served = cluster.request("GET", "/apis/admissionregistration.k8s.io/v1")
    assert "mutatingadmissionpolicies" in {one["name"] for one in served["resources"]}
