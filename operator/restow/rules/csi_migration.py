"""In-tree disks as their CSI drivers see them.

kube-scheduler counts and places a disk of a migrated in-tree plugin as the CSI volume it becomes.
Source: `k8s.io/csi-translation-lib` v0.37.2, `plugins/{aws_ebs,azure_disk,gce_pd,openstack_cinder,
portworx,in_tree_volume}.go`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.storage import CsiSource, PersistentVolume
from restow.cluster.terms import Operator, Requirement
from restow.cluster.volumes import Disk, DiskKind
from restow.core.frozen import NO_LABELS, Labels

ZONE: Final = "topology.kubernetes.io/zone"
REGION: Final = "topology.kubernetes.io/region"
BETA_ZONE: Final = "failure-domain.beta.kubernetes.io/zone"
BETA_REGION: Final = "failure-domain.beta.kubernetes.io/region"
ZONE_DELIMITER: Final = "__"
"""Between the zones of a regional disk, in a label of its volume."""

_EBS_VOLUME: Final = re.compile(r"vol-[^/]*")


class _Plugin(NamedTuple):
    """The CSI driver of an in-tree plugin, and its topology key; None if it leaves them alone."""

    driver: str
    zone_key: str | None


_PLUGINS: Final = {
    DiskKind.AWS_EBS: _Plugin("ebs.csi.aws.com", "topology.ebs.csi.aws.com/zone"),
    DiskKind.AZURE_DISK: _Plugin("disk.csi.azure.com", None),
    DiskKind.CINDER: _Plugin("cinder.csi.openstack.org", "topology.cinder.csi.openstack.org/zone"),
    DiskKind.GCE_PD: _Plugin("pd.csi.storage.gke.io", "topology.gke.io/zone"),
    DiskKind.PORTWORX: _Plugin("pxd.portworx.com", None),
}
_NEVER_COUNTED: Final = frozenset({"kubernetes.io/azure-file", "kubernetes.io/vsphere-volume"})
"""Upstream can translate them, but `isCSIMigrationOn` does not know them."""


def driver_of(provisioner: str) -> str | None:
    """Return the CSI driver that provisions for a storage class, None for one never counted."""
    if provisioner in _NEVER_COUNTED:
        return None
    for kind, plugin in _PLUGINS.items():
        if provisioner == kind:
            return plugin.driver
    return provisioner


def is_migratable(disk: Disk) -> bool:
    """Return whether the disk's plugin has a CSI driver."""
    return disk.kind in _PLUGINS


def is_untranslatable(disk: Disk) -> bool:
    """Return whether the disk of a pod has a driver, but a name that upstream cannot translate."""
    return is_migratable(disk) and translated(disk) is None


def translated(disk: Disk, labels: Labels | None = None) -> CsiSource | None:
    """Return the disk as its CSI driver names it, None when upstream cannot translate it.

    Parameters
    ----------
    labels
        Of the PersistentVolume that names the disk; None when a pod does.
    """
    plugin = _PLUGINS.get(disk.kind)
    if plugin is None:
        return None
    handle: str | None = disk.name
    match disk.kind:
        case DiskKind.AWS_EBS:
            handle = _ebs_handle(disk.name)
        case DiskKind.GCE_PD:
            place = _gce_place(labels or NO_LABELS)
            handle = None if place is None else f"projects/UNSPECIFIED/{place}/disks/{disk.name}"
        case DiskKind.AZURE_DISK if not disk.managed:
            handle = None
        case _:
            pass
    return None if handle is None else CsiSource(driver=plugin.driver, handle=handle)


def node_affinity(volume: PersistentVolume) -> tuple[NodeSelectorTerm, ...] | None:
    """Return the volume's node affinity in the words of the CSI driver of its disk.

    The zone key becomes the driver's; a volume that only its labels tie to zones gets a term.
    Source: `translateTopologyFromInTreeToCSI`.
    """
    plugin = _PLUGINS.get(volume.disk.kind) if volume.disk is not None else None
    if plugin is None or plugin.zone_key is None:
        return volume.node_affinity
    zone, region = _topology_keys(volume)
    terms = volume.node_affinity or ()
    if _has_values(terms, zone):
        terms = _renamed(terms, zone, plugin.zone_key)
    elif zones := _split(volume.labels.get(zone, "")):
        term = Requirement(key=plugin.zone_key, operator=Operator.IN, values=zones)
        terms = tuple(
            replace(each, expressions=(*each.expressions, term))
            for each in terms or (NodeSelectorTerm(),)
        )
    if region == BETA_REGION:
        terms = _renamed(terms, BETA_REGION, REGION)
    return terms if terms or volume.node_affinity is not None else None


def _topology_keys(volume: PersistentVolume) -> tuple[str, str]:
    """Return the keys of zone and region that the volume uses (`getTopologyLabel`)."""
    asked = {each.key for term in volume.node_affinity or () for each in term.expressions}
    for found in (asked, volume.labels):
        if ZONE in found:
            return ZONE, REGION
        if BETA_ZONE in found:
            return BETA_ZONE, BETA_REGION
    return ZONE, REGION


def _has_values(terms: Iterable[NodeSelectorTerm], key: str) -> bool:
    return any(each.values for term in terms for each in term.expressions if each.key == key)


def _renamed(terms: Iterable[NodeSelectorTerm], old: str, new: str) -> tuple[NodeSelectorTerm, ...]:
    return tuple(
        replace(
            term,
            expressions=tuple(
                replace(each, key=new) if each.key == old else each for each in term.expressions
            ),
        )
        for term in terms
    )


def _split(label: str) -> tuple[str, ...]:
    """Return the zones of a label, without blanks."""
    zones = {zone.strip() for zone in label.split(ZONE_DELIMITER)}
    return tuple(sorted(zones - {""}))


def _ebs_handle(name: str) -> str | None:
    """Return the volume of `aws://ZONE/VOLUME`, or a bare name as it is."""
    if not name.startswith("aws://"):
        return name
    volume = urlsplit(name).path.strip("/")
    return volume if _EBS_VOLUME.fullmatch(volume) else None


def _gce_place(labels: Labels) -> str | None:
    """Return the zone or region part of a disk's handle, None for zones of several regions."""
    label = labels.get(BETA_ZONE, "") or labels.get(ZONE, "")
    zones = label.split(ZONE_DELIMITER)
    if len(zones) == 1:
        return f"zones/{zones[0] or 'UNSPECIFIED'}"
    parts = [zone.split("-") for zone in zones]
    regions = {"-".join(part[:2]) for part in parts}
    if len(regions) != 1 or any(len(part) != 3 for part in parts):
        return None
    return f"regions/{regions.pop()}"
