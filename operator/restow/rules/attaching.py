"""Volumes that CSI drivers attach to nodes, counted as kube-scheduler counts them.

Source: `plugins/nodevolumelimits/csi.go`. A volume that several pods of a node use counts once. A
claim without a volume counts as one of its own, made by the provisioner of its class.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolume, PersistentVolumeClaim
from restow.core.ids import NodeName
from restow.rules import claims, csi_migration
from restow.rules.board import Board


class Attachable(NamedTuple):
    """A volume, by its driver and what the driver calls it."""

    driver: str
    handle: str


class Load(NamedTuple):
    """The volumes of a node: those that its pods use, and further ones still attached to it."""

    wanted: frozenset[Attachable]
    lingering: frozenset[Attachable]

    def per_driver(self) -> Counter[str]:
        """Return how many places are taken of each driver."""
        return per_driver(self.wanted | self.lingering)


def attachables(pod: Pod, snapshot: Snapshot, *, migrated: bool = True) -> frozenset[Attachable]:
    """Return the distinct volumes of the pod that a CSI driver attaches.

    Parameters
    ----------
    migrated
        Whether in-tree disks are attached by their CSI drivers: on every node with a CSINode.
    """
    if not pod.volumes:
        return frozenset()
    return frozenset(_attachables(pod, snapshot, migrated=migrated))


def in_use(name: NodeName, board: Board) -> Load:
    """Return the distinct volumes of a node.

    A volume whose pods the board has taken away does not linger: it is detached after them.
    """
    snapshot = board.snapshot
    migrated = name in snapshot.csi_nodes
    wanted = _wanted(board.pods(name), snapshot, migrated=migrated)
    lingering = frozenset(_attached(name, snapshot)) - wanted
    if lingering:
        lingering -= _wanted(snapshot.pods_by_node.get(name, ()), snapshot, migrated=migrated)
    return Load(wanted, lingering)


def limits(name: NodeName, snapshot: Snapshot) -> Mapping[str, int]:
    """Return how many volumes each driver can attach to a node; drivers without limit absent."""
    drivers = snapshot.csi_nodes.get(name)
    if drivers is None:
        return {}
    return {each.name: each.limit for each in drivers.drivers if each.limit is not None}


def per_driver(volumes: frozenset[Attachable]) -> Counter[str]:
    """Return how many of the volumes each driver attaches."""
    return Counter(volume.driver for volume in volumes)


def _wanted(pods: Iterable[Pod], snapshot: Snapshot, *, migrated: bool) -> frozenset[Attachable]:
    return frozenset(
        volume
        for pod in pods
        if pod.volumes
        for volume in _attachables(pod, snapshot, migrated=migrated)
    )


def _attachables(pod: Pod, snapshot: Snapshot, *, migrated: bool) -> Iterator[Attachable]:
    for claim in claims.found(pod, snapshot):
        volume = _of_claim(claim, snapshot, migrated=migrated)
        if volume is not None:
            yield volume
    if migrated:
        for each in pod.volumes:
            source = None if each.disk is None else csi_migration.translated(each.disk)
            if source is not None:
                yield Attachable(source.driver, source.handle)


def _of_claim(
    claim: PersistentVolumeClaim, snapshot: Snapshot, *, migrated: bool
) -> Attachable | None:
    volume = snapshot.volumes.get(claim.volume) if claim.volume else None
    if volume is None:
        return _to_be_made(claim, snapshot, migrated=migrated)
    return _of_volume(volume, migrated=migrated)


def _of_volume(volume: PersistentVolume, *, migrated: bool) -> Attachable | None:
    source = volume.csi
    if source is None and volume.disk is not None and migrated:
        source = csi_migration.translated(volume.disk, volume.labels)
    return None if source is None else Attachable(source.driver, source.handle)


def _to_be_made(
    claim: PersistentVolumeClaim, snapshot: Snapshot, *, migrated: bool
) -> Attachable | None:
    found = snapshot.storage_classes.get(claim.storage_class) if claim.storage_class else None
    if found is None:
        return None
    driver = csi_migration.driver_of(found.provisioner)
    if not driver or (driver != found.provisioner and not migrated):
        return None
    return Attachable(driver, f"claim {claim.key}")


def _attached(name: NodeName, snapshot: Snapshot) -> Iterator[Attachable]:
    for each in snapshot.attachments_by_node.get(name, ()):
        volume = snapshot.volumes.get(each.volume) if each.volume is not None else None
        if each.attacher and volume is not None and volume.csi is not None:
            yield Attachable(each.attacher, volume.csi.handle)
