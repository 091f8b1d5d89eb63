"""Nodes that are no target because they are about to go, or cannot be relied on.

Wider than kube-scheduler's filters on purpose: a pod that tolerates everything could still be
scheduled there, but restow moves nobody onto a node that is on its way out.
"""

from datetime import datetime
from typing import Final

from restow.cluster.objects import Node
from restow.core.reasons import Reason, Refusal

LEAVING_TAINTS: Final = {
    "karpenter.sh/disrupted": "being removed by Karpenter",
    "karpenter.sh/disruption": "being removed by Karpenter",
    "karpenter.sh/unregistered": "not yet set up by Karpenter",
    "ToBeDeletedByClusterAutoscaler": "being removed by cluster-autoscaler",
    "DeletionCandidateOfClusterAutoscaler": "about to be removed by cluster-autoscaler",
    "node.kubernetes.io/unschedulable": "cordoned",
    "node.kubernetes.io/not-ready": "not ready",
    "node.kubernetes.io/unreachable": "unreachable",
    "node.kubernetes.io/out-of-service": "out of service",
    "node.cloudprovider.kubernetes.io/shutdown": "shut down",
    "node.cloudprovider.kubernetes.io/uninitialized": "not yet set up by its cloud provider",
}
"""Keys of taints, with what they tell, whatever their value and effect."""


SCALING_TAINTS: Final = frozenset(
    {
        "karpenter.sh/disrupted",
        "karpenter.sh/disruption",
        "karpenter.sh/unregistered",
        "ToBeDeletedByClusterAutoscaler",
        "node.cloudprovider.kubernetes.io/uninitialized",
    }
)
"""Keys of the taints of nodes that an autoscaler is adding or removing just now."""


CANDIDATE: Final = "DeletionCandidateOfClusterAutoscaler"
CANDIDATE_S: Final = 1200
"""For so long a candidate is one that is about to go: cluster-autoscaler removes it after
`--scale-down-unneeded-time`, 10 min by default, or cannot."""


def scaling(node: Node, now: datetime) -> Refusal | None:
    """Return why the number of nodes is about to change by `node`, or None."""
    if node.deleting:
        return Refusal(Reason.NODE_LEAVING, "being deleted")
    taints = node.taints
    key = next((taint.key for taint in taints if taint.key in SCALING_TAINTS), None)
    if key is None and any(t.key == CANDIDATE and _recent(t.value, now) for t in taints):
        key = CANDIDATE
    return None if key is None else Refusal(Reason.NODE_LEAVING, LEAVING_TAINTS[key])


def _recent(value: str, now: datetime) -> bool:
    """Return whether a candidate was marked a short while ago; its taint says when, in seconds.

    Upstream: cluster-autoscaler `utils/taints/taints.go: MarkDeletionCandidate`.
    """
    return value.isdigit() and now.timestamp() - int(value) < CANDIDATE_S


def of(node: Node) -> Refusal | None:
    """Return why nothing should be placed on `node`, or None."""
    fact = _fact(node)
    return None if fact is None else Refusal(Reason.NODE_LEAVING, fact)


def _fact(node: Node) -> str | None:
    if node.deleting:
        return "being deleted"
    if node.unschedulable:
        return "cordoned"
    if not node.ready:
        return "not ready"
    for taint in node.taints:
        if taint.key in LEAVING_TAINTS:
            return LEAVING_TAINTS[taint.key]
    return None
