"""A pod to come claims what its siblings claim."""

from dataclasses import replace

from restow.cluster.pod_devices import PodClaim
from restow.core.ids import NodeName, Uid
from restow.rules.board import Board
from restow.rules.devices.expected import expected
from restow.rules.survey import Survey
from tests.support.devices import (
    a_claim,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
    claiming,
    reach,
)
from tests.support.objects import a_pod, a_workload, owner_ref

FOUR = a_slice("d0", "d1", "d2", "d3", node="a")


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
    stand_in = expected(coming, snapshot)
    board = Board(snapshot)
    assert Survey.of(stand_in, board).feasible() == ("b",)
    board.put(stand_in, NodeName("b"))
    third = expected(replace(coming, uid=Uid("third")), snapshot)
    assert Survey.of(third, board).feasible() == ()
    board.take(sibling.uid)
    assert Survey.of(third, board).feasible() == ("a",)
    board.take(stand_in.uid)
    assert Survey.of(third, board).feasible() == ("a", "b")


def test_claims_still_to_be_made_are_those_of_siblings_and_others_stay() -> None:
    owner = a_workload(name="web")
    sibling = replace(claiming("p", "named", node="a", templates=["c"]), owner=owner_ref(owner))
    snapshot = a_device_snapshot(FOUR, claims=[a_claim("c", pod="p")], pods=[sibling])
    assert expected(sibling, snapshot) is sibling
    fresh = a_pod(
        "q",
        owner=owner,
        claims=(
            PodClaim(name="named", claim="named"),
            PodClaim(name="c", generated=True, pending=True),
            PodClaim(name="left-out", generated=True),
        ),
    )
    found = expected(fresh, snapshot).claims
    assert found == (
        fresh.claims[0],
        PodClaim(name="c", claim="c", generated=True, alike=True),
        fresh.claims[2],
    )
    alone = replace(fresh, owner=None)
    left_out = PodClaim(name="c", generated=True)
    assert expected(alone, snapshot).claims[1] == left_out
