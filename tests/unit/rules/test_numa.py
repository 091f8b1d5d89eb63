"""Which pods find one NUMA zone of a node, and which of them for certain."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from restow.cluster.objects import Phase, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.topology import Alignment, AlignmentScope, NodeTopology
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules import numa
from restow.rules.board import Board
from restow.rules.registry import ADMITTING, RULES
from restow.rules.survey import Survey
from tests.support.numa import a_topology, aligned, with_topologies
from tests.support.objects import GIB, NOW, a_node, a_pod, a_snapshot, amounts

POD = AlignmentScope.POD
NIC = "vendor/nic"


def cluster(topology: NodeTopology, *pods: Pod) -> Snapshot:
    return with_topologies(a_snapshot(pods, [a_node("n", cpu_m=8000)]), topology)


def answer(alignment: Alignment | None, snapshot: Snapshot) -> Refusal | None:
    pod = a_pod("asking", cpu_m=1000, alignment=alignment)
    return Survey.of(pod, Board(snapshot), rules=ADMITTING).refusal(NodeName("n"))


@pytest.mark.parametrize(
    ("alignment", "topology"),
    [
        (aligned(2000), a_topology("n", 1000, 2000)),
        (aligned(2000), a_topology("n", 1000, 2000, policy="restricted")),
        (aligned(3000), a_topology("n", 1000, 2000, policy="best-effort")),
        (aligned(3000), a_topology("n", 1000, 2000, policy="none")),
        (aligned(1000, 2000), a_topology("n", 2000, 2000)),
        (aligned(1000, first=[2000]), a_topology("n", 1000, 2000)),
        (aligned(1000, 1000), a_topology("n", 1000, 2000, scope=POD)),
        (aligned(Amounts({NIC: 1})), a_topology("n", 0)),
        (None, a_topology("n", 0)),
    ],
    ids=[
        "a zone has room",
        "restricted",
        "best effort",
        "none",
        "container by container",
        "init containers end",
        "pod at once",
        "a device without a zone",
        "a pod that needs none",
    ],
)
def test_accepted(alignment: Alignment | None, topology: NodeTopology) -> None:
    assert answer(alignment, cluster(topology)) is None


@pytest.mark.parametrize(
    ("alignment", "topology", "why"),
    [
        (
            aligned(3000),
            a_topology("n", 1000, 2000),
            "cpu: 3000m needed, 2000m in the zone with most",
        ),
        (aligned(2000, 2000), a_topology("n", 3000, 1000), "no NUMA zone holds all of it"),
        (aligned(1000, first=[3000]), a_topology("n", 2000, 2000), "no NUMA zone holds all of it"),
        (
            aligned(1000, 2000),
            a_topology("n", 2000, 2000, scope=POD),
            "cpu: 3000m needed, 2000m in the zone with most",
        ),
        (
            aligned(amounts(cpu_m=1000, memory_bytes=GIB)),
            a_topology("n", 2000),
            f"memory: {GIB} needed, 0 in the zone with most",
        ),
        (
            aligned(Amounts({"cpu": 1000, NIC: 1})),
            a_topology("n", 2000, Amounts({NIC: 1})),
            "no NUMA zone holds all of it",
        ),
        (aligned(1000), a_topology("n"), "cpu: 1000m needed, 0m in the zone with most"),
        (aligned(1000, 2000), a_topology("n", 2000, 1000), "no NUMA zone holds all of it"),
        (
            aligned(3000),
            a_topology("n", 1000, 2000, policy="restricted"),
            "cpu: 3000m needed, 2000m in the zone with most; whether kubelet (policy restricted)",
        ),
    ],
    ids=[
        "no zone has room",
        "two containers, one zone",
        "an init container",
        "pod at once",
        "memory is asked for where none is listed",
        "a device and CPUs apart",
        "no zone at all",
        "the small one may take the large zone",
        "restricted",
    ],
)
def test_refused(alignment: Alignment, topology: NodeTopology, why: str) -> None:
    no = answer(alignment, cluster(topology))
    assert no is not None
    assert no.reason is Reason.NO_NUMA_ZONE
    assert "NodeResourceTopology" in no.message
    assert why in no.message


def test_kube_scheduler_does_not_ask_and_counts_the_node_as_available() -> None:
    snapshot = cluster(a_topology("n", 1000))
    pod = a_pod("asking", alignment=aligned(2000))
    assert Survey.of(pod, Board(snapshot), rules=RULES).feasible() == (NodeName("n"),)
    survey = Survey.of(pod, Board(snapshot), rules=ADMITTING)
    assert survey.feasible() == ()
    assert not survey.tally()
    assert [no.reason for no in survey.unbindable] == [Reason.NO_NUMA_ZONE]


def test_what_kube_scheduler_refuses_is_told_first() -> None:
    snapshot = cluster(a_topology("n", 1000))
    pod = a_pod("asking", cpu_m=9000, alignment=aligned(9000))
    no = Survey.of(pod, Board(snapshot), rules=ADMITTING).refusal(NodeName("n"))
    assert no is not None
    assert no.reason is Reason.INSUFFICIENT_RESOURCE


@pytest.mark.parametrize(
    ("started", "updated", "phase", "counted"),
    [
        (-60, -30, Phase.RUNNING, True),
        (-60, -60, Phase.RUNNING, True),
        (-60, -90, Phase.RUNNING, False),
        (-60, None, Phase.RUNNING, True),
        (-60, None, Phase.PENDING, False),
        (None, -30, Phase.PENDING, False),
    ],
)
def test_a_pod_that_came_after_the_object_had_changed_is_still_on_its_way(
    started: int | None, updated: int | None, phase: Phase, *, counted: bool
) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW + timedelta(seconds=seconds)

    there = a_pod("there", node="n", alignment=aligned(2000), phase=phase, started_at=at(started))
    topology = a_topology("n", 2000, updated_at=at(updated))
    no = answer(aligned(2000), cluster(topology, there))
    assert (no is None) == counted
    assert no is None or "beside 1 more on their way" in no.message


def test_what_leaves_gives_no_room_and_what_comes_takes_some() -> None:
    there = a_pod("there", node="n", alignment=aligned(2000))
    board = Board(cluster(a_topology("n", 2000, 1000), there))
    board.take(there.uid)
    board.put(a_pod("first", alignment=aligned(2000)), NodeName("n"))
    no = Survey.of(a_pod(alignment=aligned(2000)), board, rules=ADMITTING).refusal(NodeName("n"))
    assert no is not None
    assert no.reason is Reason.NO_NUMA_ZONE


def test_pods_that_find_a_zone_in_some_orders_only_are_not_certain_to() -> None:
    zones = a_topology("n", 3000, 2000)
    assert numa.certain([aligned(2000), aligned(2000)], zones)
    assert not numa.certain([aligned(1000), aligned(3000)], zones)
    assert not numa.certain([aligned(2000), aligned(3000)], zones)


def test_many_pods_alike_are_counted_not_tried_one_by_one() -> None:
    zones = a_topology("n", *[64_000] * 8)
    assert numa.certain([aligned(1000)] * 40, zones)
    assert not numa.certain([aligned(33_000)] * 9, zones)


def test_too_many_ways_to_tell_are_no_certainty() -> None:
    zones = a_topology("n", *[200_000] * 8)
    assert not numa.certain([aligned(1000 * n) for n in range(1, 30)], zones)


@pytest.mark.parametrize(
    ("policy", "memory_gib", "accepted"),
    [("restricted", 8, True), ("restricted", 9, False), ("single-numa-node", 9, True)],
    ids=["it has one zone", "it spans zones", "with one zone only nobody does"],
)
def test_zones_that_a_pod_spans_are_not_counted_on(
    policy: str, memory_gib: int, *, accepted: bool
) -> None:
    left = amounts(cpu_m=2000, memory_bytes=8 * GIB)
    topology = a_topology("n", left, left, policy=policy, updated_at=NOW)
    large = aligned(amounts(cpu_m=1000, memory_bytes=memory_gib * GIB))
    there = a_pod("large", node="n", alignment=large, started_at=NOW - timedelta(minutes=1))
    no = answer(aligned(1000), cluster(topology, there))
    assert (no is None) == accepted
    assert no is None or "default/large spans" in no.message


def test_while_the_zones_cannot_be_read_no_pod_that_needs_one_goes_anywhere() -> None:
    snapshot = replace(a_snapshot((), [a_node("n")]), unknown=frozenset({"NodeResourceTopology"}))
    no = answer(aligned(1000), snapshot)
    assert no is not None
    assert (no.reason, "cannot be read" in no.message) == (Reason.NO_NUMA_ZONE, True)
    assert answer(None, snapshot) is None
