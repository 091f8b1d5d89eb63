from typing import Any

import pytest

from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason
from restow.policies.coverage import (
    Overlap,
    Policy,
    covering,
    governing,
    overlaps,
    refuses_node,
    refuses_pod,
)
from restow.policies.packing_policy import PackingPolicySpec
from tests.support.objects import NOW, a_namespace, a_node, a_pod

GPU_TEAM = {"scope": {"namespaces": {"matchLabels": {"team": "gpu"}}}}
NAMESPACES = {
    "gpu": a_namespace("gpu", labels={"team": "gpu"}),
    "web": a_namespace("web", labels={"team": "web"}),
}


def a_policy(name: str, spec: dict[str, Any] | None = None) -> Policy:
    return Policy(name=name, spec=PackingPolicySpec.model_validate(spec or {}))


@pytest.mark.parametrize(
    ("spec", "pod", "reason"),
    [
        ({}, a_pod("gpu/a"), None),
        ({}, a_pod("unknown/a"), None),
        ({}, a_pod("gpu/a", scheduler_name="volcano"), Reason.FOREIGN_SCHEDULER),
        (
            {"scope": {"schedulerNames": ["volcano"]}},
            a_pod("gpu/a", scheduler_name="volcano"),
            None,
        ),
        (GPU_TEAM, a_pod("gpu/a"), None),
        (GPU_TEAM, a_pod("web/a"), Reason.NOT_SELECTED),
        (GPU_TEAM, a_pod("unknown/a"), Reason.NOT_SELECTED),
        ({"scope": {"pods": {"matchLabels": {"a": "b"}}}}, a_pod("web/a"), Reason.NOT_SELECTED),
        (
            {"scope": {"pods": {"matchLabels": {"a": "b"}}}},
            a_pod("web/a", labels={"a": "b"}),
            None,
        ),
    ],
)
def test_pod_is_covered_by_scheduler_namespace_and_labels(
    spec: dict[str, Any], pod: Any, reason: Reason | None
) -> None:
    refusal = refuses_pod(a_policy("p", spec), pod, NAMESPACES)
    assert (refusal and refusal.reason) == reason


def test_node_is_covered_by_its_labels() -> None:
    spec = {"scope": {"nodes": {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}}}
    policy = a_policy("p", spec)
    assert refuses_node(policy, a_node("n1", labels={"gpu": "a100"})) is None
    refusal = refuses_node(policy, a_node("n2"))
    assert refusal is not None
    assert refusal.reason is Reason.NODE_NOT_SELECTED


def test_first_by_name_governs_and_one_for_all_pods_comes_last() -> None:
    policies = [a_policy("b", GPU_TEAM), a_policy("a"), a_policy("c", GPU_TEAM)]
    pod = a_pod("gpu/a")
    assert [each.name for each in covering(policies, pod, NAMESPACES)] == ["b", "c", "a"]
    assert governing(policies, a_pod("web/a"), NAMESPACES) is policies[1]
    assert governing(policies[:1], a_pod("web/a"), NAMESPACES) is None


def test_overlaps_are_reported_once_per_set_of_policies() -> None:
    pods = [a_pod("gpu/b"), a_pod("gpu/a"), a_pod("web/a")]
    snapshot = Snapshot(taken_at=NOW, pods={pod.key: pod for pod in pods}, namespaces=NAMESPACES)
    assert overlaps([a_policy("all"), a_policy("gpu", GPU_TEAM)], snapshot) == (
        Overlap(governing="gpu", others=("all",), pods=2, example=ObjectKey("gpu", "a")),
    )
