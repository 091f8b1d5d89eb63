"""Plans with pods that hold devices, or want some."""

from dataclasses import replace

import pytest

from restow.cluster.devices import ResourceSlice
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.policies.packing_policy import Moving
from tests.support.decisions import a_policy, decided, shown
from tests.support.devices import (
    a_claim,
    a_device_snapshot,
    a_slice,
    allocated,
    claiming,
)
from tests.support.objects import a_node, a_pod, amounts, an_owner

pytestmark = pytest.mark.solver

MOVING = a_policy(moving=Moving(single_replicas=True, device_claims=True))
NODES = [a_node("a", cpu_m=4000), a_node("b", cpu_m=2000)]


def sized(pod: Pod, cpu_m: int, owner: str | None = "web") -> Pod:
    found = None if owner is None else an_owner(name=owner)
    return replace(pod, requests=amounts(cpu_m=cpu_m, pods=1), owner=found)


def cluster(*slices: ResourceSlice, named: bool = False, others: tuple[str, ...] = ()) -> Snapshot:
    """A pod with a claim runs on `a`, where a larger one wants to go."""
    held = allocated("pool-a/x", node="a")
    if named:
        runs = sized(claiming("runs", "c", node="a"), 1000)
        claim = a_claim("c", allocation=held, reserved_for=["runs", *others])
    else:
        runs = sized(claiming("runs", node="a", templates=["c"]), 1000)
        claim = a_claim("c", pod="runs", allocation=held, reserved_for=["runs"])
    waits = sized(a_pod("waits"), 4000, None)
    return a_device_snapshot(
        a_slice("x", node="a"), *slices, claims=[claim], pods=[runs, waits], nodes=NODES
    )


MOVED = ["0 Move runs: a > b", "0 Place waits: - > a"]


def test_a_pod_moves_where_there_are_devices_for_its_new_claim() -> None:
    assert shown(decided(cluster(a_slice("y", node="b")), MOVING)) == MOVED


def test_a_pod_stays_where_no_other_node_has_devices_for_it() -> None:
    assert shown(decided(cluster(), MOVING)) == []


def test_a_named_claim_goes_with_its_last_pod_but_not_before() -> None:
    free = a_slice("y", node="b")
    assert shown(decided(cluster(free, named=True, others=("another",)), MOVING)) == []


def test_two_pods_are_not_sent_to_one_device() -> None:
    claims = [
        a_claim(
            f"c{each}",
            pod=each,
            allocation=allocated(f"pool-a/{each}", node="a"),
            reserved_for=[each],
        )
        for each in ("x", "y")
    ]
    pods = [
        *(sized(claiming(each, node="a", templates=[f"c{each}"]), 1000, each) for each in "xy"),
        sized(a_pod("waits"), 4000, None),
    ]
    snapshot = a_device_snapshot(
        a_slice("x", "y", node="a"), a_slice("z", node="b"), claims=claims, pods=pods, nodes=NODES
    )
    assert shown(decided(snapshot, MOVING)) == []


def test_a_pending_pod_is_placed_where_it_gets_devices() -> None:
    waits = claiming("waits", templates=["c"])
    snapshot = a_device_snapshot(
        a_slice("x", node="b"), claims=[a_claim("c", pod="waits")], pods=[waits], nodes=NODES
    )
    assert shown(decided(snapshot, MOVING)) == ["0 Place waits: - > b"]
    other = a_claim("other", allocation=allocated("pool-b/x"))
    taken = replace(snapshot, resource_claims={**snapshot.resource_claims, other.key: other})
    assert shown(decided(taken, MOVING)) == []
