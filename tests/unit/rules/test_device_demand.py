"""How many pods the devices of a node serve, and who competes for them."""

from dataclasses import replace

import pytest

from restow.cluster.devices import DeviceWish, ResourceClaim
from restow.cluster.pod_devices import ExtendedRequest, PodClaim
from restow.core.ids import NodeName, Uid
from restow.rules import device_demand
from restow.rules.board import Board
from restow.rules.survey import Survey
from tests.support.devices import (
    DRIVER,
    a_claim,
    a_class,
    a_device,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
    claiming,
    extending,
    reach,
)
from tests.support.objects import a_pod, a_workload, owner_ref

A = NodeName("a")
FOUR = a_slice(
    a_device("d0", {"model": "x"}),
    a_device("d1", {"model": "x"}),
    a_device("d2", {"model": "y"}),
    a_device("d3", {"model": "y"}),
    node="a",
)
X = f'device.attributes["{DRIVER}"].model == "x"'
Y = f'device.attributes["{DRIVER}"].model == "y"'


@pytest.mark.parametrize(
    ("wish", "most", "expected"),
    [(a_wish(), 9, 4), (a_wish(), 3, 3), (a_wish(2), 9, 2), (a_wish(3), 9, 1), (a_wish(5), 9, 0)],
)
def test_copies_come_one_after_another(wish: DeviceWish, most: int, expected: int) -> None:
    pod = claiming("p", templates=["c"])
    snapshot = a_device_snapshot(FOUR, claims=[a_claim("c", wish, pod="p")], pods=[pod])
    board = Board(snapshot)
    assert device_demand.copies(pod, snapshot.nodes[A], board, most) == expected
    assert device_demand.copies(pod, snapshot.nodes[NodeName("b")], board, most) == 0
    board.put(pod, A)
    assert device_demand.copies(pod, snapshot.nodes[A], board, 9) == max(
        0, (4 - wish.count) // wish.count
    )


def test_copies_share_a_claim_that_they_name() -> None:
    pod = claiming("p", "c")
    snapshot = a_device_snapshot(FOUR, claims=[a_claim("c", a_wish(3))], pods=[pod])
    assert device_demand.copies(pod, snapshot.nodes[A], Board(snapshot), 9) == 9


def test_a_named_claim_and_one_of_its_own() -> None:
    pod = claiming("p", "c", templates=["d"])
    claims = [a_claim("c", a_wish(2)), a_claim("d", pod="p")]
    snapshot = a_device_snapshot(FOUR, claims=claims, pods=[pod])
    assert device_demand.copies(pod, snapshot.nodes[A], Board(snapshot), 9) == 2


def test_a_pod_without_claims_needs_no_devices() -> None:
    snapshot = a_device_snapshot(FOUR)
    assert device_demand.copies(a_pod("p"), snapshot.nodes[A], Board(snapshot), 7) == 7


def test_extended_resources_count_in_devices() -> None:
    ask = ExtendedRequest(
        name="container-0-request-0", resource="example.com/accel", count=2, container=0
    )
    pod = extending("p", ask)
    classes = [a_class("accel", resource="example.com/accel")]
    snapshot = a_device_snapshot(FOUR, classes=classes, pods=[pod])
    assert device_demand.copies(pod, snapshot.nodes[A], Board(snapshot), 9) == 2


@pytest.mark.parametrize(
    ("one", "two", "competes"),
    [
        (a_wish(), a_wish(), True),
        (a_wish(1, X), a_wish(1, Y), False),
        (a_wish(1, X), a_wish(), True),
        (a_wish(1, X), a_wish(1, "[1].sum() == 1"), True),  # in doubt
        (a_wish(device_class="gone"), a_wish(), False),
    ],
)
def test_pods_compete_where_one_device_may_serve_both(
    one: DeviceWish, two: DeviceWish, competes: bool
) -> None:
    pods = [claiming("p", templates=["c"]), claiming("q", templates=["d"])]
    claims = [a_claim("c", one, pod="p"), a_claim("d", two, pod="q")]
    snapshot = a_device_snapshot(FOUR, claims=claims, pods=pods)
    assert device_demand.shares(pods[0], pods[1], snapshot) is competes
    assert device_demand.shares(pods[1], pods[0], snapshot) is competes


def test_pods_compete_for_counters_of_different_devices() -> None:
    devices = [
        a_device(each, {"model": each}, consumes={"set": {"slots": "1"}}) for each in ("x", "y")
    ]
    slices = (
        a_slice(*devices, node="a", slice_count=2),
        a_slice(node="a", name="2", slice_count=2, counters={"set": {"slots": "1"}}),
    )
    pods = [claiming("p", templates=["c"]), claiming("q", templates=["d"])]
    claims = [a_claim("c", a_wish(1, X), pod="p"), a_claim("d", a_wish(1, Y), pod="q")]
    snapshot = a_device_snapshot(*slices, claims=claims, pods=pods)
    assert device_demand.shares(pods[0], pods[1], snapshot)


def test_pods_without_claims_never_compete() -> None:
    pod = claiming("p", templates=["c"])
    snapshot = a_device_snapshot(FOUR, claims=[a_claim("c", pod="p")], pods=[pod])
    assert not device_demand.shares(pod, a_pod("q"), snapshot)


def test_a_node_that_could_not_serve_the_pod_if_it_were_empty_never_will() -> None:
    pod = claiming("p", templates=["c"])
    held = a_claim("other", a_wish(4), allocation=allocated(*(f"pool-a/d{n}" for n in range(4))))
    for wish, expected in ((a_wish(4), True), (a_wish(5), False), (a_wish(3, X), False)):
        claims = [a_claim("c", wish, pod="p"), held]
        snapshot = a_device_snapshot(FOUR, claims=claims, pods=[pod])
        serves = device_demand.serving(pod, snapshot)
        assert serves(snapshot.nodes[A]) is expected
        assert not serves(snapshot.nodes[NodeName("b")])


ON_A = allocated("pool-a/d0", node="a")


@pytest.mark.parametrize(
    ("claim", "pins"),
    [
        (a_claim("c", pod="p", allocation=ON_A, reserved_for=["p"]), False),
        (a_claim("c", allocation=ON_A, reserved_for=["p"]), False),
        (a_claim("c", allocation=ON_A, reserved_for=["p", "q"]), True),
        (a_claim("c", allocation=replace(ON_A, nodes=None), reserved_for=["p", "q"]), False),
        (a_claim("c"), False),
    ],
)
def test_only_a_claim_that_outlives_the_pod_pins_its_replacement(
    claim: ResourceClaim, pins: bool
) -> None:
    pod = claiming("p", "c", node="a")
    snapshot = a_device_snapshot(FOUR, claims=[claim], pods=[pod])
    assert (device_demand.pinned(pod, snapshot) is not None) is pins


def test_a_pod_that_has_not_come_has_claims_as_its_siblings_have_them() -> None:
    owner = a_workload(name="web")
    sibling = replace(claiming("p", node="a", templates=["c"]), owner=owner_ref(owner))
    claim = a_claim(
        "c",
        a_wish(3),
        pod="p",
        allocation=allocated("pool-a/d0", "pool-a/d1", "pool-a/d2", node="a"),
        reserved_for=["p"],
    )
    snapshot = a_device_snapshot(
        FOUR,
        replace(FOUR, name="b", pool="b", reach=reach(node="b")),
        claims=[claim],
        pods=[sibling],
    )
    coming = replace(sibling, uid=Uid("new"), node=None)
    stand_in = device_demand.expected(coming, snapshot)
    board = Board(snapshot)
    assert Survey.of(stand_in, board).feasible() == ("b",)
    board.put(stand_in, NodeName("b"))
    third = device_demand.expected(replace(coming, uid=Uid("third")), snapshot)
    assert Survey.of(third, board).feasible() == ()
    board.take(sibling.uid)
    assert Survey.of(third, board).feasible() == ("a",)
    board.take(stand_in.uid)
    assert Survey.of(third, board).feasible() == ("a", "b")


def test_claims_still_to_be_made_are_those_of_siblings_and_others_stay() -> None:
    owner = a_workload(name="web")
    sibling = replace(claiming("p", "named", node="a", templates=["c"]), owner=owner_ref(owner))
    snapshot = a_device_snapshot(FOUR, claims=[a_claim("c", pod="p")], pods=[sibling])
    assert device_demand.expected(sibling, snapshot) is sibling
    fresh = a_pod(
        "q",
        owner=owner,
        claims=(
            PodClaim(name="named", claim="named"),
            PodClaim(name="c", generated=True, pending=True),
            PodClaim(name="left-out", generated=True),
        ),
    )
    found = device_demand.expected(fresh, snapshot).claims
    assert found == (
        fresh.claims[0],
        PodClaim(name="c", claim="c", generated=True, alike=True),
        fresh.claims[2],
    )
    alone = replace(fresh, owner=None)
    left_out = PodClaim(name="c", generated=True)
    assert device_demand.expected(alone, snapshot).claims[1] == left_out
