"""Builders of storage: a plain object, and only what a test is about as an override."""

from collections.abc import Iterable, Mapping

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.storage import (
    ClaimRef,
    CSINode,
    CsiSource,
    NodeDriver,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
)
from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.cluster.volumes import Disk, PodVolume
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey, Uid
from tests.support.objects import GIB, key_of

DRIVER = "csi.example.com"
ZONE = "topology.kubernetes.io/zone"


def mounting(*claims: str) -> tuple[PodVolume, ...]:
    """Volumes of a pod that are these claims."""
    return tuple(PodVolume(name=f"v{at}", claim=name) for at, name in enumerate(claims))


def ephemeral(pod: str, name: str = "scratch") -> tuple[PodVolume, ...]:
    """A generic ephemeral volume of the pod of that name."""
    return (PodVolume(name=name, claim=f"{pod}-{name}", ephemeral=True),)


def disks(*found: Disk) -> tuple[PodVolume, ...]:
    """Volumes of a pod that are these disks."""
    return tuple(PodVolume(name=f"d{at}", disk=disk) for at, disk in enumerate(found))


def labelled(key: str, *values: str) -> tuple[NodeSelectorTerm, ...]:
    """Node affinity for nodes with one of the values."""
    wanted = Requirement(key=key, operator=Operator.IN, values=values)
    return (NodeSelectorTerm(expressions=(wanted,)),)


def on_node(*names: str) -> tuple[NodeSelectorTerm, ...]:
    """Node affinity of a local volume."""
    return labelled("kubernetes.io/hostname", *names)


def a_volume(
    name: str,
    *,
    gib: int = 1,
    storage_class: str = "",
    labels: Mapping[str, str] | None = None,
    node_affinity: tuple[NodeSelectorTerm, ...] | None = None,
    claim: ClaimRef | None = None,
    available: bool = True,
    deleting: bool = False,
    access_modes: Iterable[str] = ("ReadWriteOnce",),
    volume_mode: str = "Filesystem",
    attributes_class: str = "",
    disk: Disk | None = None,
    driver: str = DRIVER,
) -> PersistentVolume:
    """An available volume of 1 GiB behind a CSI driver, unless a `disk` is behind it."""
    return PersistentVolume(
        name=name,
        labels=Labels(labels or {}),
        storage_class=storage_class,
        capacity_bytes=gib * GIB,
        access_modes=frozenset(access_modes),
        volume_mode=volume_mode,
        attributes_class=attributes_class,
        node_affinity=node_affinity,
        claim=claim,
        available=available,
        deleting=deleting,
        csi=None if disk else CsiSource(driver=driver, handle=f"handle-{name}"),
        disk=disk,
    )


def a_claim(
    name: str,
    *,
    volume: str = "",
    bound: bool | None = None,
    storage_class: str = "",
    gib: int | None = 1,
    access_modes: Iterable[str] = ("ReadWriteOnce",),
    volume_mode: str = "Filesystem",
    attributes_class: str = "",
    selector: LabelSelector | None = None,
    selected_node: str | None = None,
    lost: bool = False,
    deleting: bool = False,
    controller: Uid | None = None,
) -> PersistentVolumeClaim:
    """A claim of `namespace/name` for 1 GiB; with `volume` it is bound to it."""
    key = key_of(name)
    return PersistentVolumeClaim(
        key=key,
        uid=Uid(f"uid-claim-{key}"),
        volume=volume,
        bound=bool(volume) if bound is None else bound,
        storage_class=storage_class,
        request_bytes=None if gib is None else gib * GIB,
        access_modes=frozenset(access_modes),
        volume_mode=volume_mode,
        attributes_class=attributes_class,
        selector=selector,
        selected_node=None if selected_node is None else NodeName(selected_node),
        lost=lost,
        deleting=deleting,
        controller=controller,
    )


def meant_for(claim: str, uid: str = "") -> ClaimRef:
    """What a volume that is meant for a claim says."""
    key: ObjectKey = key_of(claim)
    return ClaimRef(key=key, uid=Uid(uid))


def a_class(
    name: str = "slow",
    *,
    provisioner: str = DRIVER,
    delayed: bool = True,
    zones: Iterable[str] = (),
) -> StorageClass:
    """A class that waits for the pod; `zones` are where its volumes may be made."""
    values = tuple(zones)
    term = (Requirement(key=ZONE, operator=Operator.IN, values=values),)
    return StorageClass(
        name=name,
        provisioner=provisioner,
        delayed=delayed,
        allowed_topologies=(term,) if values else (),
    )


def drivers_of(node: str, *migrated: str, **limits: int | None) -> CSINode:
    """The CSINode of a node; limits by driver, `driver` standing for `DRIVER`."""
    return CSINode(
        name=NodeName(node),
        drivers=tuple(
            NodeDriver(name=DRIVER if name == "driver" else name, limit=limit)
            for name, limit in limits.items()
        ),
        migrated_plugins=frozenset(migrated),
    )
