"""VolumeRestrictions: claims for one pod only, and legacy disks that two pods cannot share.

Upstream: `plugins/volumerestrictions/volume_restrictions.go`. A claim of mode ReadWriteOncePod that
a pod of any node uses keeps others off all nodes; a disk is about the pods of one node.
"""

from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules import claims
from restow.rules.board import Board
from restow.rules.disks import conflict
from restow.rules.rule import Prepared, Rule, Scope

DISK_CONFLICT: Final = "node(s) had no available disk"
CLAIM_IN_USE: Final = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already "
    "in-use by another pod"
)


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what claims and disks in use say; None when the pod has none that could be."""
    if not pod.volumes:
        return None
    exclusive: set[ObjectKey] = set()
    for volume, key in claims.claimed(pod):
        if volume.ephemeral:
            continue
        claim = board.snapshot.claims.get(key)
        if claim is None:
            return claims.not_found(key)
        if claim.exclusive:
            exclusive.add(key)
    taken = _in_use(exclusive, board)
    if taken is None and not any(each.disk is not None for each in pod.volumes):
        return None

    def refuse(node: Node) -> Refusal | None:
        return _disk_conflict(pod, node, board) or taken

    return Prepared(refuse=refuse)


def _in_use(exclusive: set[ObjectKey], board: Board) -> Refusal | None:
    """Return the no to every node if a pod on the board uses one of the claims."""
    if not exclusive:
        return None
    for name in board.nodes:
        for other in board.pods(name):
            for volume, key in claims.claimed(other):
                if key in exclusive and not volume.ephemeral:
                    return Refusal(
                        Reason.CLAIM_IN_USE,
                        f"PersistentVolumeClaim {key} is ReadWriteOncePod and pod {other.key} "
                        "uses it",
                        (CLAIM_IN_USE,),
                    )
    return None


def _disk_conflict(pod: Pod, node: Node, board: Board) -> Refusal | None:
    disks = [each.disk for each in pod.volumes if each.disk is not None]
    if not disks:
        return None
    for other in board.pods(node.name):
        for volume in other.volumes:
            for disk in disks:
                if volume.disk is not None and conflict(disk, volume.disk):
                    return Refusal(
                        Reason.DISK_CONFLICT,
                        f"disk {disk.name} is in use by a pod on the node",
                        (DISK_CONFLICT,),
                    )
    return None


RULE: Final = Rule(plugin="VolumeRestrictions", scope=Scope.RELATIONAL, prepare=prepare)
