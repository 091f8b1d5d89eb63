"""Every annotation by which people keep a pod in place, or let it go, read here and nowhere else.

Ours are joined over pod, owners and namespace by `rules.wishes` and come in as `movable`. The
peers' are read from the pod, as their own programs do, and Karpenter's from the node as well. An
opt-out wins over any opt-in, except that `restow.dev/movable: "true"` and the descheduler's `evict`
lift its own soft `prefer-no-eviction` where the policy makes that hard.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.marks import MOVABLE
from restow.core.reasons import Reason, Refusal
from restow.rules import durations

SAFE_TO_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_LOCAL_VOLUMES: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
DO_NOT_DISRUPT: Final = "karpenter.sh/do-not-disrupt"
EVICT: Final = "descheduler.alpha.kubernetes.io/evict"
PREFER_NO_EVICTION: Final = "descheduler.alpha.kubernetes.io/prefer-no-eviction"
EVICTION_COST: Final = "scheduling.koordinator.sh/eviction-cost"
NEVER_EVICT: Final = str(2**31 - 1)
"""The eviction cost by which Koordinator means never."""

REQUEST_ONLY: Final = "descheduler.alpha.kubernetes.io/request-evict-only"

MOVED_BY_OTHERS: Final = (
    REQUEST_ONLY,
    "descheduler.alpha.kubernetes.io/eviction-in-progress",
    "scheduling.koordinator.sh/soft-eviction",
)
"""Present when something else moves the pod, or must be asked to (KubeVirt, Koordinator)."""


def refuse(  # noqa: PLR0913 - by name
    pod: Pod,
    node: Node | None,
    *,
    movable: bool | None,
    prefer_is_hard: bool,
    evicted: bool = True,
    now: datetime,
) -> Refusal | None:
    """Return why `pod` on `node` is not to be moved, or None if nobody opted out.

    Parameters
    ----------
    node
        The node the pod runs on; None when it is not in the snapshot.
    movable
        The nearest `restow.dev/movable`, None when there is none.
    prefer_is_hard
        The policy's word on the descheduler's `prefer-no-eviction`.
    evicted
        Whether it would move by an eviction. KubeVirt marks its launchers `request-evict-only`,
        which speaks of nothing else.
    now
        The moment until which a timed `do-not-disrupt` is counted from the start of the pod.
    """
    fact = _own(movable=movable) or _peers(pod, evicted=evicted) or _karpenter(pod, node, now)
    if fact is None and prefer_is_hard and reluctant(pod) and not opted_in(pod, movable=movable):
        fact = f"annotation {PREFER_NO_EVICTION}, which the policy honours"
    return None if fact is None else Refusal(Reason.OPTED_OUT, fact)


def opted_in(pod: Pod, *, movable: bool | None) -> bool:
    """Return whether somebody vouched that the pod may go: ours, or the descheduler's `evict`."""
    return movable is True or EVICT in pod.annotations


def reluctant(pod: Pod) -> bool:
    """Return whether the pod would rather stay (`prefer-no-eviction`; its value means nothing)."""
    return PREFER_NO_EVICTION in pod.annotations


def undisturbed(pod: Pod, node: Node | None, now: datetime) -> bool:
    """Return whether Karpenter's `do-not-disrupt` holds for `pod` on `node` at this moment."""
    return _karpenter(pod, node, now) is not None


def calls_local_storage_safe(pod: Pod) -> bool:
    """Return whether the pod calls everything it keeps on its node dispensable."""
    return pod.annotations.get(SAFE_TO_EVICT) == "true"


def safe_volumes(pod: Pod) -> frozenset[str]:
    """Return the names of the volumes that the pod calls dispensable."""
    names = pod.annotations.get(SAFE_LOCAL_VOLUMES, "").split(",")
    return frozenset(name.strip() for name in names if name.strip())


def _own(*, movable: bool | None) -> str | None:
    return f'annotation {MOVABLE}="false"' if movable is False else None


def _peers(pod: Pod, *, evicted: bool) -> str | None:
    if pod.annotations.get(SAFE_TO_EVICT) == "false":
        return f'annotation {SAFE_TO_EVICT}="false"'
    if pod.annotations.get(EVICTION_COST) == NEVER_EVICT:
        return f"annotation {EVICTION_COST}={NEVER_EVICT}, which means never"
    for name in MOVED_BY_OTHERS:
        if name in pod.annotations and (evicted or name != REQUEST_ONLY):
            return f"annotation {name}: another program moves the pod"
    return None


def _karpenter(pod: Pod, node: Node | None, now: datetime) -> str | None:
    start = pod.started_at or pod.created_at
    if _undisturbed(pod.annotations, since=start, now=now):
        return f"annotation {DO_NOT_DISRUPT}={pod.annotations[DO_NOT_DISRUPT]}"
    # A node's age is not known here, so a duration on it counts as if it had just started.
    if node is not None and _undisturbed(node.annotations, since=now, now=now):
        return f"annotation {DO_NOT_DISRUPT} on node {node.name}"
    return None


def _undisturbed(annotations: Mapping[str, str], *, since: datetime, now: datetime) -> bool:
    """Tell whether `do-not-disrupt` holds; a value Karpenter cannot read is ignored, as there.

    Source: `sigs.k8s.io/karpenter/pkg/utils/pod/scheduling.go`.
    """
    value = annotations.get(DO_NOT_DISRUPT)
    if value is None or value == "true":
        return value is not None
    duration = durations.of(value)
    return duration is not None and now - since < duration
