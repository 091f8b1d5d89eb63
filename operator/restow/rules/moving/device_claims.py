"""A pod with resource claims holds devices, and only kube-scheduler can allocate others.

A nomination holds no device, so nothing could promise the replacement the devices it needs: what
leaves one node may find them taken on the other.
"""

from restow.cluster.objects import Feature, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it has no resource claims."""
    if Feature.RESOURCE_CLAIM in pod.features:
        return Refusal(
            Reason.RESOURCE_CLAIM, "the pod holds devices that nobody can promise it elsewhere"
        )
    return None
