"""What planning asks of devices: which pods want them, how many fit, who competes."""

from restow.cluster.devices import ResourceClaim
from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.devices.classes import classes_by_resource


def has_claims(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether kube-scheduler may have to allocate devices for the pod, or has.

    By `spec.resourceClaims`, or by an extended resource that a DeviceClass backs.
    """
    if pod.claims:
        return True
    if not pod.extended:
        return False
    backed = classes_by_resource(snapshot)
    return any(each.resource in backed for each in pod.extended)


def copies(pod: Pod, node: Node, board: Board, most: int) -> int:
    """Return how many such pods the free devices of `node` serve, at most `most`.

    None with a claim that is not allocated: restow does not count free devices yet, and never
    guesses that they suffice. A pod without claims needs none of them: `most`.
    """
    snapshot = board.snapshot
    if not has_claims(pod, snapshot):
        return most
    unbacked = all(node.allocatable.of(each.resource) for each in pod.extended)
    return most if not pod.claims and unbacked else 0


def shares(pod: Pod, other: Pod, snapshot: Snapshot) -> bool:
    """Return whether the two pods may compete for devices: true when in doubt."""
    return has_claims(pod, snapshot) and has_claims(other, snapshot)


def pinned(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return why devices tie the pod to where it is, or None: it has a claim that is allocated."""
    for each in pod.claims:
        claim = _named(pod, each.claim, snapshot)
        if claim is not None and claim.allocation is not None:
            return Refusal(
                Reason.RESOURCE_CLAIM, f"its claim {claim.key.name} has devices allocated"
            )
    return None


def _named(pod: Pod, name: str | None, snapshot: Snapshot) -> ResourceClaim | None:
    if name is None:
        return None
    return snapshot.resource_claims.get(ObjectKey(pod.key.namespace, name))
