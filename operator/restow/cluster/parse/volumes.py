"""The volumes of a pod, and the disks that pods and PersistentVolumes name."""

from collections.abc import Iterator

from restow.cluster.parse.wire_pod import Pod, Volume
from restow.cluster.parse.wire_storage import VolumeSpec
from restow.cluster.volumes import Disk, DiskKind, PodVolume


def of(wire: Pod) -> tuple[PodVolume, ...]:
    """Return the claims and network disks of the pod, in the order of its spec."""
    return tuple(_volumes(wire))


def disk(source: Volume | VolumeSpec) -> Disk | None:
    """Return the network disk that is named, of those with a CSI equivalent; None for none."""
    if (gce := source.gce_persistent_disk) is not None:
        return _disk(DiskKind.GCE_PD, gce.pd_name, read_only=gce.read_only)
    if (ebs := source.aws_elastic_block_store) is not None:
        return _disk(DiskKind.AWS_EBS, ebs.volume_id, read_only=ebs.read_only)
    if (cinder := source.cinder) is not None:
        return _disk(DiskKind.CINDER, cinder.volume_id, read_only=cinder.read_only)
    if (portworx := source.portworx_volume) is not None:
        return _disk(DiskKind.PORTWORX, portworx.volume_id, read_only=portworx.read_only)
    if (azure := source.azure_disk) is not None:
        return Disk(
            kind=DiskKind.AZURE_DISK,
            name=azure.disk_uri,
            read_only=bool(azure.read_only),
            managed=azure.kind is None or azure.kind.lower() == "managed",
        )
    return None


def _volumes(wire: Pod) -> Iterator[PodVolume]:
    for each in wire.spec.volumes or ():
        if each.persistent_volume_claim is not None:
            yield PodVolume(name=each.name, claim=each.persistent_volume_claim.claim_name)
        elif each.ephemeral is not None:
            claim = f"{wire.metadata.name}-{each.name}"
            yield PodVolume(name=each.name, claim=claim, ephemeral=True)
        elif (found := disk(each) or _exclusive_disk(each)) is not None:
            yield PodVolume(name=each.name, disk=found)


def _exclusive_disk(volume: Volume) -> Disk | None:
    """Return a disk without CSI equivalent that kube-scheduler keeps from a second pod."""
    if (iscsi := volume.iscsi) is not None:
        return _disk(DiskKind.ISCSI, iscsi.iqn, read_only=iscsi.read_only)
    if (rbd := volume.rbd) is not None:
        return Disk(
            kind=DiskKind.RBD,
            name=f"{rbd.pool or 'rbd'}/{rbd.image}",
            read_only=bool(rbd.read_only),
            monitors=frozenset(rbd.monitors or ()),
        )
    return None


def _disk(kind: DiskKind, name: str, *, read_only: bool | None) -> Disk:
    return Disk(kind=kind, name=name, read_only=bool(read_only))
