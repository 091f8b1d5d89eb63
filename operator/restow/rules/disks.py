"""Network disks that two pods of one node cannot both mount.

Source: `plugins/volumerestrictions/volume_restrictions.go: isVolumeConflict`.
"""

from typing import Final

from restow.cluster.volumes import Disk, DiskKind

_EXCLUSIVE: Final = frozenset({DiskKind.AWS_EBS, DiskKind.GCE_PD, DiskKind.ISCSI, DiskKind.RBD})
_NEVER_SHARED: Final = DiskKind.AWS_EBS
"""Upstream asks of EBS alone not whether both only read."""


def conflict(one: Disk, other: Disk) -> bool:
    """Return whether pods with these disks cannot share a node: all but two that only read."""
    if not is_writer(one) and not is_writer(other):
        return False
    return bool(keys(one) & keys(other))


def is_writer(disk: Disk) -> bool:
    """Return whether the disk bears no other pod; of two with a common key one must be."""
    return disk.kind is _NEVER_SHARED or not disk.read_only


def keys(disk: Disk) -> frozenset[str]:
    """Return names of the disk: two equal disks have one in common. None if it is always shared.

    An RBD image has one per Ceph monitor: images are the same if they have a monitor in common.
    """
    if disk.kind not in _EXCLUSIVE:
        return frozenset()
    if disk.kind is DiskKind.RBD:
        return frozenset(f"{disk.kind}/{monitor}/{disk.name}" for monitor in disk.monitors)
    return frozenset({f"{disk.kind}/{disk.name}"})
