"""Slim wire forms of storage; see `wire`."""

from restow.cluster.parse.wire import Meta, Quantities, Quantity, Selector, Wire
from restow.cluster.parse.wire_pod import NodeTerms
from restow.cluster.parse.wire_volumes import AwsEbs, AzureDisk, Cinder, GcePd, Portworx


class CsiSource(Wire, frozen=True):
    """v1.CSIPersistentVolumeSource."""

    driver: str
    volume_handle: str


class ClaimReference(Wire, frozen=True):
    """v1.ObjectReference of a volume to its claim."""

    namespace: str = ""
    name: str = ""
    uid: str = ""


class VolumeNodeAffinity(Wire, frozen=True):
    """v1.VolumeNodeAffinity."""

    required: NodeTerms | None = None


class VolumeSpec(Wire, frozen=True):
    """v1.PersistentVolumeSpec."""

    capacity: Quantities | None = None
    access_modes: list[str] | None = None
    claim_ref: ClaimReference | None = None
    storage_class_name: str | None = None
    volume_mode: str | None = None
    volume_attributes_class_name: str | None = None
    node_affinity: VolumeNodeAffinity | None = None
    csi: CsiSource | None = None
    gce_persistent_disk: GcePd | None = None
    aws_elastic_block_store: AwsEbs | None = None
    azure_disk: AzureDisk | None = None
    cinder: Cinder | None = None
    portworx_volume: Portworx | None = None


class Phased(Wire, frozen=True):
    """A status with a phase."""

    phase: str | None = None


class Volume(Wire, frozen=True):
    """v1.PersistentVolume."""

    metadata: Meta
    spec: VolumeSpec = VolumeSpec()
    status: Phased = Phased()


class VolumeRequirements(Wire, frozen=True):
    """v1.VolumeResourceRequirements."""

    requests: Quantities | None = None


class ClaimSpec(Wire, frozen=True):
    """v1.PersistentVolumeClaimSpec."""

    access_modes: list[str] | None = None
    selector: Selector | None = None
    resources: VolumeRequirements | None = None
    volume_name: str | None = None
    storage_class_name: str | None = None
    volume_mode: str | None = None
    volume_attributes_class_name: str | None = None


class Claim(Wire, frozen=True):
    """v1.PersistentVolumeClaim."""

    metadata: Meta
    spec: ClaimSpec = ClaimSpec()
    status: Phased = Phased()


class TopologyRequirement(Wire, frozen=True):
    """v1.TopologySelectorLabelRequirement."""

    key: str
    values: tuple[str, ...] | None = None


class TopologyTerm(Wire, frozen=True):
    """v1.TopologySelectorTerm."""

    match_label_expressions: list[TopologyRequirement] | None = None


class Class(Wire, frozen=True):
    """storage.k8s.io/v1 StorageClass."""

    metadata: Meta
    provisioner: str = ""
    volume_binding_mode: str | None = None
    allowed_topologies: list[TopologyTerm] | None = None


class Allocatable(Wire, frozen=True):
    """storage.k8s.io/v1 VolumeNodeResources."""

    count: int | None = None


class NodeDriver(Wire, frozen=True):
    """storage.k8s.io/v1 CSINodeDriver."""

    name: str
    allocatable: Allocatable | None = None


class CsiNodeSpec(Wire, frozen=True):
    """storage.k8s.io/v1 CSINodeSpec."""

    drivers: list[NodeDriver] | None = None


class CsiNode(Wire, frozen=True):
    """storage.k8s.io/v1 CSINode."""

    metadata: Meta
    spec: CsiNodeSpec = CsiNodeSpec()


class CsiDriverSpec(Wire, frozen=True):
    """storage.k8s.io/v1 CSIDriverSpec."""

    storage_capacity: bool | None = None
    prevent_pod_scheduling_if_missing: bool | None = None


class CsiDriver(Wire, frozen=True):
    """storage.k8s.io/v1 CSIDriver."""

    metadata: Meta
    spec: CsiDriverSpec = CsiDriverSpec()


class CsiStorageCapacity(Wire, frozen=True):
    """storage.k8s.io/v1 CSIStorageCapacity."""

    metadata: Meta
    storage_class_name: str = ""
    node_topology: Selector | None = None
    capacity: Quantity = None
    maximum_volume_size: Quantity = None


class AttachmentSource(Wire, frozen=True):
    """storage.k8s.io/v1 VolumeAttachmentSource."""

    persistent_volume_name: str | None = None


class AttachmentSpec(Wire, frozen=True):
    """storage.k8s.io/v1 VolumeAttachmentSpec."""

    attacher: str = ""
    node_name: str = ""
    source: AttachmentSource = AttachmentSource()


class Attachment(Wire, frozen=True):
    """storage.k8s.io/v1 VolumeAttachment."""

    metadata: Meta
    spec: AttachmentSpec = AttachmentSpec()
