"""What the volumes of pods take up in a plan."""

import pytest

from restow.cluster.objects import Pod
from restow.cluster.storage import PersistentVolume, VolumeAttachment
from restow.cluster.volumes import Disk, DiskKind
from restow.core.ids import NodeName
from restow.core.reasons import Reason
from restow.rules import storage_demand
from restow.rules.board import Board
from tests.support.objects import a_node, a_pod, a_snapshot, key_of
from tests.support.storage import (
    DRIVER,
    ZONE,
    a_claim,
    a_class,
    a_volume,
    disks,
    drivers_of,
    ephemeral,
    labelled,
    meant_for,
    mounting,
    on_node,
)

A = NodeName("a")
NODES = (a_node("a", labels={ZONE: "z"}), a_node("b", labels={ZONE: "z"}), a_node("c"))
ATTACH = f"attach {DRIVER}"


def test_pod_without_volumes_demands_nothing() -> None:
    pod, snapshot = a_pod(), a_snapshot([], NODES)
    assert storage_demand.attachments(pod, snapshot) == {}
    assert storage_demand.exclusive_claims(pod, snapshot) == frozenset()
    assert storage_demand.conflict_keys(pod) == {}
    assert not storage_demand.unbound(pod, snapshot)
    assert not storage_demand.needs_static_volume(pod, snapshot)
    assert storage_demand.pinned(pod, snapshot) is None


def test_attachments_and_room_count_distinct_volumes() -> None:
    shared = [a_pod(node="a", volumes=mounting("d")), a_pod(node="a", volumes=mounting("d"))]
    snapshot = a_snapshot(
        shared,
        NODES,
        claims=[a_claim(name, volume=f"pv-{name}") for name in ("c", "d", "e")],
        volumes=[a_volume(f"pv-{name}") for name in ("c", "d", "e")],
        csi_nodes=[drivers_of("a", driver=2, other=None), drivers_of("b", driver=0)],
        attachments=[VolumeAttachment(name="x", attacher=DRIVER, node=A, volume="pv-e")],
    )
    board = Board(snapshot)
    pod = a_pod(volumes=mounting("c", "c", "e"))
    assert storage_demand.attachments(pod, snapshot) == {ATTACH: 2}
    assert storage_demand.attach_room(snapshot.nodes[A], board) == {ATTACH: 0}
    assert storage_demand.attach_room(NODES[1], board) == {ATTACH: 0}
    assert storage_demand.attach_room(NODES[2], board) == {}
    board.take(shared[0].uid)
    assert storage_demand.attach_room(snapshot.nodes[A], board) == {ATTACH: 0}
    board.take(shared[1].uid)
    assert storage_demand.attach_room(snapshot.nodes[A], board) == {ATTACH: 1}


def test_only_claims_for_one_pod_are_exclusive() -> None:
    pod = a_pod("p", volumes=(*mounting("c", "d", "gone"), *ephemeral("p")))
    once = ["ReadWriteOncePod"]
    claims = [
        a_claim("c", access_modes=once),
        a_claim("d"),
        a_claim("p-scratch", access_modes=once, controller=pod.uid),
    ]
    snapshot = a_snapshot([], NODES, claims=claims)
    assert storage_demand.exclusive_claims(pod, snapshot) == {key_of("c")}


def test_disks_conflict_unless_both_only_read() -> None:
    written = Disk(kind=DiskKind.GCE_PD, name="d")
    read = Disk(kind=DiskKind.GCE_PD, name="d", read_only=True)
    free = Disk(kind=DiskKind.CINDER, name="d")
    key = "kubernetes.io/gce-pd/d"
    assert storage_demand.conflict_keys(a_pod(volumes=disks(written, free))) == {key: True}
    assert storage_demand.conflict_keys(a_pod(volumes=disks(read))) == {key: False}
    assert storage_demand.conflict_keys(a_pod(volumes=disks(read, written))) == {key: True}


@pytest.mark.parametrize(
    ("storage_class", "volumes", "is_unbound", "is_static"),
    [
        ("local", [], True, True),
        ("slow", [], True, False),
        ("slow", [a_volume("v", storage_class="slow")], True, True),
        ("slow", [a_volume("v", storage_class="slow", available=False)], True, False),
        ("slow", [a_volume("v", storage_class="slow", claim=meant_for("d"))], True, False),
        ("now", [], False, False),
        ("", [], False, False),
    ],
)
def test_pods_compete_for_volumes_that_exist(
    storage_class: str, volumes: list[PersistentVolume], is_unbound: bool, is_static: bool
) -> None:
    snapshot = a_snapshot(
        [],
        NODES,
        claims=[a_claim("c", storage_class=storage_class)],
        volumes=volumes,
        storage_classes=[
            a_class(),
            a_class("now", delayed=False),
            a_class("local", provisioner="kubernetes.io/no-provisioner"),
        ],
    )
    pod = a_pod(volumes=mounting("c"))
    assert storage_demand.unbound(pod, snapshot) is is_unbound
    assert storage_demand.needs_static_volume(pod, snapshot) is is_static


@pytest.mark.parametrize(
    ("volume", "is_pinned"),
    [
        (a_volume("v"), False),
        (a_volume("v", labels={"any": "label"}), False),
        (a_volume("v", node_affinity=on_node("a")), True),
        (a_volume("v", node_affinity=on_node("gone")), True),
        (a_volume("v", node_affinity=on_node("a", "b")), False),
        (a_volume("v", node_affinity=labelled(ZONE, "z")), False),
        (a_volume("v", node_affinity=on_node("a", "b"), labels={ZONE: "y"}), True),
        (a_volume("v", labels={ZONE: "z"}), False),
        (a_volume("w"), True),
        (a_volume("v", disk=Disk(kind=DiskKind.GCE_PD, name="d")), False),
    ],
)
def test_pod_is_pinned_by_a_volume_that_one_node_reaches(
    volume: PersistentVolume, is_pinned: bool
) -> None:
    pod: Pod = a_pod(node="a", volumes=mounting("c"))
    snapshot = a_snapshot([pod], NODES, claims=[a_claim("c", volume="v")], volumes=[volume])
    refusal = storage_demand.pinned(pod, snapshot)
    assert (refusal is not None) is is_pinned
    if refusal is not None:
        assert refusal.reason is Reason.VOLUME_PINNED
