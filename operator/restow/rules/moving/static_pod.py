"""Static pods belong to their kubelet; evicting the mirror in the API moves nothing."""

from restow.cluster.objects import Feature, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it is no static pod."""
    if Feature.MIRROR in pod.features or (pod.owner is not None and pod.owner.kind == "Node"):
        return Refusal(Reason.STATIC_POD, "the pod is a static pod of its node")
    return None
