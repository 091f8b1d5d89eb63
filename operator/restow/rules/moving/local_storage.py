"""Data on a node's own disk is lost when the pod leaves it.

Allowed by the policy, or by the pod's owner in cluster-autoscaler's words: `safe-to-evict: "true"`
for all of it, `safe-to-evict-local-volumes: "a,b"` for the volumes named.
"""

from collections.abc import Collection

from restow.cluster.objects import Feature, Pod
from restow.core.reasons import Reason, Refusal


def refuse(pod: Pod, *, allowed: bool, safe: bool, safe_volumes: Collection[str]) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it has no local data that matters.

    Parameters
    ----------
    allowed
        The policy's word on local storage.
    safe
        Whether the pod's owner calls all of it dispensable.
    safe_volumes
        Names of the volumes that the pod's owner calls dispensable.
    """
    if allowed or safe or Feature.LOCAL_STORAGE not in pod.features:
        return None
    kept = [name for name in pod.local_volumes if name not in safe_volumes]
    if pod.local_volumes and not kept:
        return None
    return Refusal(
        Reason.LOCAL_STORAGE, f"the pod keeps data on its node: {', '.join(kept) or 'a volume'}"
    )
