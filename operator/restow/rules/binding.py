"""Which claims of a pod kube-scheduler still has to bind.

Source: `plugins/volumebinding/binder.go: GetPodVolumeClaims`.
"""

from typing import NamedTuple, Self

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolumeClaim
from restow.rules import claims

Claims = tuple[PersistentVolumeClaim, ...]


class PodClaims(NamedTuple):
    """The claims of a pod that exist, by what is still to be done; one per volume.

    Parameters
    ----------
    bound
        To a volume, completely.
    delayed
        Waiting for the pod: kube-scheduler binds or provisions them on the node it chooses.
    immediate
        Waiting for the volume controller, whatever happens to the pod.
    """

    bound: Claims
    delayed: Claims
    immediate: Claims

    @classmethod
    def of(cls, pod: Pod, snapshot: Snapshot) -> Self:
        """Sort the pod's claims."""
        found = tuple(claims.found(pod, snapshot))
        waiting = tuple(each for each in found if not each.bound)
        return cls(
            bound=tuple(each for each in found if each.bound),
            delayed=tuple(each for each in waiting if _is_delayed(each, snapshot)),
            immediate=tuple(each for each in waiting if not _is_delayed(each, snapshot)),
        )


def can_provision(claim: PersistentVolumeClaim, snapshot: Snapshot) -> bool:
    """Return whether the claim's class makes volumes."""
    found = snapshot.storage_classes.get(claim.storage_class)
    return found is not None and found.provisioner not in {"", "kubernetes.io/no-provisioner"}


def _is_delayed(claim: PersistentVolumeClaim, snapshot: Snapshot) -> bool:
    if claim.volume or not claim.storage_class:
        return False
    found = snapshot.storage_classes.get(claim.storage_class)
    return found is not None and found.delayed
