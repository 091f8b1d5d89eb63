"""The devices that a pod's claims got on its node, beside those that restow's board gives it."""

from collections.abc import Iterator

from e2e.conform.scene import Verdict
from restow.cluster.devices import Allocation, ResourceClaim
from restow.cluster.objects import Pod
from restow.cluster.parse import KINDS
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.rules.board import Board


def difference(verdict: Verdict, snapshot: Snapshot) -> str | None:
    """Return what the board of `snapshot` gives the placed pod, when kube-scheduler gave others."""
    if verdict.node is None or not verdict.changed:
        return None
    pod = KINDS["Pod"].from_document(verdict.pod)
    assert isinstance(pod, Pod)
    board = Board(snapshot)
    board.put(pod, NodeName(verdict.node))
    for theirs in _claims(verdict, pod):
        ours = board.devices.special(pod) if theirs.extended else board.devices.claim(theirs.key)
        found = None if ours is None else ours.allocation
        if _told(found) != _told(theirs.allocation):
            return f"gives {theirs.key} {_told(found)}, not {_told(theirs.allocation)}"
        if ours is not None and not theirs.extended and ours.reserved_for != theirs.reserved_for:
            return f"reserves {theirs.key} for {sorted(ours.reserved_for)}"
    return None


def _claims(verdict: Verdict, pod: Pod) -> Iterator[ResourceClaim]:
    """Yield the pod's claims as kube-scheduler left them."""
    names = {each.claim for each in pod.claims}
    for document in verdict.changed:
        claim = KINDS["ResourceClaim"].from_document(document)
        assert isinstance(claim, ResourceClaim)
        if claim.owner == pod.uid if claim.extended else claim.key.name in names:
            yield claim


def _told(found: Allocation | None) -> str:
    """Return what an allocation says; ids of shares are random, and when it was made is no news."""
    if found is None:
        return "nothing"
    devices = (
        f"{each.driver}/{each.pool}/{each.device}"
        f"{' for admins' * each.admin}{f' {dict(each.consumed)}' if each.share else ''}"
        for each in found.devices
    )
    return f"{', '.join(devices)} on {'all nodes' if found.nodes is None else found.nodes}"
