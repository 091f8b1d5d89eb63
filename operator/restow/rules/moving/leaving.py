"""A pod that is being deleted is on its way out already."""

from collections.abc import Mapping
from typing import Final

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal

CAUSES: Final[Mapping[str, str]] = {
    "PreemptionByScheduler": "kube-scheduler preempts it",
    "EvictionByEvictionAPI": "somebody evicted it",
    "DeletionByTaintManager": "it does not tolerate a taint of its node",
    "TerminationByKubelet": "its node runs short of something, or shuts down",
}
"""Of the reasons of DisruptionTarget (KEP-3329, `k8s.io/api/core/v1/types.go`), in words."""


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it is not being deleted."""
    if not pod.deleting:
        return None
    cause = CAUSES.get(pod.disruption, pod.disruption)
    by = f": {cause}" if cause else ""
    return Refusal(Reason.ALREADY_LEAVING, f"the pod is being deleted{by}")
