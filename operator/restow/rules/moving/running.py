"""Only what runs can be moved: a bound pod that has not started holds its place."""

from restow.cluster.objects import Phase, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it runs on a node."""
    if pod.node is None:
        return Refusal(Reason.NOT_RUNNING, "the pod is not bound to a node")
    if pod.phase is not Phase.RUNNING:
        return Refusal(Reason.NOT_RUNNING, f"the pod is {pod.phase}, not Running")
    return None
