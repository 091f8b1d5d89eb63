"""A pod that is being deleted is on its way out already."""

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it is not being deleted."""
    if pod.deleting:
        return Refusal(Reason.ALREADY_LEAVING, "the pod is being deleted")
    return None
