"""When to decide: pods past their grace are gathered for a moment and decided upon together."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from restow.cluster.objects import Pod
from restow.core.ids import Uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The pending pods of a policy at one moment.

    Parameters
    ----------
    ripe
        Pods past their grace, sorted by key.
    fresh
        Whether any of them was not decided upon before.
    opens_at
        When a decision is next due: the moment itself when it is due now, None when only a change
        of the cluster can make one due.
    """

    ripe: tuple[Pod, ...]
    fresh: bool
    opens_at: datetime | None


def gather(
    pending: Iterable[Pod],
    *,
    decided: Set[Uid],
    grace: timedelta,
    window: timedelta,
    now: datetime,
) -> Batch:
    """Return which pods to decide upon, and when.

    The window opens when the first pod that was never decided upon leaves its grace. Pods that
    were decided upon before do not open one: they are decided again when something relevant
    changes, which the caller knows.

    Parameters
    ----------
    pending
        Unschedulable pods that the policy governs; those without a time are passed over.
    decided
        Uids that the last decision was about.
    """
    waiting = sorted(
        (pod.unschedulable_since + grace, pod.key, pod)
        for pod in pending
        if pod.unschedulable_since is not None
    )
    ripe = tuple(sorted((pod for at, _, pod in waiting if at <= now), key=lambda pod: pod.key))
    first = next((at for at, _, pod in waiting if pod.uid not in decided), None)
    return Batch(
        ripe=ripe,
        fresh=any(pod.uid not in decided for pod in ripe),
        opens_at=None if first is None else max(first + window, now),
    )
