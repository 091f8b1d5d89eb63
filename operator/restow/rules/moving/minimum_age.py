"""A pod that has only just started is left alone: what it warms up would be lost at once."""

from datetime import datetime, timedelta

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod, least: timedelta, now: datetime) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it has run for `least` by `now`."""
    age = now - (pod.started_at or pod.created_at)
    if age >= least:
        return None
    return Refusal(
        Reason.TOO_YOUNG,
        f"the pod has not run for {least.total_seconds():.0f} s yet, which the policy asks for",
    )
