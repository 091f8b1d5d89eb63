"""What a recorder makes of the cluster as it is seen, look by look."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from restow.app.recording import record
from restow.cluster.objects import Feature, Taint
from restow.cluster.snapshot import Snapshot
from restow.simulation.traces.gpus import Gpus
from restow.simulation.traces.reading import parse
from restow.simulation.traces.recording import Recorder, hashed
from restow.simulation.traces.trace import Arrival, Departure, Placing, Trace
from restow.simulation.traces.writing import written
from tests.support.devices import DRIVER
from tests.support.objects import GIB, a_node, a_pod, a_snapshot, a_workload

GPUS = Gpus("nvidia.com/gpu", DRIVER)
WEB = a_workload(name="web", replicas=3)
NODES = [
    a_node("a", gpus=8, labels={"nvidia.com/gpu.product": "H100", "rack": "left"}),
    a_node("b", gpus=8, taints=(Taint(key="dedicated", effect="NoSchedule"),)),
    a_node("c"),
]


def cluster(*pods: Any, nodes: Sequence[Any] = NODES) -> Snapshot:
    return a_snapshot(pods, nodes, workloads=(WEB,))


def recorded(*looks: Snapshot, recorder: Recorder | None = None) -> list[BaseModel]:
    """The lines of looks ten seconds apart."""
    writer = recorder or Recorder(GPUS)
    lines = list(writer.begin(looks[0]))
    for number, look in enumerate(looks[1:], start=1):
        lines += writer.look(look, 10.0 * number)
    return [*lines, writer.end(10.0 * len(looks))]


def trace_of(lines: Iterable[BaseModel]) -> Trace:
    return parse("".join(f"{written(line)}\n" for line in lines), "t")


def test_nodes_have_what_pods_may_take_of_them() -> None:
    trace = trace_of(recorded(cluster(a_pod("web-1", owner=WEB))))
    assert [(n.name, n.cpu_m, n.memory_mib, n.devices, n.model) for n in trace.nodes] == [
        ("a", 4000, 16 * 1024, 8, "H100"),
        ("b", 4000, 16 * 1024, 8, ""),
        ("c", 4000, 16 * 1024, 0, ""),
    ]


def test_who_comes_is_placed_and_goes_is_written_when_it_is_seen() -> None:
    old, new = a_pod("old", node="a", owner=WEB, gpus=1), a_pod("new", owner=WEB, gpus=2)
    placed = a_pod("new", node="c", owner=WEB, gpus=2)
    trace = trace_of(
        recorded(cluster(old), cluster(old, new), cluster(old, placed), cluster(placed))
    )
    assert [pod.name for pod in trace.pods] == ["default/old", "default/new"]
    assert trace.events == (
        Arrival(at=0, pod=0),
        Placing(at=0, pod=0, node=0),
        Arrival(at=10, pod=1),
        Placing(at=20, pod=1, node=2),
        Departure(at=30, pod=0),
    )
    assert trace.ends_s == 40


def test_a_pod_of_the_same_name_that_takes_the_place_of_another_is_a_pod_of_its_own() -> None:
    first, second = (a_pod("db-0", node="a", owner=WEB, uid=uid) for uid in ("one", "two"))
    trace = trace_of(recorded(cluster(first), cluster(second)))
    assert [type(event) for event in trace.events] == [
        Arrival, Placing, Departure, Arrival, Placing,
    ]  # fmt: skip


def test_a_gated_pod_has_not_come_yet() -> None:
    gated = a_pod("web-1", owner=WEB, gates=("wait",))
    trace = trace_of(recorded(cluster(gated), cluster(a_pod("web-1", owner=WEB))))
    assert trace.events == (Arrival(at=10, pod=0),)


def test_pods_keep_to_the_nodes_that_their_selectors_and_tolerations_leave_them() -> None:
    pods = (
        a_pod("free", owner=WEB),
        a_pod("left", owner=WEB, node_selector={"rack": "left"}),
        a_pod("again", owner=WEB),
    )
    trace = trace_of(recorded(cluster(*pods)))
    allowed = {pod.name: trace.groups[str(pod.group)] for pod in trace.pods}
    assert allowed == {
        "default/again": {"a", "c"},
        "default/free": {"a", "c"},
        "default/left": {"a"},
    }
    assert len(trace.groups) == 2


def test_who_is_put_by_others_is_fixed_and_who_may_not_be_moved_is_not_movable() -> None:
    pods = (
        a_pod("daemon", node="a", owner=a_workload("DaemonSet", "daemon", replicas=None)),
        a_pod("static", node="a", features=(Feature.MIRROR,)),
        a_pod("foreign", node="a", owner=WEB, scheduler_name="volcano"),
        a_pod("bare", node="a"),
        a_pod("kept", node="a", owner=WEB, annotations={"restow.dev/movable": "false"}),
        a_pod("web", owner=WEB),
    )
    trace = trace_of(recorded(cluster(*pods)))
    found = {pod.name.removeprefix("default/"): (pod.fixed, pod.movable) for pod in trace.pods}
    assert found == {
        "daemon": (True, False),
        "static": (True, False),
        "foreign": (True, False),
        "bare": (False, False),
        "kept": (False, False),
        "web": (False, True),
    }


def test_a_node_that_came_later_is_told_and_its_pods_have_no_place() -> None:
    recorder = Recorder(GPUS)
    pod = a_pod("web-1", node="d", owner=WEB)
    later = cluster(a_pod("web-0", owner=WEB), pod, nodes=[*NODES, a_node("d")])
    trace = trace_of(recorded(cluster(a_pod("web-0", owner=WEB)), later, recorder=recorder))
    assert recorder.unknown == {"d"}
    assert not any(isinstance(event, Placing) for event in trace.events)


def test_kinds_that_cannot_be_read_meanwhile_are_told() -> None:
    recorder = Recorder(GPUS)
    whole = cluster(a_pod("web-0", owner=WEB))
    recorded(whole, replace(whole, unknown=frozenset({"KubeVirt"})), whole, recorder=recorder)
    assert recorder.unread == {"KubeVirt"}


def test_hashes_are_the_same_for_one_name_and_others_under_another_key() -> None:
    pods = [
        a_pod(f"team/{n}", node="a", owner=WEB, cpu_m=250, memory_bytes=GIB, labels={"app": "x"})
        for n in ("one", "two")
    ]
    texts = [
        [json.loads(written(line)) for line in recorded(cluster(*pods), recorder=recorder)]
        for recorder in (
            Recorder(GPUS, hashed(b"1"), anonymised=True),
            Recorder(GPUS, hashed(b"1"), anonymised=True),
            Recorder(GPUS, hashed(b"2"), anonymised=True),
        )
    ]
    assert texts[0] == texts[1]
    assert "started" not in texts[0][0]
    arrivals = [[line for line in lines if "arrives" in line] for lines in texts]
    assert arrivals[0][0]["labels"] == arrivals[0][1]["labels"]
    assert arrivals[0][0]["namespace"] == arrivals[0][1]["namespace"]
    assert arrivals[0][0]["arrives"] != arrivals[0][1]["arrives"]
    assert not {a["arrives"] for a in arrivals[0]} & {a["arrives"] for a in arrivals[2]}
    assert {(a["cpu"], a["memory"]) for a in arrivals[0]} == {("250m", str(GIB))}


class Still:
    """A cluster in which nothing happens."""

    generation = 0

    async def wait_changed(self, timeout_s: float) -> bool:
        await asyncio.sleep(timeout_s)
        return False

    def snapshot(self) -> Snapshot:
        return cluster(a_pod("web-1", node="a", owner=WEB))


async def test_a_recording_ends_when_it_is_told_to_or_when_the_time_is_up() -> None:
    for for_s, told in ((0.01, False), (None, True)):
        lines: list[BaseModel] = []
        stop = asyncio.Event()
        if told:
            stop.set()
        recorder = Recorder(GPUS)
        async with asyncio.timeout(30):
            seconds = await record(Still(), recorder, lines.extend, stop=stop, for_s=for_s)
        trace = trace_of(lines)
        assert trace.ends_s == seconds
        assert len(trace.pods) == 1
