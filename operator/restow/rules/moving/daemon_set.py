"""Pods of a DaemonSet belong to their node and would come back to it."""

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if no DaemonSet (of any API) owns it."""
    if pod.owner is not None and pod.owner.kind == "DaemonSet":
        return Refusal(Reason.DAEMON_SET, f"the pod belongs to DaemonSet {pod.owner.name}")
    return None
