"""What a trace has of GPUs that are cut up, shared, or claimed."""

from dataclasses import replace

import pytest

from restow.cluster.devices import AllocatedDevice, Allocation, Device
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.simulation.traces.gpus import APART, COMMON, MANY, PARTS, UNKNOWN, Gpus, Taken
from restow.simulation.traces.recording import Recorder
from restow.simulation.traces.trace import Arrival, Placing
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
    quantities,
)
from tests.support.objects import a_node, a_pod
from tests.unit.simulation.test_recording import recorded, trace_of

GPUS = Gpus("nvidia.com/gpu", DRIVER)
COUNTERS = {f"gpu-{n}": {"multiprocessors": "98", "memory": "40Gi"} for n in range(2)}
NIC = "nic.example.com"
CLASSES = (
    a_class("gpu", f'device.attributes["{DRIVER}"].?type.orValue("") == "gpu"'),
    a_class("mig", f'device.attributes["{DRIVER}"].?type.orValue("") == "mig"'),
    a_class("any", f'device.driver == "{DRIVER}"'),
    a_class("nic", f'device.driver == "{NIC}"'),
)


def mig(name: str, gpu: int, share: str) -> Device:
    """A device that takes so many multiprocessors of a GPU."""
    return a_device(
        name, {"type": "mig"}, consumes={f"gpu-{gpu}": {"multiprocessors": share, "memory": "5Gi"}}
    )


PUBLISHED = (
    a_slice(*(a_device(f"g{n}", {"type": "gpu"}) for n in range(3)), node="a"),
    a_slice("w0", pool="wide"),
    a_slice("nic0", node="a", pool="nics", driver=NIC),
    a_slice(
        a_device("s0", capacity={"memory": "40Gi"}, shared=True), "plain", node="b", pool="shared"
    ),
    a_slice(mig("small", 0, "14"), mig("full", 0, "98"), mig("other", 1, "42"),
            node="b", pool="cut", name="cut"),
    a_slice(node="b", pool="cut", name="cut-counters", counters=COUNTERS),
)  # fmt: skip
SLICES = [replace(each, slice_count=2) if each.pool == "cut" else each for each in PUBLISHED]


def cluster(*pods: Pod, **fields: object) -> Snapshot:
    return a_device_snapshot(*SLICES, pods=pods, classes=CLASSES, **fields)  # type: ignore[arg-type]


def test_a_node_has_the_devices_of_its_driver_however_they_are_cut_up() -> None:
    snapshot = cluster()
    assert {name: GPUS.of_node(node, snapshot) for name, node in snapshot.nodes.items()} == {
        "a": 3,
        "b": 4,  # one that is shared, a plain one, and two that are cut up
    }


def of(*devices: str, **fields: object) -> Taken:
    """What is taken by a pod that was given these devices."""
    claim = a_claim("c", pod="p", allocation=allocated(*devices, node="b"), **fields)  # type: ignore[arg-type]
    pod = claiming("p", node="b", templates=["c"])
    return GPUS.of_pod(pod, cluster(pod, claims=[claim]))


def test_a_pod_has_what_its_claim_was_given() -> None:
    assert of("pool-a/g0", "pool-a/g2") == Taken(gpus=2)
    assert of("cut/full") == Taken(gpus=1)
    assert of("cut/small") == Taken(gpus=1, share=142)
    assert of("cut/small", "cut/other") == Taken(why=PARTS)
    assert of("cut/small", "pool-a/g0") == Taken(why=PARTS)
    assert of("wide/w0") == Taken(why=APART)
    assert of("cut/gone") == Taken(why=UNKNOWN)
    assert of(*(["pool-a/g0"] * 33)) == Taken(why=MANY)


@pytest.mark.parametrize(
    ("consumed", "taken"),
    [({"memory": "10Gi"}, Taken(gpus=1, share=250)), ({}, Taken(why=UNKNOWN))],
    ids=["known", "unknown"],
)
def test_a_pod_that_shares_a_device_has_what_it_consumes_of_it(
    consumed: dict[str, str], taken: Taken
) -> None:
    device = AllocatedDevice(
        driver=DRIVER, pool="shared", device="s0", share="x", consumed=quantities(**consumed)
    )
    claim = a_claim("c", pod="p", allocation=Allocation(devices=(device,)))
    pod = claiming("p", node="b", templates=["c"])
    assert GPUS.of_pod(pod, cluster(pod, claims=[claim])) == taken


def test_devices_of_other_drivers_and_those_of_administrators_are_no_gpus() -> None:
    given = tuple(
        AllocatedDevice(driver=driver, pool=pool, device=device, admin=admin)
        for driver, pool, device, admin in (
            (NIC, "nics", "nic0", False),
            (DRIVER, "pool-a", "g0", True),
        )
    )
    claim = a_claim("c", pod="p", allocation=Allocation(devices=given))
    pod = claiming("p", node="a", templates=["c"])
    assert GPUS.of_pod(pod, cluster(pod, claims=[claim])) == Taken()


@pytest.mark.parametrize(
    ("wishes", "taken"),
    [
        ((a_wish(2),), Taken(gpus=2)),
        ((a_wish(3, device_class="nic"),), Taken()),
        ((a_wish(1), a_wish(1, device_class="nic")), Taken(gpus=1)),
        (((a_wish(2), a_wish(4)),), Taken(gpus=2)),
        ((a_wish(1, "device.allowMultipleAllocations", device_class="any",
                 capacity=quantities(memory="20Gi")),), Taken(gpus=1, share=500)),
        ((a_wish(1, device_class="mig"),), Taken(why=UNKNOWN)),
        ((a_wish(1, device_class="any"),), Taken(why=UNKNOWN)),
        ((a_wish(mode="All"),), Taken(why=UNKNOWN)),
        ((a_wish(2, admin=True),), Taken()),
        ((a_wish(2, device_class="gone"),), Taken()),
    ],
    ids=["whole", "no GPU", "both", "alternatives", "a share",
         "some part", "any device", "all", "admin", "no class"],
)  # fmt: skip
def test_a_pod_that_waits_has_what_its_claim_asks_for(
    wishes: tuple[object, ...], taken: Taken
) -> None:
    claim = a_claim("c", *wishes, pod="p")  # type: ignore[arg-type]
    pod = claiming("p", templates=["c"])
    assert GPUS.of_pod(pod, cluster(pod, claims=[claim])) == taken


@pytest.mark.parametrize(
    ("requests", "taken"),
    [
        ({"nvidia.com/gpu": 2}, Taken(gpus=2)),
        ({"nvidia.com/mig-1g.5gb": 1}, Taken(gpus=1, share=142)),
        ({"nvidia.com/mig-3g.20gb": 1}, Taken(gpus=1, share=428)),
        ({"nvidia.com/mig-7g.40gb": 1}, Taken(gpus=1)),
        ({"nvidia.com/mig-1g.6gb": 1}, Taken(gpus=1, share=250)),
        ({"nvidia.com/mig-1g.5gb": 2}, Taken(why=PARTS)),
        ({"nvidia.com/mig-1g.5gb": 1, "nvidia.com/gpu": 1}, Taken(why=PARTS)),
        ({"nvidia.com/gpu": 10**12}, Taken(why=MANY)),
        ({"amd.com/mig-1g.5gb": 1, "cpu": 1}, Taken()),
    ],
)
def test_a_mig_profile_is_a_share_of_compute(requests: dict[str, int], taken: Taken) -> None:
    pod = a_pod("p", requests=Amounts(requests))
    assert GPUS.of_pod(pod, cluster(pod)) == taken


@pytest.mark.parametrize(
    ("there", "labels", "gpus"),
    [
        ({"nvidia.com/mig-3g.20gb": 4}, {}, 2),
        ({"nvidia.com/mig-1g.5gb": 7, "nvidia.com/gpu": 3}, {}, 4),
        ({"nvidia.com/mig-3g.20gb": 16}, {"nvidia.com/gpu.count": "8"}, 8),
        ({"nvidia.com/gpu": 3}, {"nvidia.com/gpu.count": "8"}, 3),
    ],
)
def test_a_node_with_mig_has_the_gpus_that_are_cut_up(
    there: dict[str, int], labels: dict[str, str], gpus: int
) -> None:
    node = a_node("n", allocatable=Amounts(there), labels=labels)
    assert GPUS.of_node(node, cluster()) == gpus


def test_a_pod_has_come_when_its_claims_are_there() -> None:
    """kube-scheduler does not look at it before."""
    claim = a_claim("c", a_wish(2), pod="p")
    unmade = replace(a_pod("p"), claims=(PodClaim(name="c", generated=True, pending=True),))
    made = claiming("p", templates=["c"])
    trace = trace_of(
        recorded(
            cluster(unmade), cluster(made), cluster(made, claims=[claim]),
            recorder=Recorder(GPUS),
        )
    )  # fmt: skip
    assert trace.events == (Arrival(at=20, pod=0),)
    assert trace.pods[0].devices == 2


def test_the_gpus_of_a_common_claim_are_those_of_who_came_first_until_it_departs() -> None:
    claim = a_claim("c", reserved_for=["one", "two"], allocation=allocated("pool-a/g0", node="a"))
    one, two, three = (claiming(name, "c", node="a") for name in ("one", "two", "three"))
    recorder = Recorder(GPUS)
    looks = [cluster(*pods, claims=[claim]) for pods in ((one,), (one, two), (two, three))]
    trace = trace_of(recorded(*looks, recorder=recorder))
    assert [pod.devices for pod in trace.pods] == [1, 0, 1]
    assert recorder.bare == {COMMON: 1}


def test_who_is_recorded_without_its_gpus_is_counted_by_the_reason() -> None:
    pods = [a_pod(name, node="a", requests=Amounts({"nvidia.com/gpu": 40})) for name in "xy"]
    recorder = Recorder(GPUS)
    big = a_node("a", gpus=64)
    trace = trace_of(recorded(cluster(*pods, nodes=[big]), recorder=recorder))
    assert (recorder.bare, recorder.crowded) == ({MANY: 2}, 1)
    assert [pod.devices for pod in trace.pods] == [0, 0]
    assert trace.nodes[0].devices == 32
    assert sum(isinstance(event, Placing) for event in trace.events) == 2


@pytest.mark.parametrize(
    ("attributes", "taken"),
    [
        ({"profile": "1g.5gb", "parentUUID": "GPU-1"}, Taken(gpus=1, share=142)),
        ({"profile": "half", "parentUUID": "GPU-1"}, Taken(why=UNKNOWN)),
    ],
)
def test_a_mig_device_that_draws_on_no_counters_is_known_by_its_profile(
    attributes: dict[str, str], taken: Taken
) -> None:
    """As a driver publishes what an administrator has cut up before."""
    parts = (a_device("m0", {**attributes, "productName": "A100"}), a_device("m1", attributes))
    claim = a_claim("c", pod="p", allocation=allocated("pool-a/m0", node="a"))
    pod = claiming("p", node="a", templates=["c"])
    snapshot = a_device_snapshot(a_slice(*parts, "whole", node="a"), claims=[claim], pods=[pod])
    assert GPUS.of_pod(pod, snapshot) == taken
    assert GPUS.of_node(snapshot.nodes[NodeName("a")], snapshot) == 2
    assert GPUS.model(snapshot.nodes[NodeName("a")], snapshot) == "A100"
