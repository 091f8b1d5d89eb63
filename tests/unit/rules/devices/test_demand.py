"""What is said of a pod with claims, and in which order, before and while nodes are asked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from restow.cluster.devices import DeviceClass, DeviceRequest, ResourceClaim
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import ExtendedRequest, PodClaim
from restow.core.frozen import Amounts
from restow.core.ids import Uid
from restow.core.reasons import Reason
from restow.rules.board import Board
from restow.rules.devices import extended
from restow.rules.devices.demand import MIXED
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
    reach,
)
from tests.support.objects import NOW, a_node, a_pod

SLICES = (a_slice("x", "y", node="a"), a_slice("z", node="b"))


def survey(
    pod: Pod,
    *claims: ResourceClaim,
    classes: Iterable[DeviceClass] | None = None,
    nodes: Iterable[object] = ("a", "b"),
) -> Survey:
    snapshot = a_device_snapshot(
        *SLICES,
        claims=claims,
        classes=classes,
        pods=[pod],
        nodes=nodes,  # type: ignore[arg-type]  # nodes or their names
    )
    return Survey.of(pod, Board(snapshot))


@pytest.mark.parametrize(
    ("pod", "claim", "text"),
    [
        (
            a_pod("p", claims=(PodClaim(name="c", generated=True, pending=True),)),
            None,
            'pod "default/p": ResourceClaim not created yet',
        ),
        (claiming("p", "c"), None, 'resourceclaim.resource.k8s.io "c" not found'),
        (claiming("p", "c"), a_claim("c", deleting=True), 'resourceclaim "c" is being deleted'),
        (
            claiming("p", templates=["c"]),
            a_claim("c", pod="q"),
            "ResourceClaim default/c was not created for Pod default/p (Pod is not owner)",
        ),
        (
            claiming("p", "c"),
            a_claim("c", a_wish(device_class="gone")),
            "request r0: device class gone does not exist",
        ),
        (
            claiming("p", "c"),
            a_claim("c", (a_wish(), a_wish(device_class="gone"))),
            "request r0/s1: device class gone does not exist",
        ),
        (
            claiming("p", "c"),
            a_claim("c", requests=(DeviceRequest(name="r0"),)),
            "resource claim default/c, request r0: unknown request type",
        ),
    ],
)
def test_a_claim_that_cannot_be_used_is_a_no_to_all_nodes(
    pod: Pod, claim: ResourceClaim | None, text: str
) -> None:
    found = survey(pod, *filter(None, [claim])).everywhere
    assert found is not None
    assert found.upstream == (text,)


def test_an_optional_claim_that_was_not_made_does_not_count() -> None:
    pod = a_pod("p", claims=(PodClaim(name="c", generated=True),))
    assert survey(pod).feasible() == ("a", "b")


def test_a_claim_named_twice_can_be_bound_by_nobody() -> None:
    found = survey(claiming("p", "c", "c"), a_claim("c")).everywhere
    assert found is not None
    assert found.message == "it names resource claim c twice: no scheduler can bind it"


def test_a_claim_is_reserved_for_so_many_pods_and_no_more() -> None:
    def claim(others: int, *more: str) -> ResourceClaim:
        return a_claim(
            "c",
            allocation=allocated("pool-a/x"),
            reserved_for=[*(f"other-{number}" for number in range(others)), *more],
        )

    assert survey(claiming("p", "c"), claim(255)).feasible() == ("a", "b")
    assert survey(claiming("p", "c"), claim(255, "p")).feasible() == ("a", "b")
    found = survey(claiming("p", "c"), claim(256)).everywhere
    assert found is not None
    assert found.message == "its resource claim c is reserved for 256 others already"


def test_nodes_without_enough_devices_are_counted() -> None:
    found = survey(claiming("p", templates=["c"]), a_claim("c", a_wish(2), pod="p"))
    assert found.feasible() == ("a",)
    assert found.tally() == {"cannot allocate all claims": 1}


def test_an_allocated_claim_ties_the_pod_to_its_nodes() -> None:
    found = survey(claiming("p", "c"), a_claim("c", allocation=allocated("pool-a/x", node="a")))
    assert found.feasible() == ("a",)
    assert found.tally() == {"resourceclaim not available on the node": 1}
    everywhere = survey(claiming("p", "c"), a_claim("c", allocation=allocated("pool-a/x")))
    assert everywhere.feasible() == ("a", "b")


@pytest.mark.parametrize(
    ("failed", "since_s", "available"),
    [(False, None, True), (False, 599, True), (False, 601, False), (True, None, False)],
)
def test_an_allocation_that_failed_or_waits_too_long_is_not_available(
    failed: bool, since_s: int | None, available: bool
) -> None:
    since = None if since_s is None else NOW - timedelta(seconds=since_s)
    allocation = replace(allocated("pool-a/x"), failed=failed, waiting_since=since)
    found = survey(claiming("p", "c"), a_claim("c", allocation=allocation))
    assert bool(found.feasible()) is available


def test_too_few_devices_are_told_before_a_claim_that_is_elsewhere() -> None:
    claims = (a_claim("c", allocation=allocated("pool-a/x", node="a")), a_claim("d", a_wish(2)))
    found = survey(claiming("p", "c", "d"), *claims)
    assert found.tally() == {"cannot allocate all claims": 2}


def test_an_error_on_one_node_ends_the_attempt_for_all_but_not_for_a_nominated_node() -> None:
    wish = a_wish(1, f'device.attributes["{SLICES[0].driver}"].model == "x"')
    pod = claiming("p", "c")
    claims = [a_claim("c", wish)]
    good = a_slice("z", node="c")
    snapshot = a_device_snapshot(*SLICES[:1], claims=claims, pods=[pod])
    found = Survey.of(pod, Board(snapshot))
    assert found.feasible() == ()
    assert [each.reason for each in found.aborted] == [Reason.DEVICE_REQUEST_INVALID]
    fine = a_device_snapshot(
        replace(good, devices=tuple(replace(each, attributes=()) for each in good.devices)),
        SLICES[0],
        claims=[a_claim("c", a_wish())],
        pods=[pod],
        nodes=("a", "c"),
    )
    assert Survey.of(pod, Board(fine)).feasible() == ("a", "c")


ACCEL = "example.com/accel"
ONE = ExtendedRequest(name="container-0-request-0", resource=ACCEL, count=1, container=0)
BACKED = (a_class("accel", resource=ACCEL), a_class())


def with_plugin(name: str, count: int) -> object:
    node = a_node(name, labels={"zone": name})
    return replace(node, allocatable=node.allocatable + Amounts({ACCEL: count}))


def test_a_class_backs_an_extended_resource_where_no_plugin_has_it() -> None:
    pod = extending("p", replace(ONE, count=2))
    found = survey(pod, classes=BACKED)
    assert found.feasible() == ("a",)
    assert found.tally() == {"cannot allocate all claims": 1}
    plugin = survey(pod, classes=BACKED, nodes=("a", with_plugin("b", 1)))
    assert plugin.tally() == {f"Insufficient {ACCEL}": 1}
    plenty = survey(pod, classes=BACKED, nodes=("a", with_plugin("b", 2)))
    assert plenty.feasible() == ("a", "b")


def test_beside_a_claim_no_plugin_may_have_what_a_class_backs() -> None:
    """kube-scheduler's filters take the node, and then it cannot bind the pod."""
    pod = replace(extending("p", ONE), claims=(PodClaim(name="c", claim="c"),))
    nodes = ("a", with_plugin("b", 2))
    found = survey(pod, a_claim("c"), classes=BACKED, nodes=nodes)
    assert found.feasible() == ("a",)
    assert [each.message for each in found.unbindable] == [MIXED]


def test_what_another_filter_says_comes_before_that_a_pod_cannot_be_bound() -> None:
    pod = replace(extending("p", ONE), claims=(PodClaim(name="c", claim="c"),))
    pod = replace(pod, needed_features=frozenset({"Feature"}))
    found = survey(pod, a_claim("c"), classes=BACKED, nodes=(with_plugin("b", 2),))
    assert found.unbindable == ()
    assert found.tally() == {"node(s) didn't match Pod's required features": 1}


def test_without_a_class_the_resource_is_missing() -> None:
    found = survey(extending("p", ONE), classes=())
    assert found.tally() == {f"Insufficient {ACCEL}": 2}


def test_each_class_backs_a_resource_of_its_own_name() -> None:
    name = "deviceclass.resource.kubernetes.io/gpu"
    assert survey(extending("p", replace(ONE, resource=name))).feasible() == ("a", "b")


def test_a_claim_left_over_from_an_earlier_attempt_has_to_go_first() -> None:
    pod = extending("p", ONE)
    found = survey(pod, a_claim("old", pod="p", extended=True), classes=BACKED)
    assert found.tally() == {"cannot schedule extended resource claim": 2}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(0, 2, False)], {"container-0-request-0": 2}),
        ([(0, 2, False), (1, 1, False)], {"container-0-request-0": 2, "container-1-request-0": 1}),
        ([(0, 1, True), (1, 2, False)], {"container-1-request-0": 2}),
        ([(0, 3, True), (1, 2, False)], {"container-0-request-0": 1, "container-1-request-0": 2}),
        (
            [(0, 3, True), (1, 4, True), (2, 2, False)],
            {"container-1-request-0": 2, "container-2-request-0": 2},
        ),
        ([(0, 2, False), (1, 2, True)], {"container-0-request-0": 2, "container-1-request-0": 2}),
    ],
)
def test_containers_that_pass_use_what_later_ones_will_hold(
    counts: list[tuple[int, int, bool]], expected: dict[str, int]
) -> None:
    asked = tuple(
        ExtendedRequest(
            name=f"container-{index}-request-0",
            resource=ACCEL,
            count=count,
            container=index,
            passing=passing,
        )
        for index, count, passing in counts
    )
    found = extended.requests(extending("p", *asked), [ACCEL], {ACCEL: BACKED[0]})
    assert {each.name: each.exactly.count for each in found if each.exactly} == expected


def test_a_slice_reached_by_zone_ties_the_claim_to_the_zone() -> None:
    pod = claiming("p", "c")
    snapshot = a_device_snapshot(
        replace(a_slice("x", pool="p"), reach=reach(zone="a")), claims=[a_claim("c")], pods=[pod]
    )
    board = Board(snapshot)
    board.put(pod, next(iter(snapshot.nodes)))
    claim = board.devices.claim(a_claim("c").key)
    assert claim is not None
    assert claim.allocation is not None
    assert claim.reserved_for == {Uid("uid-default/p")}
    other = claiming("q", "c")
    assert Survey.of(other, board).feasible() == ("a",)
