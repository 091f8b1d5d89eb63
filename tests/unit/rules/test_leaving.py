import pytest

from restow.cluster.objects import Node, Taint
from restow.core.reasons import Reason
from restow.rules import leaving
from tests.support.objects import a_node


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
