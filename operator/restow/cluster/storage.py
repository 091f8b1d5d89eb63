"""What restow knows of volumes, claims, classes, and the drivers on the nodes; frozen and slim."""

from dataclasses import dataclass

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.terms import LabelSelector, Requirement
from restow.cluster.volumes import Disk
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName, ObjectKey, Uid


@dataclass(frozen=True, slots=True, kw_only=True)
class CsiSource:
    """The volume behind a PersistentVolume as its CSI driver names it."""

    driver: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRef:
    """The claim a volume is meant for; an empty `uid` is any claim of that key."""

    key: ObjectKey
    uid: Uid


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentVolume:
    """A PersistentVolume.

    Parameters
    ----------
    storage_class
        Empty for none; the old annotation counts before the field, as upstream.
    node_affinity
        Terms of `spec.nodeAffinity.required`, None when every node reaches the volume.
    claim
        None while nobody claimed it.
    available
        Whether the phase is Available.
    csi, disk
        What is behind it; both None for anything else (nfs, local, hostPath…).
    """

    name: str
    labels: Labels = NO_LABELS
    storage_class: str = ""
    capacity_bytes: int = 0
    access_modes: frozenset[str] = frozenset()
    volume_mode: str = "Filesystem"
    attributes_class: str = ""
    node_affinity: tuple[NodeSelectorTerm, ...] | None = None
    claim: ClaimRef | None = None
    available: bool = False
    deleting: bool = False
    csi: CsiSource | None = None
    disk: Disk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentVolumeClaim:
    """A PersistentVolumeClaim.

    Parameters
    ----------
    volume
        Name of its volume, empty while it has none.
    bound
        Whether the binding is completed (annotation `pv.kubernetes.io/bind-completed`).
    storage_class
        Empty for none; the old annotation counts before the field, as upstream.
    request_bytes
        None when the claim requests no storage.
    selected_node
        Where kube-scheduler has asked the provisioner to make the volume, None if it has not.
    lost
        Whether its volume is gone (phase Lost).
    controller
        Uid of the object that controls it; the pod's, for a generic ephemeral volume.
    """

    key: ObjectKey
    uid: Uid
    volume: str = ""
    bound: bool = False
    storage_class: str = ""
    request_bytes: int | None = None
    access_modes: frozenset[str] = frozenset()
    volume_mode: str = "Filesystem"
    attributes_class: str = ""
    selector: LabelSelector | None = None
    selected_node: NodeName | None = None
    lost: bool = False
    deleting: bool = False
    controller: Uid | None = None

    @property
    def exclusive(self) -> bool:
        """Whether only one pod of the cluster may use it."""
        return "ReadWriteOncePod" in self.access_modes


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageClass:
    """A StorageClass.

    Parameters
    ----------
    delayed
        Whether volumeBindingMode is WaitForFirstConsumer, so that kube-scheduler binds.
    allowed_topologies
        Terms, one of which a node must match if there are any; one without requirements takes
        no node.
    """

    name: str
    provisioner: str = ""
    delayed: bool = False
    allowed_topologies: tuple[tuple[Requirement, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDriver:
    """A CSI driver on a node; `limit` is how many volumes it can attach there, None for any."""

    name: str
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CSINode:
    """The drivers of a node, and the in-tree plugins that it serves through them."""

    name: NodeName
    drivers: tuple[NodeDriver, ...] = ()
    migrated_plugins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CSIDriver:
    """A CSIDriver.

    Parameters
    ----------
    storage_capacity
        Whether it publishes CSIStorageCapacity, which kube-scheduler then insists on.
    required_on_node
        `preventPodSchedulingIfMissing`: pods stay off nodes that do not run it.
    """

    name: str
    storage_capacity: bool = False
    required_on_node: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CSIStorageCapacity:
    """What is left of a storage class in a topology; `topology` None is no node.

    `largest_bytes` is the largest volume that can be made: `maximumVolumeSize`, or else the
    capacity; None when neither is said.
    """

    key: ObjectKey
    storage_class: str
    topology: LabelSelector | None = None
    largest_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAttachment:
    """A volume that is, or shall be, attached to a node; `volume` None for an inline one."""

    name: str
    attacher: str
    node: NodeName
    volume: str | None = None
