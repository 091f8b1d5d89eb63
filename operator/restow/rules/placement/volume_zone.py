"""VolumeZone: the topology labels of bound volumes must be those of the node.

Upstream: `plugins/volumezone/volume_zone.go`. Claims of ephemeral volumes are not asked, as there.
"""

from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolumeClaim
from restow.core.reasons import Reason, Refusal
from restow.rules import claims
from restow.rules.board import Board
from restow.rules.reach import Zones, in_zones, zones
from restow.rules.rule import Prepared, Rule, Scope

ZONE_MISMATCH: Final = "node(s) had no available volume zone"


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what the labels of the pod's volumes say; None when they say nothing."""
    snapshot = board.snapshot
    demanded: list[Zones] = []
    for volume, key in claims.claimed(pod):
        if volume.ephemeral:
            continue
        claim = snapshot.claims.get(key)
        if claim is None:
            return claims.not_found(key)
        if not claim.volume:
            unbound = _unbound(claim, snapshot)
            if unbound is not None:
                return unbound
        elif claim.volume not in snapshot.volumes:
            return claims.volume_not_found(claim, f'persistentvolume "{claim.volume}" not found')
        else:
            demanded.extend(zones(snapshot.volumes[claim.volume]))
    if not demanded:
        return None
    wanted = tuple(demanded)

    def refuse(node: Node) -> Refusal | None:
        if in_zones(wanted, node):
            return None
        facts = ", ".join(f"{each.key} {' or '.join(sorted(each.values))}" for each in wanted)
        message = f"the pod's volumes are in {facts}"
        return Refusal(Reason.VOLUME_ZONE_MISMATCH, message, (ZONE_MISMATCH,))

    return Prepared(refuse=refuse)


def _unbound(claim: PersistentVolumeClaim, snapshot: Snapshot) -> Refusal | None:
    """Return why a claim without volume keeps the pod off all nodes; None if it is made later."""
    name = claim.storage_class
    found = snapshot.storage_classes.get(name)
    if not name:
        text = "PersistentVolumeClaim had no pv name and storageClass name"
    elif found is None:
        text = f'storageclass.storage.k8s.io "{name}" not found'
    elif not found.delayed:
        text = "PersistentVolume had no name"
    else:
        return None
    message = f"PersistentVolumeClaim {claim.key} has no volume yet"
    return Refusal(Reason.CLAIM_UNBOUND, message, (text,))


RULE: Final = Rule(plugin="VolumeZone", scope=Scope.LOCAL, prepare=prepare)
