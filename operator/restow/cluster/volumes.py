"""What a pod mounts, as far as a rule of kube-scheduler looks at it."""

from dataclasses import dataclass
from enum import StrEnum


class DiskKind(StrEnum):
    """In-tree volume plugins that kube-scheduler knows, by their names in storage classes."""

    AWS_EBS = "kubernetes.io/aws-ebs"
    AZURE_DISK = "kubernetes.io/azure-disk"
    CINDER = "kubernetes.io/cinder"
    GCE_PD = "kubernetes.io/gce-pd"
    ISCSI = "kubernetes.io/iscsi"
    PORTWORX = "kubernetes.io/portworx-volume"
    RBD = "kubernetes.io/rbd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A network disk named in a pod or a PersistentVolume, not through a CSI driver.

    Parameters
    ----------
    name
        What tells one disk from another: the PD name, volume ID, disk URI, IQN, or pool/image.
    monitors
        Ceph monitors of an RBD image; two disks without a common one are not the same.
    managed
        Whether an Azure disk is of kind Managed; only those have a CSI equivalent.
    """

    kind: DiskKind
    name: str
    read_only: bool = False
    monitors: frozenset[str] = frozenset()
    managed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PodVolume:
    """A volume of a pod that is a claim or a network disk; others bind a pod to no node.

    Parameters
    ----------
    claim
        Name of the PersistentVolumeClaim in the pod's namespace; of a generic ephemeral volume,
        the one that the ephemeral volume controller gives it. None for a disk.
    ephemeral
        Whether the claim must be owned by the pod.
    """

    name: str
    claim: str | None = None
    ephemeral: bool = False
    disk: Disk | None = None
