"""What the volumes of pods take up, for the packing model: rules as amounts and exclusions.

The rules themselves are in `placement`; these are what a plan of many pods needs to respect them.
"""

from collections.abc import Iterable, Mapping

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolume
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules import claims, disks
from restow.rules.attaching import attachables, in_use, limits, per_driver
from restow.rules.binding import PodClaims, can_provision
from restow.rules.board import Board
from restow.rules.reach import affinity_at, in_zones, is_taken, nodes_taken, zones
from restow.rules.volume_matching import is_unclaimed


def attachments(pod: Pod, snapshot: Snapshot) -> Amounts:
    """Return how many distinct volumes the pod attaches per CSI driver, named `attach DRIVER`.

    Pods of one node that share a volume attach it once; their sum is an upper bound.
    """
    return Amounts({_dimension(driver): count for driver, count in _count(pod, snapshot).items()})


def attach_room(node: Node, board: Board) -> Mapping[str, int]:
    """Return how many more volumes the node can attach, named `attach DRIVER`.

    Drivers without limit are absent, full ones are 0, overfull ones negative. Take off the board
    what the plan may move, so that what those pods share with others is not counted as freed.
    """
    most = limits(node.name, board.snapshot)
    if not most:
        return {}
    used = in_use(node.name, board).per_driver()
    return {_dimension(driver): limit - used[driver] for driver, limit in sorted(most.items())}


def exclusive_claims(pod: Pod, snapshot: Snapshot) -> frozenset[ObjectKey]:
    """Return the claims that only one pod of the cluster may use (ReadWriteOncePod)."""
    keys = (key for volume, key in claims.claimed(pod) if not volume.ephemeral)
    return frozenset(
        key for key in keys if key in snapshot.claims and snapshot.claims[key].exclusive
    )


def conflict_keys(pod: Pod) -> Mapping[str, bool]:
    """Return keys of legacy disks that not every two pods of a node can share.

    Two pods with a common key cannot share a node if it is True for one of them: that one writes.
    """
    found: dict[str, bool] = {}
    for volume in pod.volumes:
        if volume.disk is not None:
            for key in disks.keys(volume.disk):
                found[key] = found.get(key, False) or disks.is_writer(volume.disk)
    return dict(sorted(found.items()))


def unbound(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether kube-scheduler has to bind a volume of the pod itself."""
    return bool(pod.volumes) and bool(PodClaims.of(pod, snapshot).delayed)


def needs_static_volume(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether the pod may take one of the volumes that exist, so that pods compete.

    That is a pod with an unbound claim of a class that makes no volumes, or of one that has
    unclaimed volumes: kube-scheduler takes those first.
    """
    if not pod.volumes:
        return False
    return any(
        not can_provision(claim, snapshot)
        or any(
            is_unclaimed(each) for each in snapshot.volumes_by_class.get(claim.storage_class, ())
        )
        for claim in PodClaims.of(pod, snapshot).delayed
    )


def pinned(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return why moving the pod is pointless: a bound volume is reachable from one node only.

    A volume that no node reaches, or that does not exist, pins as well: nothing would take the
    pod's replacement.
    """
    if not pod.volumes:
        return None
    for claim in PodClaims.of(pod, snapshot).bound:
        volume = snapshot.volumes.get(claim.volume)
        if volume is None:
            return Refusal(
                Reason.VOLUME_PINNED,
                f"PersistentVolume {claim.volume} of its claim {claim.key} does not exist",
            )
        if not _has_choice(volume, snapshot):
            return Refusal(
                Reason.VOLUME_PINNED,
                f"PersistentVolume {volume.name} of its claim {claim.key} can be reached from "
                "one node at most",
            )
    return None


def _count(pod: Pod, snapshot: Snapshot) -> Mapping[str, int]:
    return per_driver(attachables(pod, snapshot))


def _dimension(driver: str) -> str:
    return f"attach {driver}"


def _has_choice(volume: PersistentVolume, snapshot: Snapshot) -> bool:
    """Tell whether two nodes reach the volume."""
    if volume.node_affinity is None and not volume.labels and volume.disk is None:
        return True
    demanded, reaching = zones(volume), 0
    for name in _candidates(volume, snapshot):
        node = snapshot.nodes[name]
        if _is_reachable(volume, node, snapshot) and in_zones(demanded, node):
            reaching += 1
            if reaching > 1:
                return True
    return False


def _candidates(volume: PersistentVolume, snapshot: Snapshot) -> Iterable[NodeName]:
    """Return nodes that may reach the volume; a disk may be asked for by its driver's labels."""
    if volume.node_affinity is None or volume.disk is not None:
        return snapshot.nodes
    return nodes_taken(volume.node_affinity, snapshot)


def _is_reachable(volume: PersistentVolume, node: Node, snapshot: Snapshot) -> bool:
    try:
        return is_taken(affinity_at(volume, node, snapshot), node)
    except ValueError:
        return False
