"""The claims behind the volumes of a pod, as every rule about storage looks them up."""

from collections.abc import Iterator

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolumeClaim
from restow.cluster.volumes import PodVolume
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal


def claim_key(pod: Pod, name: str) -> ObjectKey:
    """Return the key of a claim that the pod names."""
    return ObjectKey(pod.key.namespace, name)


def claimed(pod: Pod) -> Iterator[tuple[PodVolume, ObjectKey]]:
    """Yield the volumes that are claims, with the key of the claim, in the order of the spec."""
    for volume in pod.volumes:
        if volume.claim is not None:
            yield volume, claim_key(pod, volume.claim)


def found(pod: Pod, snapshot: Snapshot) -> Iterator[PersistentVolumeClaim]:
    """Yield the claims that exist; one per volume, so that one that is named twice comes twice."""
    for _, key in claimed(pod):
        claim = snapshot.claims.get(key)
        if claim is not None:
            yield claim


def owned(pod: Pod, claim: PersistentVolumeClaim) -> bool:
    """Return whether the claim of an ephemeral volume was made for this pod."""
    return claim.controller == pod.uid


def not_found(key: ObjectKey, text: str = "") -> Refusal:
    """Return the no to a pod whose claim does not exist; `text` is upstream's, if a longer one."""
    upstream = text or f'persistentvolumeclaim "{key.name}" not found'
    return Refusal(
        Reason.CLAIM_NOT_FOUND, f"PersistentVolumeClaim {key} does not exist", (upstream,)
    )


def volume_not_found(
    claim: PersistentVolumeClaim, text: str, reason: Reason = Reason.VOLUME_NOT_FOUND
) -> Refusal:
    """Return the no to a pod whose claim names a volume that does not exist; `text` upstream's."""
    return Refusal(
        reason,
        f"PersistentVolume {claim.volume} of PersistentVolumeClaim {claim.key} does not exist",
        (text,),
    )


def not_owned(pod: Pod, claim: PersistentVolumeClaim) -> Refusal:
    """Return the no to a pod whose ephemeral volume's claim belongs to something else."""
    text = f"PVC {claim.key} was not created for pod {pod.key} (pod is not owner)"
    return Refusal(
        Reason.CLAIM_NOT_OWNED,
        f"PersistentVolumeClaim {claim.key} exists but was not made for the pod",
        (text,),
    )
