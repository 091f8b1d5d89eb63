"""Requests against what kube-scheduler 1.37.2 counted for the same pods (tests/golden).

The golden rows come from `framework.PodInfo.CalculateResource` on random pods with init
containers, sidecars, overhead, pod-level resources and in-place resizes in every state.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from restow.cluster.objects import Pod
from restow.cluster.parse import KINDS

GOLDEN = Path("tests/golden/pod_requests.jsonl").read_text().splitlines()


def requests_of(spec: dict[str, Any], status: dict[str, Any] | None = None) -> dict[str, int]:
    meta = {"name": "a", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    pod = KINDS["Pod"].from_document({"metadata": meta, "spec": spec, "status": status or {}})
    assert isinstance(pod, Pod)
    return dict(pod.requests)


@pytest.mark.parametrize("row", GOLDEN, ids=[f"row-{n}" for n in range(len(GOLDEN))])
def test_counts_what_kube_scheduler_counts(row: str) -> None:
    golden = json.loads(row)
    assert requests_of(golden["spec"], golden["status"]) == {**golden["requests"], "pods": 1}


def container(name: str = "c", **resources: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "resources": resources}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"containers": [container()]}, {}, id="nothing asked for is one pod"),
        pytest.param(
            {"containers": [container(limits={"cpu": "2", "nvidia.com/gpu": "8"})]},
            {"cpu": 2000, "nvidia.com/gpu": 8},
            id="a limit alone is a request",
        ),
        pytest.param(
            {
                "containers": [
                    container(requests={"cpu": "1"}, limits={"cpu": "2", "memory": "1Ki"})
                ]
            },
            {"cpu": 1000, "memory": 1024},
            id="a request stands before its limit",
        ),
        pytest.param(
            {
                "containers": [container(requests={"cpu": "1"})],
                "resources": {"limits": {"cpu": "3", "memory": "1Mi"}},
            },
            {"cpu": 1000, "memory": 1048576},
            id="a pod-level limit is a request only where no container has one",
        ),
        pytest.param(
            {"containers": [container(requests={"storage": "1Gi", "requests.x/y": "1"})]},
            {},
            id="names that kube-scheduler does not count are left out",
        ),
        pytest.param(
            {"containers": [{"name": "c", "resources": {"requests": {"cpu": 0.5, "x/y": 2}}}]},
            {"cpu": 500, "x/y": 2},
            id="bare numbers are quantities",
        ),
    ],
)
def test_request_of(spec: dict[str, Any], expected: dict[str, int]) -> None:
    assert requests_of(spec) == {**expected, "pods": 1}
