"""Slim wire forms of the volumes that a pod or a PersistentVolume names; see `wire`."""

import msgspec

from restow.cluster.parse.wire import Wire


class GcePd(Wire, frozen=True):
    """v1.GCEPersistentDiskVolumeSource."""

    pd_name: str
    read_only: bool | None = None


class AwsEbs(Wire, frozen=True):
    """v1.AWSElasticBlockStoreVolumeSource."""

    volume_id: str = msgspec.field(name="volumeID")
    read_only: bool | None = None


class AzureDisk(Wire, frozen=True):
    """v1.AzureDiskVolumeSource."""

    disk_uri: str = msgspec.field(name="diskURI")
    kind: str | None = None
    read_only: bool | None = None


class Cinder(Wire, frozen=True):
    """v1.CinderVolumeSource and v1.CinderPersistentVolumeSource."""

    volume_id: str = msgspec.field(name="volumeID")
    read_only: bool | None = None


class Portworx(Wire, frozen=True):
    """v1.PortworxVolumeSource."""

    volume_id: str = msgspec.field(name="volumeID")
    read_only: bool | None = None


class Iscsi(Wire, frozen=True):
    """v1.ISCSIVolumeSource."""

    iqn: str
    read_only: bool | None = None


class Rbd(Wire, frozen=True):
    """v1.RBDVolumeSource."""

    image: str
    monitors: list[str] | None = None
    pool: str | None = None
    read_only: bool | None = None


class ClaimSource(Wire, frozen=True):
    """v1.PersistentVolumeClaimVolumeSource."""

    claim_name: str
