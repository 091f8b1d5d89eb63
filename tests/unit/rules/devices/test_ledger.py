"""Devices follow the pods of a board."""

import pytest

from restow.cluster.devices import ResourceClaim, ResourceSlice
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import ExtendedRequest
from restow.core.ids import NodeName, ObjectKey
from restow.rules.board import Board
from restow.rules.survey import Survey
from tests.support.devices import (
    a_claim,
    a_class,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
    claiming,
    extending,
)

A, B = NodeName("a"), NodeName("b")
TWO = a_slice("x", "y", node="a")


def board_of(*slices: ResourceSlice, pods: list[Pod], claims: list[ResourceClaim]) -> Board:
    classes = (a_class(), a_class("accel", resource="example.com/accel"))
    return Board(a_device_snapshot(*slices, pods=pods, claims=claims, classes=classes))


def devices(board: Board, name: str) -> tuple[str, ...] | None:
    """What the claim has on the board, None for nothing."""
    claim = board.devices.claim(ObjectKey("default", name))
    if claim is None or claim.allocation is None:
        return None
    return tuple(each.device for each in claim.allocation.devices)


def places(board: Board, pod: Pod) -> tuple[str, ...]:
    return Survey.of(pod, board).feasible()


def test_a_pod_that_comes_takes_what_the_allocator_gives_it() -> None:
    one, two = claiming("one", templates=["c1"]), claiming("two", templates=["c2"])
    claims = [a_claim("c1", pod="one"), a_claim("c2", a_wish(2), pod="two")]
    board = board_of(TWO, pods=[one, two], claims=claims)
    assert places(board, two) == ("a",)
    board.put(one, A)
    assert devices(board, "c1") == ("x",)
    assert places(board, two) == ()
    board.take(one.uid)
    assert devices(board, "c1") is None
    assert places(board, two) == ("a",)


def test_a_running_pod_that_goes_frees_the_claims_made_for_it() -> None:
    runs, waits = claiming("runs", node="a", templates=["c1"]), claiming("waits", templates=["c2"])
    held = allocated("pool-a/x", "pool-a/y", node="a")
    claims = [
        a_claim("c1", a_wish(2), pod="runs", allocation=held, reserved_for=["runs"]),
        a_claim("c2", pod="waits"),
    ]
    board = board_of(TWO, a_slice("z", "w", node="b"), pods=[runs, waits], claims=claims)
    assert places(board, waits) == ("b",)
    board.take(runs.uid)
    assert places(board, waits) == ("a", "b")
    assert places(board, runs) == ("a", "b")  # its replacement gets a claim of its own
    board.put(runs, B)
    assert devices(board, "c1") == ("z", "w")
    assert places(board, waits) == ("a",)


def test_a_named_claim_stays_allocated_as_long_as_another_pod_has_it_reserved() -> None:
    one, two = claiming("one", "c", node="a"), claiming("two", "c", node="a")
    claim = a_claim("c", allocation=allocated("pool-a/x", node="a"), reserved_for=["one", "two"])
    board = board_of(TWO, a_slice("z", node="b"), pods=[one, two], claims=[claim])
    board.take(one.uid)
    assert devices(board, "c") == ("x",)
    assert places(board, one) == ("a",)
    board.take(two.uid)
    assert devices(board, "c") is None
    assert places(board, one) == ("a", "b")


def test_a_claim_that_nobody_on_the_board_reserved_stays_allocated() -> None:
    one = claiming("one", "c", node="a")
    claim = a_claim("c", allocation=allocated("pool-a/x"), reserved_for=["one", "elsewhere"])
    board = board_of(TWO, pods=[one], claims=[claim])
    board.take(one.uid)
    assert devices(board, "c") == ("x",)


def test_pods_that_come_to_an_allocated_claim_share_it() -> None:
    one, two = claiming("one", "c"), claiming("two", "c")
    board = board_of(TWO, a_slice("z", node="b"), pods=[one, two], claims=[a_claim("c")])
    board.put(one, B)
    assert places(board, two) == ("b",)
    board.put(two, B)
    board.take(one.uid)
    assert devices(board, "c") == ("z",)
    board.take(two.uid)
    assert devices(board, "c") is None


def test_extended_resources_are_taken_and_freed_with_their_pod() -> None:
    ask = ExtendedRequest(
        name="container-0-request-0", resource="example.com/accel", count=2, container=0
    )
    one, two = extending("one", ask), extending("two", ask)
    board = board_of(TWO, pods=[one, two], claims=[])
    board.put(one, A)
    assert places(board, two) == ()
    board.take(one.uid)
    assert places(board, two) == ("a",)


def test_extended_resources_of_a_running_pod_are_freed_with_it() -> None:
    ask = ExtendedRequest(
        name="container-0-request-0", resource="example.com/accel", count=2, container=0
    )
    runs, waits = extending("runs", ask, node="a"), extending("waits", ask)
    special = a_claim(
        "runs-extended-resources-x",
        a_wish(2),
        pod="runs",
        extended=True,
        allocation=allocated("pool-a/x", "pool-a/y", node="a"),
        reserved_for=["runs"],
    )
    board = board_of(TWO, pods=[runs, waits], claims=[special])
    assert places(board, waits) == ()
    board.take(runs.uid)
    assert places(board, waits) == ("a",)
    assert places(board, runs) == ("a",)


def test_a_pod_back_where_it_was_takes_what_it_had() -> None:
    runs = claiming("runs", node="a", templates=["c"])
    claim = a_claim(
        "c", pod="runs", allocation=allocated("pool-a/y", node="a"), reserved_for=["runs"]
    )
    board = board_of(TWO, pods=[runs], claims=[claim])
    board.take(runs.uid)
    board.put(runs, A)
    assert devices(board, "c") == ("y",)


def test_what_it_had_may_be_taken_by_then() -> None:
    runs, other = claiming("runs", node="a", templates=["c"]), claiming("other", templates=["d"])
    claims = [
        a_claim("c", pod="runs", allocation=allocated("pool-a/x", node="a"), reserved_for=["runs"]),
        a_claim("d", pod="other"),
    ]
    board = board_of(TWO, pods=[runs, other], claims=claims)
    board.take(runs.uid)
    board.put(other, A)
    board.put(runs, A)
    assert (devices(board, "d"), devices(board, "c")) == (("x",), ("y",))


def test_a_nomination_holds_no_devices() -> None:
    held, waits = claiming("held", templates=["c"]), claiming("waits", templates=["d"])
    claims = [a_claim("c", a_wish(2), pod="held"), a_claim("d", pod="waits")]
    board = board_of(TWO, pods=[held, waits], claims=claims)
    survey = Survey.of(waits, board, nominated={A: (held,)})
    assert survey.feasible() == ("a",)
    assert devices(board, "c") is None


def test_a_copy_is_independent() -> None:
    one = claiming("one", templates=["c"])
    board = board_of(TWO, pods=[one], claims=[a_claim("c", a_wish(2), pod="one")])
    twin = board.copy()
    twin.put(one, A)
    third = twin.copy()
    third.take(one.uid)
    assert [devices(each, "c") for each in (board, twin, third)] == [None, ("x", "y"), None]


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_who_comes_first_takes_the_first_devices(order: tuple[str, str]) -> None:
    pods = {name: claiming(name, templates=[f"c-{name}"]) for name in ("one", "two")}
    claims = [a_claim(f"c-{name}", pod=name) for name in pods]
    board = board_of(TWO, pods=list(pods.values()), claims=claims)
    for name in order:
        board.put(pods[name], A)
    assert [devices(board, f"c-{name}") for name in order] == [("x",), ("y",)]


def test_a_pod_that_gets_no_devices_takes_none() -> None:
    one, two = claiming("one", templates=["c"]), claiming("two", templates=["d"])
    claims = [a_claim("c", a_wish(3), pod="one"), a_claim("d", pod="two")]
    board = board_of(TWO, pods=[one, two], claims=claims)
    board.put(one, A)
    assert devices(board, "c") is None
    assert places(board, two) == ("a",)
