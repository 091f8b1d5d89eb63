"""Disks that kube-scheduler cannot translate: it gives up on the pod, whatever other nodes say."""

import pytest

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.volumes import Disk, DiskKind, PodVolume
from restow.core.ids import NodeName
from restow.core.reasons import Reason
from restow.rules.board import Board
from restow.rules.placement import volume_binding
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot
from tests.support.storage import (
    DRIVER,
    ZONE,
    a_claim,
    a_class,
    a_volume,
    disks,
    drivers_of,
    mounting,
)

A, B = NodeName("a"), NodeName("b")
NAMELESS = Disk(kind=DiskKind.AWS_EBS, name="aws://zone/disk")
NAMED = Disk(kind=DiskKind.AWS_EBS, name="aws://zone/vol-1")
GCE = Disk(kind=DiskKind.GCE_PD, name="disk")
EBS = "ebs.csi.aws.com"
TWO_REGIONS = {ZONE: "us-east-a__us-west-a"}


def surveyed(pod: Pod, snapshot: Snapshot) -> Survey:
    return Survey.of(pod, Board(snapshot))


def with_drivers(*nodes: str, pods: tuple[Pod, ...] = (), limit: int | None = 9) -> Snapshot:
    """Nodes a and b, a claim `c` for a CSI volume; the `nodes` have their drivers."""
    return a_snapshot(
        pods,
        [a_node("a"), a_node("b")],
        claims=[a_claim("c", volume="v")],
        volumes=[a_volume("v")],
        csi_nodes=[drivers_of(name, **{EBS: limit, DRIVER: limit}) for name in nodes],
    )


@pytest.mark.parametrize(
    ("disk", "nodes", "feasible"),
    [
        (NAMED, ("a",), (A, B)),
        (NAMELESS, (), (A, B)),
        (NAMELESS, ("a",), ()),
        (NAMELESS, ("a", "b"), ()),
    ],
)
def test_disk_of_the_pod_that_has_no_csi_name_fails_where_drivers_are(
    disk: Disk, nodes: tuple[str, ...], feasible: tuple[NodeName, ...]
) -> None:
    pod = a_pod(volumes=disks(disk))
    assert surveyed(pod, with_drivers(*nodes)).feasible() == feasible


def test_failing_on_one_node_ends_the_attempt_but_a_node_held_for_the_pod_is_asked_alone() -> None:
    survey = surveyed(a_pod(volumes=disks(NAMELESS)), with_drivers("a"))
    (failure,) = survey.aborted
    assert failure.reason is Reason.VOLUME_UNREADABLE
    assert survey.refusal(A) == failure
    assert survey.refusal(B) is None


def test_node_that_another_rule_refuses_first_cannot_fail() -> None:
    nodes = [a_node("a", unschedulable=True), a_node("b")]
    snapshot = a_snapshot([], nodes, csi_nodes=[drivers_of("a", **{EBS: 9})])
    assert surveyed(a_pod(volumes=disks(NAMELESS)), snapshot).feasible() == (B,)


@pytest.mark.parametrize(
    ("volumes", "limit", "feasible"),
    [
        (mounting("c"), 9, ()),
        (mounting("c"), None, (A, B)),
        ((), 9, (A, B)),
    ],
)
def test_such_a_disk_of_a_pod_in_place_fails_for_those_that_are_counted_beside_it(
    volumes: tuple[PodVolume, ...], limit: int | None, feasible: tuple[NodeName, ...]
) -> None:
    in_place = a_pod("in-place", node="a", volumes=disks(NAMELESS))
    snapshot = with_drivers("a", pods=(in_place,), limit=limit)
    assert surveyed(a_pod(volumes=volumes), snapshot).feasible() == feasible


def test_volume_that_cannot_be_translated_says_so_alone_beside_an_unbound_claim() -> None:
    snapshot = a_snapshot(
        [],
        [a_node("a")],
        claims=[a_claim("c", volume="v"), a_claim("d", storage_class="local")],
        volumes=[a_volume("v", disk=GCE, labels=TWO_REGIONS)],
        storage_classes=[a_class("local", provisioner="kubernetes.io/no-provisioner")],
        csi_nodes=[drivers_of("a", "kubernetes.io/gce-pd")],
    )
    no = surveyed(a_pod(volumes=mounting("c", "d")), snapshot).refusal(A)
    assert no is not None
    assert no.upstream == (volume_binding.UNREADABLE,)


@pytest.mark.parametrize(
    ("labels", "migrated", "feasible"),
    [
        (TWO_REGIONS, ("kubernetes.io/gce-pd",), ()),
        (TWO_REGIONS, (), (A, B)),
        ({ZONE: "us-east-a__us-east-b"}, ("kubernetes.io/gce-pd",), (B,)),
    ],
)
def test_volume_in_zones_of_two_regions_fails_where_its_plugin_is_migrated(
    labels: dict[str, str], migrated: tuple[str, ...], feasible: tuple[NodeName, ...]
) -> None:
    snapshot = a_snapshot(
        [],
        [a_node("a"), a_node("b")],
        claims=[a_claim("c", volume="v")],
        volumes=[a_volume("v", disk=GCE, labels=labels)],
        csi_nodes=[drivers_of("a", *migrated)],
    )
    assert surveyed(a_pod(volumes=mounting("c")), snapshot).feasible() == feasible
