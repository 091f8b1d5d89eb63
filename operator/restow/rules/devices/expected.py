"""What a pod to come will claim: its claims are made some time after it, or it is not there yet."""

from dataclasses import replace

from restow.cluster.devices import ResourceClaim
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey


def expected(pod: Pod, snapshot: Snapshot) -> Pod:
    """Return the pod as it will be when the claims of its templates are there.

    For a pod that stands for one which has not come yet, or whose claims have not been made: its
    siblings of the same controller have claims of the same templates. A claim that no sibling has
    either is left out: it is judged as soon as it is there.
    """
    if all(_is_made(pod, each, snapshot) for each in pod.claims):
        return pod
    siblings = () if pod.owner is None else snapshot.pods_by_owner.get(pod.owner.uid, ())
    made = {
        each.name: replace(each, alike=True)
        for sibling in (*siblings, pod)
        for each in sibling.claims
        if each.generated and _claim(sibling, each, snapshot) is not None
    }
    claims = tuple(
        each
        if _is_made(pod, each, snapshot)
        else made.get(each.name, PodClaim(name=each.name, generated=True))
        for each in pod.claims
    )
    return replace(pod, claims=claims)


def _is_made(pod: Pod, entry: PodClaim, snapshot: Snapshot) -> bool:
    if not entry.generated or (entry.claim is None and not entry.pending):
        return True
    claim = _claim(pod, entry, snapshot)
    return claim is not None and claim.owner == pod.uid


def _claim(pod: Pod, entry: PodClaim, snapshot: Snapshot) -> ResourceClaim | None:
    if entry.claim is None:
        return None
    return snapshot.resource_claims.get(ObjectKey(pod.key.namespace, entry.claim))
