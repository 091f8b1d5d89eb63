"""Disks of in-tree plugins as csi-translation-lib translates them."""

import pytest

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.storage import CsiSource
from restow.cluster.terms import Operator, Requirement
from restow.cluster.volumes import Disk, DiskKind
from restow.core.frozen import Labels
from restow.rules import csi_migration
from tests.support.storage import ZONE, a_volume, labelled

BETA_ZONE = "failure-domain.beta.kubernetes.io/zone"
BETA_REGION = "failure-domain.beta.kubernetes.io/region"
EBS_ZONE = "topology.ebs.csi.aws.com/zone"
EBS = Disk(kind=DiskKind.AWS_EBS, name="vol-1")


@pytest.mark.parametrize(
    ("disk", "labels", "expected"),
    [
        (EBS, {}, CsiSource(driver="ebs.csi.aws.com", handle="vol-1")),
        (
            Disk(kind=DiskKind.AWS_EBS, name="aws://us-east-1a/vol-1"),
            {},
            CsiSource(driver="ebs.csi.aws.com", handle="vol-1"),
        ),
        (Disk(kind=DiskKind.AWS_EBS, name="aws://us-east-1a/disk-1"), {}, None),
        (
            Disk(kind=DiskKind.GCE_PD, name="d"),
            {},
            CsiSource(
                driver="pd.csi.storage.gke.io",
                handle="projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d",
            ),
        ),
        (
            Disk(kind=DiskKind.GCE_PD, name="d"),
            {ZONE: "us-east1-a"},
            CsiSource(
                driver="pd.csi.storage.gke.io",
                handle="projects/UNSPECIFIED/zones/us-east1-a/disks/d",
            ),
        ),
        (
            Disk(kind=DiskKind.GCE_PD, name="d"),
            {BETA_ZONE: "us-east1-a__us-east1-b"},
            CsiSource(
                driver="pd.csi.storage.gke.io",
                handle="projects/UNSPECIFIED/regions/us-east1/disks/d",
            ),
        ),
        (Disk(kind=DiskKind.GCE_PD, name="d"), {ZONE: "us-east1-a__us-west1-b"}, None),
        (
            Disk(kind=DiskKind.AZURE_DISK, name="/disks/d"),
            {},
            CsiSource(driver="disk.csi.azure.com", handle="/disks/d"),
        ),
        (Disk(kind=DiskKind.AZURE_DISK, name="/disks/d", managed=False), {}, None),
        (Disk(kind=DiskKind.RBD, name="rbd/i"), {}, None),
    ],
)
def test_disk_is_named_as_its_driver_names_it(
    disk: Disk, labels: dict[str, str], expected: CsiSource | None
) -> None:
    assert csi_migration.translated(disk, Labels(labels)) == expected


@pytest.mark.parametrize(
    ("labels", "before", "after"),
    [
        ({}, None, None),
        ({}, labelled(ZONE, "z"), labelled(EBS_ZONE, "z")),
        ({}, labelled(BETA_ZONE, "z"), labelled(EBS_ZONE, "z")),
        ({ZONE: "y__z"}, None, labelled(EBS_ZONE, "y", "z")),
        ({BETA_ZONE: "z"}, None, labelled(EBS_ZONE, "z")),
        ({ZONE: ""}, None, None),
        ({ZONE: "y"}, labelled(ZONE, "z"), labelled(EBS_ZONE, "z")),
    ],
)
def test_zone_of_a_volume_becomes_that_of_its_driver(
    labels: dict[str, str],
    before: tuple[NodeSelectorTerm, ...] | None,
    after: tuple[NodeSelectorTerm, ...] | None,
) -> None:
    volume = a_volume("v", disk=EBS, labels=labels, node_affinity=before)
    assert csi_migration.node_affinity(volume) == after


def test_old_region_key_becomes_the_stable_one() -> None:
    region = Requirement(key=BETA_REGION, operator=Operator.IN, values=("r",))
    zone = Requirement(key=BETA_ZONE, operator=Operator.IN, values=("z",))
    volume = a_volume("v", disk=EBS, node_affinity=(NodeSelectorTerm(expressions=(region, zone)),))
    translated = csi_migration.node_affinity(volume)
    assert translated is not None
    keys = [each.key for each in translated[0].expressions]
    assert keys == ["topology.kubernetes.io/region", EBS_ZONE]


def test_topology_of_drivers_without_a_key_stays() -> None:
    disk = Disk(kind=DiskKind.AZURE_DISK, name="d")
    volume = a_volume("v", disk=disk, node_affinity=labelled(ZONE, "z"), labels={ZONE: "z"})
    assert csi_migration.node_affinity(volume) == labelled(ZONE, "z")


@pytest.mark.parametrize(
    ("provisioner", "driver"),
    [
        ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
        ("kubernetes.io/vsphere-volume", None),
        ("kubernetes.io/azure-file", None),
        ("csi.example.com", "csi.example.com"),
        ("kubernetes.io/no-provisioner", "kubernetes.io/no-provisioner"),
    ],
)
def test_driver_of_a_provisioner(provisioner: str, driver: str | None) -> None:
    assert csi_migration.driver_of(provisioner) == driver
