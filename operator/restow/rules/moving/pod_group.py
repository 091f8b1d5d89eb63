"""Pods that are scheduled as a group run as a group: one of them away can stop all the others."""

from restow.cluster.objects import Feature, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it belongs to no group."""
    if Feature.POD_GROUP in pod.features:
        return Refusal(Reason.POD_GROUP, "the pod belongs to a pod group, which stays together")
    return None
