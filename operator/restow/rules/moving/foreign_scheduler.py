"""Pods of another scheduler are fixed load: it alone knows where they may go."""

from collections.abc import Collection

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod, scheduler_names: Collection[str]) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if one of `scheduler_names` places it."""
    if pod.scheduler_name in scheduler_names:
        return None
    return Refusal(
        Reason.FOREIGN_SCHEDULER, f"the pod belongs to scheduler {pod.scheduler_name}, not ours"
    )
