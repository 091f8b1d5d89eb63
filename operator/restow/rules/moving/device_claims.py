"""A pod with resource claims holds devices, and only kube-scheduler can allocate others.

A claim that was made for the pod goes with it. One that it names may be allocated still, or again
for another pod, when its successor comes, and then ties that one to the nodes of the allocation.
"""

from collections.abc import Iterator

from restow.cluster.devices import ResourceClaim
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules.devices.demand import has_claims


def refuse(pod: Pod, snapshot: Snapshot, *, allowed: bool) -> Refusal | None:
    """Return why `pod` is not to be moved, or None.

    Parameters
    ----------
    allowed
        Whether the policy lets pods be moved whose claims go with them: a nomination holds no
        device, so nobody can promise the successor the devices it needs.
    """
    if not has_claims(pod, snapshot):
        return None
    for claim in _named(pod, snapshot):
        if claim.allocation is not None and claim.allocation.nodes is not None:
            return Refusal(
                Reason.RESOURCE_CLAIM_PINNED,
                f"its resource claim {claim.key.name} is allocated for certain nodes",
            )
    if allowed:
        return None
    return Refusal(
        Reason.HOLDS_DEVICES, "the pod holds devices that nobody can promise it elsewhere"
    )


def _named(pod: Pod, snapshot: Snapshot) -> Iterator[ResourceClaim]:
    for each in pod.claims:
        if each.claim is not None and not each.generated:
            claim = snapshot.resource_claims.get(ObjectKey(pod.key.namespace, each.claim))
            if claim is not None:
                yield claim
