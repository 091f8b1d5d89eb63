"""A part of a GPU is given out by KAI, HAMi or Volcano; only they know which device is free."""

from restow.cluster.objects import Feature, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it holds no part of a shared GPU."""
    if Feature.SHARED_GPU in pod.features:
        return Refusal(Reason.SHARED_GPU, "the pod holds a part of a GPU shared with other pods")
    return None
