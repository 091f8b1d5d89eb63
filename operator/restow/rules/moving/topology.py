"""Kueue's topology-aware scheduling records where a pod is; a move would break the record.

Names: `sigs.k8s.io/kueue apis/kueue/v1beta1/topology_types.go`.
"""

from typing import Final

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal

PINNING: Final = (
    "kueue.x-k8s.io/podset-required-topology",
    "kueue.x-k8s.io/podset-preferred-topology",
    "kueue.x-k8s.io/podset-unconstrained-topology",
)


def refuse(pod: Pod) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if Kueue assigned it no topology."""
    for name in PINNING:
        if name in pod.annotations:
            return Refusal(
                Reason.TOPOLOGY_PINNED, f"Kueue assigned the pod its place (annotation {name})"
            )
    return None
