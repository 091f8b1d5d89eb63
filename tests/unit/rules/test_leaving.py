from datetime import timedelta

import pytest

from restow.cluster.objects import Node, Taint
from restow.core.reasons import Reason
from restow.rules import leaving
from tests.support.objects import NOW, a_node


def tainted(key: str, effect: str = "NoSchedule") -> Node:
    return a_node("n", taints=(Taint(key=key, effect=effect),))


@pytest.mark.parametrize(
    ("node", "fact"),
    [
        (a_node("n"), None),
        (tainted("dedicated"), None),
        (a_node("n", annotations={"karpenter.sh/do-not-disrupt": "true"}), None),
        (a_node("n", deleting=True), "being deleted"),
        (a_node("n", unschedulable=True), "cordoned"),
        (a_node("n", ready=False), "not ready"),
        (tainted("karpenter.sh/disrupted"), "being removed by Karpenter"),
        (
            tainted("karpenter.sh/unregistered", "NoExecute"),
            "not yet set up by Karpenter",
        ),
        (
            tainted("ToBeDeletedByClusterAutoscaler"),
            "being removed by cluster-autoscaler",
        ),
        (
            tainted("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule"),
            "about to be removed by cluster-autoscaler",
        ),
        (tainted("node.kubernetes.io/unschedulable"), "cordoned"),
        (tainted("node.kubernetes.io/unreachable", "NoExecute"), "unreachable"),
    ],
)
def test_leaving_node_is_no_target(node: Node, fact: str | None) -> None:
    refusal = leaving.of(node)
    assert (refusal.message if refusal is not None else None) == fact
    assert refusal is None or refusal.reason is Reason.NODE_LEAVING


CANDIDATE = "DeletionCandidateOfClusterAutoscaler"


@pytest.mark.parametrize(
    ("node", "changes"),
    [
        (a_node("n"), False),
        (a_node("n", unschedulable=True), False),
        (a_node("n", deleting=True), True),
        (tainted("ToBeDeletedByClusterAutoscaler"), True),
        (tainted("karpenter.sh/unregistered", "NoExecute"), True),
        (tainted(CANDIDATE), False),
    ],
)
def test_number_of_nodes_is_about_to_change(node: Node, *, changes: bool) -> None:
    assert (leaving.scaling(node, NOW) is not None) == changes


@pytest.mark.parametrize(("minutes", "changes"), [(0, True), (19, True), (20, False)])
def test_a_candidate_for_removal_is_about_to_go_only_for_a_while(
    minutes: int, *, changes: bool
) -> None:
    since = int((NOW - timedelta(minutes=minutes)).timestamp())
    taint = Taint(key=CANDIDATE, value=str(since), effect="PreferNoSchedule")
    assert (leaving.scaling(a_node("n", taints=(taint,)), NOW) is not None) == changes
