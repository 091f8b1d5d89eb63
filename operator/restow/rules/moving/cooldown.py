"""A pod that came in the place of a moved one is not moved on at once: somebody waits for it.

A pod has no memory of a move, since its replacement is another pod; the plans that are kept do.
"""

from datetime import datetime, timedelta

from restow.core.reasons import Reason, Refusal


def refuse(
    moved_at: datetime | None, pause: timedelta, now: datetime, what: str = "the pod"
) -> Refusal | None:
    """Return why a pod is not to be moved again, or None.

    Parameters
    ----------
    moved_at
        When restow moved the pod that it came in the place of, or one of its workload; None for
        any other pod.
    pause
        How long it stays from then on.
    now
        The moment at which it is asked.
    what
        What was moved.
    """
    if moved_at is None or now - moved_at >= pause:
        return None
    return Refusal(
        Reason.COOLING_DOWN,
        f"{what} was moved less than {pause.total_seconds():.0f} s ago, which the policy asks for",
    )
