"""Every text that kube-scheduler's volume plugins have for a pod, and when it takes the node."""

from functools import partial

import pytest

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import (
    CSIDriver,
    CSIStorageCapacity,
    PersistentVolume,
    PersistentVolumeClaim,
    VolumeAttachment,
)
from restow.cluster.volumes import Disk, DiskKind
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules.board import Board
from restow.rules.placement import (
    node_volume_limits,
    volume_binding,
    volume_restrictions,
    volume_zone,
)
from restow.rules.rule import Rule
from tests.support.objects import GIB, a_node, a_pod, a_snapshot, key_of, selecting
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

A, B = NodeName("a"), NodeName("b")
NODES = (a_node("a", labels={ZONE: "za"}), a_node("b", labels={ZONE: "zb"}))

NOT_FOUND = ('persistentvolumeclaim "c" not found',)
IN_USE = (volume_restrictions.CLAIM_IN_USE,)
NO_DISK = ("node(s) had no available disk",)
TOO_MANY = ("node(s) exceed max volume count",)
UNREACHABLE = "node(s) didn't match PersistentVolume's node affinity"
NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
NO_SPACE = "node(s) did not have enough free storage"
GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
WRONG_ZONE = "node(s) had no available volume zone"


def said(rule: Rule, pod: Pod, snapshot: Snapshot, node: NodeName = A) -> tuple[str, ...] | None:
    """Upstream's texts for the pod on a node; None when the rule takes it."""
    answer = rule.prepare(pod, Board(snapshot))
    if answer is None or isinstance(answer, Refusal):
        return None if answer is None else answer.upstream
    refusal = answer.refuse(snapshot.nodes[node])
    return None if refusal is None else refusal.upstream


def test_rules_have_nothing_to_say_of_a_pod_without_volumes() -> None:
    board = Board(a_snapshot([], NODES))
    for rule in (volume_restrictions, node_volume_limits, volume_binding, volume_zone):
        assert rule.RULE.prepare(a_pod(), board) is None


# VolumeRestrictions


@pytest.mark.parametrize(
    ("mode", "other", "expected"),
    [
        ("ReadWriteOncePod", "c", IN_USE),
        ("ReadWriteOncePod", "d", None),
        ("ReadWriteOnce", "c", None),
    ],
)
def test_claim_for_one_pod_is_taken_by_a_pod_of_any_node(
    mode: str, other: str, expected: tuple[str, ...] | None
) -> None:
    user = a_pod("user", node="b", volumes=mounting(other))
    claims = [a_claim("c", volume="v", access_modes=[mode]), a_claim("d", volume="w")]
    snapshot = a_snapshot([user], NODES, claims=claims)
    pod = a_pod(volumes=mounting("c"))
    assert said(volume_restrictions.RULE, pod, snapshot) == expected


def test_claim_for_one_pod_of_the_same_name_in_another_namespace_is_another_claim() -> None:
    user = a_pod("other/user", node="b", volumes=mounting("c"))
    claim = a_claim("c", volume="v", access_modes=["ReadWriteOncePod"])
    snapshot = a_snapshot([user], NODES, claims=[claim])
    assert said(volume_restrictions.RULE, a_pod(volumes=mounting("c")), snapshot) is None


def test_missing_claim_keeps_the_pod_off_all_nodes() -> None:
    pod, snapshot = a_pod(volumes=mounting("c")), a_snapshot([], NODES)
    for rule in (volume_restrictions, volume_binding, volume_zone):
        assert said(rule.RULE, pod, snapshot) == NOT_FOUND
    assert said(node_volume_limits.RULE, pod, snapshot) == (
        'looking up PVC default/c: persistentvolumeclaim "c" not found',
    )


def a_disk(kind: DiskKind, name: str = "d", *monitors: str, read_only: bool = False) -> Disk:
    return Disk(kind=kind, name=name, read_only=read_only, monitors=frozenset(monitors))


@pytest.mark.parametrize(
    ("one", "other", "is_refused"),
    [
        (a_disk(DiskKind.GCE_PD), a_disk(DiskKind.GCE_PD), True),
        (a_disk(DiskKind.GCE_PD), a_disk(DiskKind.GCE_PD, "e"), False),
        (a_disk(DiskKind.GCE_PD), a_disk(DiskKind.GCE_PD, read_only=True), True),
        (a_disk(DiskKind.GCE_PD, read_only=True), a_disk(DiskKind.GCE_PD, read_only=True), False),
        (a_disk(DiskKind.AWS_EBS, read_only=True), a_disk(DiskKind.AWS_EBS, read_only=True), True),
        (a_disk(DiskKind.ISCSI), a_disk(DiskKind.ISCSI), True),
        (a_disk(DiskKind.ISCSI, read_only=True), a_disk(DiskKind.ISCSI, read_only=True), False),
        (a_disk(DiskKind.RBD, "p/i", "m", "n"), a_disk(DiskKind.RBD, "p/i", "n"), True),
        (a_disk(DiskKind.RBD, "p/i", "m"), a_disk(DiskKind.RBD, "p/i", "n"), False),
        (a_disk(DiskKind.RBD, "p/i", "m"), a_disk(DiskKind.RBD, "p/j", "m"), False),
        (a_disk(DiskKind.AZURE_DISK), a_disk(DiskKind.AZURE_DISK), False),
        (a_disk(DiskKind.CINDER), a_disk(DiskKind.CINDER), False),
        (a_disk(DiskKind.GCE_PD), a_disk(DiskKind.AWS_EBS), False),
    ],
)
def test_two_pods_of_a_node_share_a_disk_only_to_read(
    one: Disk, other: Disk, is_refused: bool
) -> None:
    snapshot = a_snapshot([a_pod(node="a", volumes=disks(other))], NODES)
    pod = a_pod(volumes=disks(one))
    assert said(volume_restrictions.RULE, pod, snapshot) == (NO_DISK if is_refused else None)
    assert said(volume_restrictions.RULE, pod, snapshot, B) is None


# NodeVolumeLimits


def limited(
    limit: int | None, *running: str, attached: tuple[str, ...] = (), required: bool = False
) -> Snapshot:
    """Node a attaches `limit` volumes; pods with the `running` claims are there."""
    names = ("c", "d", "e")
    return a_snapshot(
        [a_pod(node="a", volumes=mounting(name)) for name in running],
        NODES,
        volumes=[a_volume(f"pv-{name}") for name in names],
        claims=[a_claim(name, volume=f"pv-{name}") for name in names],
        csi_nodes=[drivers_of("a", driver=limit)],
        csi_drivers=[CSIDriver(name=DRIVER, required_on_node=required)],
        attachments=[
            VolumeAttachment(name=f"at-{name}", attacher=DRIVER, node=A, volume=f"pv-{name}")
            for name in attached
        ],
    )


@pytest.mark.parametrize(
    ("snapshot", "claims", "expected"),
    [
        (limited(1), ("c",), None),
        (limited(0), ("c",), TOO_MANY),
        (limited(None), ("c",), None),
        (limited(1), ("c", "d"), TOO_MANY),
        (limited(1), ("c", "c"), None),
        (limited(1, "d"), ("c",), TOO_MANY),
        (limited(1, "c"), ("c",), None),
        (limited(1, "d", "d"), ("c",), TOO_MANY),
        (limited(2, "d", "d"), ("c",), None),
        (limited(1, attached=("d",)), ("c",), TOO_MANY),
        (limited(2, attached=("d",)), ("c",), None),
        (limited(2, "d", attached=("d",)), ("c",), None),
        (limited(1, attached=("c",)), ("c",), TOO_MANY),
    ],
)
def test_driver_attaches_no_more_volumes_than_it_says(
    snapshot: Snapshot, claims: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    assert said(node_volume_limits.RULE, a_pod(volumes=mounting(*claims)), snapshot) == expected


def test_volume_whose_pod_has_left_the_board_does_not_count() -> None:
    snapshot = limited(1, "d", attached=("d",))
    board = Board(snapshot)
    board.take(next(iter(snapshot.pods.values())).uid)
    prepared = node_volume_limits.RULE.prepare(a_pod(volumes=mounting("c")), board)
    assert prepared is not None
    assert not isinstance(prepared, Refusal)
    assert prepared.refuse(snapshot.nodes[A]) is None


def test_driver_that_insists_keeps_pods_off_nodes_without_it() -> None:
    pod, snapshot = a_pod(volumes=mounting("c")), limited(1, required=True)
    assert said(node_volume_limits.RULE, pod, snapshot, A) is None
    assert said(node_volume_limits.RULE, pod, snapshot, B) == (
        f"{DRIVER} CSI driver is not installed on the node",
    )
    assert said(node_volume_limits.RULE, pod, limited(1), B) is None


def test_claim_without_volume_counts_for_the_provisioner_of_its_class() -> None:
    snapshot = a_snapshot(
        [a_pod(node="a", volumes=mounting("d"))],
        NODES,
        claims=[a_claim(name, storage_class="slow") for name in ("c", "d")],
        storage_classes=[a_class()],
        csi_nodes=[drivers_of("a", driver=1)],
    )
    pod = a_pod(volumes=mounting("c"))
    assert said(node_volume_limits.RULE, pod, snapshot) == TOO_MANY
    same = a_pod(volumes=mounting("d"))
    assert said(node_volume_limits.RULE, same, snapshot) is None


def test_disk_of_a_pod_counts_for_the_driver_it_is_migrated_to() -> None:
    ebs = a_disk(DiskKind.AWS_EBS, "aws://zone/vol-1")
    bound = a_volume("pv", disk=a_disk(DiskKind.AWS_EBS, "vol-1"))
    snapshot = a_snapshot(
        [a_pod(node="a", volumes=mounting("c"))],
        NODES,
        volumes=[bound],
        claims=[a_claim("c", volume="pv")],
        csi_nodes=[drivers_of("a", **{"ebs.csi.aws.com": 1})],
    )
    assert said(node_volume_limits.RULE, a_pod(volumes=disks(ebs)), snapshot) is None
    other = disks(a_disk(DiskKind.AWS_EBS, "vol-2"))
    assert said(node_volume_limits.RULE, a_pod(volumes=other), snapshot) == TOO_MANY
    assert said(node_volume_limits.RULE, a_pod(volumes=other), snapshot, B) is None


# VolumeBinding


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (
            a_claim("c", volume="v", lost=True),
            'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"',
        ),
        (a_claim("c", volume="v", deleting=True), 'persistentvolumeclaim "c" is being deleted'),
        (a_claim("c"), "pod has unbound immediate PersistentVolumeClaims"),
        (a_claim("c", storage_class="gone"), "pod has unbound immediate PersistentVolumeClaims"),
        (a_claim("c", storage_class="now"), "pod has unbound immediate PersistentVolumeClaims"),
        (
            a_claim("c", volume="v", bound=False, storage_class="slow"),
            "pod has unbound immediate PersistentVolumeClaims",
        ),
    ],
)
def test_claim_that_no_node_helps_keeps_the_pod_off_all(
    claim: PersistentVolumeClaim, expected: str
) -> None:
    snapshot = a_snapshot(
        [],
        NODES,
        claims=[claim],
        storage_classes=[a_class(), a_class("now", delayed=False)],
    )
    assert said(volume_binding.RULE, a_pod(volumes=mounting("c")), snapshot) == (expected,)


def test_ephemeral_claim_must_exist_and_be_the_pods_own() -> None:
    pod = a_pod("p", volumes=ephemeral("p"))
    assert said(volume_binding.RULE, pod, a_snapshot([], NODES)) == (
        'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-scratch"',
    )
    strange = a_claim("p-scratch", volume="v")
    text = "PVC default/p-scratch was not created for pod default/p (pod is not owner)"
    snapshot = a_snapshot([], NODES, claims=[strange])
    assert said(volume_binding.RULE, pod, snapshot) == (text,)
    assert said(node_volume_limits.RULE, pod, snapshot) == (text,)
    own = a_claim("p-scratch", volume="v", controller=pod.uid)
    mine = a_snapshot([], NODES, claims=[own], volumes=[a_volume("v")])
    assert said(volume_binding.RULE, pod, mine) is None


def test_bound_volume_must_be_reachable_from_the_node() -> None:
    volume = a_volume("v", node_affinity=on_node("a"))
    snapshot = a_snapshot([], NODES, claims=[a_claim("c", volume="v")], volumes=[volume])
    pod = a_pod(volumes=mounting("c"))
    assert said(volume_binding.RULE, pod, snapshot, A) is None
    assert said(volume_binding.RULE, pod, snapshot, B) == (UNREACHABLE,)


def test_claim_bound_to_a_volume_that_is_gone_is_refused_by_every_node() -> None:
    snapshot = a_snapshot([], NODES, claims=[a_claim("c", volume="v")])
    assert said(volume_binding.RULE, a_pod(volumes=mounting("c")), snapshot) == (GONE,)


def test_bound_and_unbound_claims_are_both_named() -> None:
    snapshot = a_snapshot(
        [],
        NODES,
        claims=[a_claim("c", storage_class="local"), a_claim("d", volume="v")],
        volumes=[a_volume("v", node_affinity=on_node("b"))],
        storage_classes=[a_class("local", provisioner="kubernetes.io/no-provisioner")],
    )
    pod = a_pod(volumes=mounting("c", "d"))
    assert said(volume_binding.RULE, pod, snapshot, A) == (UNREACHABLE, NO_VOLUME)
    assert said(volume_binding.RULE, pod, snapshot, B) == (NO_VOLUME,)


def test_migrated_disk_is_reached_by_the_labels_of_its_driver() -> None:
    ebs = a_disk(DiskKind.AWS_EBS, "vol-1")
    nodes = [
        a_node("a", labels={ZONE: "za"}),
        a_node("b", labels={"topology.ebs.csi.aws.com/zone": "za"}),
    ]
    plugin = "kubernetes.io/aws-ebs"
    snapshot = a_snapshot(
        [],
        nodes,
        claims=[a_claim("c", volume="v")],
        volumes=[a_volume("v", disk=ebs, node_affinity=labelled(ZONE, "za"))],
        csi_nodes=[drivers_of("b", plugin)],
    )
    pod = a_pod(volumes=mounting("c"))
    assert said(volume_binding.RULE, pod, snapshot, A) is None
    assert said(volume_binding.RULE, pod, snapshot, B) is None
    migrated = a_snapshot(
        [],
        nodes,
        claims=snapshot.claims.values(),
        volumes=snapshot.volumes.values(),
        csi_nodes=[drivers_of("a", plugin)],
    )
    assert said(volume_binding.RULE, pod, migrated, A) == (UNREACHABLE,)


def local(*volumes: PersistentVolume, claims: tuple[PersistentVolumeClaim, ...] = ()) -> Snapshot:
    """A class that makes no volumes, and these volumes."""
    return a_snapshot(
        [],
        NODES,
        claims=claims or [a_claim("c", storage_class="local")],
        volumes=volumes,
        storage_classes=[a_class("local", provisioner="kubernetes.io/no-provisioner")],
    )


a_local = partial(a_volume, storage_class="local")


@pytest.mark.parametrize(
    ("volume", "is_taken"),
    [
        (a_local("v"), True),
        (a_local("v", gib=2), True),
        (a_local("v", node_affinity=on_node("a")), True),
        (a_local("v", node_affinity=on_node("b")), False),
        (a_local("v", storage_class="other"), False),
        (a_local("v", gib=0), False),
        (a_local("v", available=False), False),
        (a_local("v", deleting=True), False),
        (a_local("v", access_modes=["ReadOnlyMany"]), False),
        (a_local("v", access_modes=["ReadOnlyMany", "ReadWriteOnce"]), True),
        (a_local("v", volume_mode="Block"), False),
        (a_local("v", attributes_class="gold"), False),
        (a_local("v", claim=meant_for("d")), False),
        (a_local("v", claim=meant_for("c"), available=False), True),
        (a_local("v", claim=meant_for("c", "uid-claim-default/c"), available=False), True),
        (a_local("v", claim=meant_for("c", "older")), False),
        (a_local("v", claim=meant_for("c"), gib=0), False),
        (a_local("v", claim=meant_for("c"), node_affinity=on_node("b")), False),
    ],
)
def test_unbound_claim_takes_a_volume_that_suits_it(
    volume: PersistentVolume, is_taken: bool
) -> None:
    pod = a_pod(volumes=mounting("c"))
    expected = None if is_taken else (NO_VOLUME,)
    assert said(volume_binding.RULE, pod, local(volume)) == expected


def test_claims_selector_chooses_among_volumes() -> None:
    claim = a_claim("c", storage_class="local", selector=selecting(disk="ssd"))
    pod = a_pod(volumes=mounting("c"))
    plain, ssd = a_local("v"), a_local("w", labels={"disk": "ssd"})
    assert said(volume_binding.RULE, pod, local(plain, claims=(claim,))) == (NO_VOLUME,)
    assert said(volume_binding.RULE, pod, local(plain, ssd, claims=(claim,))) is None


def test_volume_that_is_meant_for_a_claim_is_the_only_one_it_takes() -> None:
    away = a_local("v", claim=meant_for("c"), node_affinity=on_node("b"))
    pod = a_pod(volumes=mounting("c"))
    assert said(volume_binding.RULE, pod, local(away, a_local("w")), A) == (NO_VOLUME,)
    assert said(volume_binding.RULE, pod, local(away, a_local("w")), B) is None


def test_smaller_claim_takes_the_smaller_volume_and_leaves_the_larger() -> None:
    claims = (
        a_claim("large", storage_class="local", gib=5),
        a_claim("small", storage_class="local", gib=1),
    )
    pod = a_pod(volumes=mounting("large", "small"))
    assert said(volume_binding.RULE, pod, local(a_local("v", gib=5), claims=claims)) == (NO_VOLUME,)
    both = local(a_local("v", gib=5), a_local("w", gib=6), claims=claims)
    assert said(volume_binding.RULE, pod, both) is None
    enough = local(a_local("v", gib=5), a_local("w", gib=2), claims=claims)
    assert said(volume_binding.RULE, pod, enough) is None


@pytest.mark.parametrize(
    ("node", "expected"),
    [(A, None), (B, (NO_VOLUME,))],
)
def test_class_makes_volumes_only_in_its_topologies_and_on_the_selected_node(
    node: NodeName, expected: tuple[str, ...] | None
) -> None:
    pod = a_pod(volumes=mounting("c"))
    zonal = a_snapshot(
        [],
        NODES,
        claims=[a_claim("c", storage_class="slow")],
        storage_classes=[a_class(zones=["za"])],
    )
    assert said(volume_binding.RULE, pod, zonal, node) == expected
    selected = a_snapshot(
        [],
        NODES,
        claims=[a_claim("c", storage_class="slow", selected_node="a")],
        storage_classes=[a_class()],
    )
    assert said(volume_binding.RULE, pod, selected, node) == expected


def capacity(
    gib: int | None, *, storage_class: str = "slow", zone: str | None = "za"
) -> CSIStorageCapacity:
    return CSIStorageCapacity(
        key=key_of(f"{storage_class}-{zone}-{gib}"),
        storage_class=storage_class,
        topology=None if zone is None else selecting(**{ZONE: zone}),
        largest_bytes=None if gib is None else gib * GIB,
    )


@pytest.mark.parametrize(
    ("found", "publishes", "is_taken"),
    [
        ([capacity(1)], True, True),
        ([capacity(0)], True, False),
        ([capacity(None)], True, False),
        ([capacity(1, zone="zb")], True, False),
        ([capacity(1, zone=None)], True, False),
        ([capacity(1, storage_class="other")], True, False),
        ([capacity(0), capacity(2)], True, True),
        ([], True, False),
        ([], False, True),
    ],
)
def test_driver_that_publishes_capacity_has_enough_for_the_claim(
    found: list[CSIStorageCapacity], publishes: bool, is_taken: bool
) -> None:
    snapshot = a_snapshot(
        [],
        NODES,
        claims=[a_claim("c", storage_class="slow"), a_claim("any", storage_class="slow", gib=None)],
        storage_classes=[a_class()],
        csi_drivers=[CSIDriver(name=DRIVER, storage_capacity=publishes)],
        storage_capacities=found,
    )
    expected = None if is_taken else (NO_SPACE,)
    assert said(volume_binding.RULE, a_pod(volumes=mounting("c")), snapshot) == expected
    assert said(volume_binding.RULE, a_pod(volumes=mounting("any")), snapshot) is None


# VolumeZone


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (a_claim("c"), "PersistentVolumeClaim had no pv name and storageClass name"),
        (
            a_claim("c", storage_class="gone"),
            'storageclass.storage.k8s.io "gone" not found',
        ),
        (a_claim("c", storage_class="now"), "PersistentVolume had no name"),
        (a_claim("c", volume="gone"), 'persistentvolume "gone" not found'),
        (a_claim("c", storage_class="slow"), None),
    ],
)
def test_zone_of_a_claim_is_that_of_its_volume(
    claim: PersistentVolumeClaim, expected: str | None
) -> None:
    snapshot = a_snapshot(
        [],
        NODES,
        claims=[claim],
        storage_classes=[a_class(), a_class("now", delayed=False)],
    )
    found = said(volume_zone.RULE, a_pod(volumes=mounting("c")), snapshot)
    assert found == (None if expected is None else (expected,))


BETA_ZONE = "failure-domain.beta.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"


@pytest.mark.parametrize(
    ("volume", "node", "is_taken"),
    [
        ({ZONE: "z"}, {ZONE: "z"}, True),
        ({ZONE: "z"}, {ZONE: "y"}, False),
        ({ZONE: "y__z"}, {ZONE: "z"}, True),
        ({ZONE: "y__"}, {ZONE: "z"}, True),
        ({ZONE: "z"}, {}, True),
        ({ZONE: "z"}, {REGION: "r"}, False),
        ({BETA_ZONE: "z"}, {ZONE: "z"}, True),
        ({BETA_ZONE: "z"}, {BETA_ZONE: "y", ZONE: "z"}, False),
        ({ZONE: "z"}, {BETA_ZONE: "z"}, False),
        ({ZONE: "z", REGION: "r"}, {ZONE: "z", REGION: "q"}, False),
    ],
)
def test_node_is_in_the_zones_of_the_volume(
    volume: dict[str, str], node: dict[str, str], is_taken: bool
) -> None:
    snapshot = a_snapshot(
        [],
        [a_node("a", labels=node)],
        claims=[a_claim("c", volume="v")],
        volumes=[a_volume("v", labels=volume)],
    )
    expected = None if is_taken else (WRONG_ZONE,)
    assert said(volume_zone.RULE, a_pod(volumes=mounting("c")), snapshot) == expected
