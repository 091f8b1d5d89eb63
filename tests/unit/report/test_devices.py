"""Devices that drivers publish stand beside the resources of nodes and pods."""

from dataclasses import replace

from restow.report.devices import with_devices
from tests.support.devices import a_claim, a_device_snapshot, a_slice, allocated, claiming
from tests.support.objects import a_pod, a_snapshot

NAME = "gpu.example.com/devices"


def test_nodes_have_those_they_alone_reach_and_pods_what_they_hold_or_ask_for() -> None:
    pods = [
        claiming("runs", node="a", templates=["c"]),
        claiming("waits", templates=["d"]),
        a_pod("other"),
    ]
    claims = [
        a_claim("c", pod="runs", allocation=allocated("pool-a/x", node="a"), reserved_for=["runs"]),
        a_claim("d", pod="waits"),
    ]
    snapshot = a_device_snapshot(
        a_slice("x", "y", node="a"), a_slice("far", node=None), claims=claims, pods=pods
    )
    seen = with_devices(snapshot)
    assert {name: node.allocatable.of(NAME) for name, node in seen.nodes.items()} == {
        "a": 2,
        "b": 0,
    }
    asked = {pod.key.name: pod.requests.of(NAME) for pod in seen.pods.values()}
    assert asked == {"runs": 1, "waits": 1, "other": 0}


def test_of_several_drivers_nobody_knows_which_one_a_pod_waits_for() -> None:
    snapshot = a_device_snapshot(
        a_slice("x", node="a"),
        replace(a_slice("z", node="b"), driver="nic.example.com"),
        claims=[a_claim("d", pod="waits")],
        pods=[claiming("waits", templates=["d"])],
    )
    (waits,) = with_devices(snapshot).pods.values()
    assert waits.requests == next(iter(snapshot.pods.values())).requests


def test_without_devices_the_snapshot_is_what_it_was() -> None:
    snapshot = a_snapshot([a_pod("p")], [])
    assert with_devices(snapshot) is snapshot
