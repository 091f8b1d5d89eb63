"""What the cluster itself runs on is never moved.

Source: `pkg/apis/scheduling/types.go`: SystemCriticalPriority = 2 * HighestUserDefinablePriority.
"""

from typing import Final

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal

CRITICAL_CLASSES: Final = frozenset({"system-cluster-critical", "system-node-critical"})
CRITICAL_PRIORITY: Final = 2_000_000_000


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it is not critical for the system."""
    if pod.priority_class in CRITICAL_CLASSES:
        return Refusal(Reason.SYSTEM_CRITICAL, f"the pod is {pod.priority_class}")
    if pod.priority >= CRITICAL_PRIORITY:
        return Refusal(
            Reason.SYSTEM_CRITICAL, f"priority {pod.priority} is that of the system's own pods"
        )
    return None
