"""Trace files: what is read, and what is said of mistakes."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from restow.core.errors import InputError
from restow.simulation.traces.drawing import Demand, arrivals, example_nodes, example_pods
from restow.simulation.traces.reading import parse, read
from restow.simulation.traces.trace import Arrival, Departure, Placing, TracePod
from restow.simulation.traces.writing import lines
from tests.support.traces import HEADER, NODE, a_trace, text_of

POD: dict[str, Any] = {"at": 1, "arrives": "p", "cpu": "500m", "memory": "1Gi"}


def test_a_trace_is_read_as_it_is_written() -> None:
    trace = a_trace(
        {"group": "g", "nodes": ["n1"]},
        {**POD, "gpus": 1, "share": 250, "models": ["A", "B"], "group": "g", "priority": 7},
        {"at": 2.5, "placed": "p", "node": "n1", "devices": [1]},
        {"at": 4, "departs": "p"},
        {"at": 9, "ends": True},
    )
    assert trace.pods == (
        TracePod(
            name="p",
            cpu_m=500,
            memory_mib=1024,
            devices=1,
            milli=250,
            models=frozenset({"A", "B"}),
            group="g",
            priority=7,
        ),
    )
    assert trace.events == (
        Arrival(at=1, pod=0),
        Placing(at=2.5, pod=0, node=0, devices=(1,)),
        Departure(at=4, pod=0),
    )
    assert trace.ends_s == 9
    assert not trace.torn


MISTAKES: list[tuple[list[Any], str]] = [
    ([], "t: is empty"),
    ([{"node": "n"}], r"line 1: restow: the file does not begin like a trace; begin with \{"),
    ([{**HEADER, "version": 2}], "line 1: version: 2 is not known; use 1"),
    ([HEADER], "t: has no node"),
    ([HEADER, NODE], "t: has no pod"),
    ([HEADER, "{"], "line 2: is no JSON: .*; write one JSON object per line"),
    ([HEADER, [1]], "line 2: is no JSON object"),
    ([HEADER, {"at": 1}], "line 2: does not say what it is; give it one of the fields arrives"),
    ([HEADER, {**NODE, "cpus": 3}], "line 2: cpus: is not a field here; use cpu, or remove it"),
    ([HEADER, {**NODE, "cpu": "much"}], "line 2: cpu: 'much' is not a quantity; write it like"),
    ([HEADER, {**NODE, "memory": "-1Gi"}], "line 2: memory: '-1Gi' is no amount of memory"),
    ([HEADER, {**NODE, "gpus": 33}], "line 2: gpus: 33 is too large; use 32 or less"),
    ([HEADER, NODE, NODE], "line 3: node: 'n1' is there already; name each node once"),
    ([HEADER, NODE, POD, NODE | {"node": "n2"}], "line 4: node: comes after an arrival"),
    ([HEADER, NODE, {"group": "g", "nodes": ["n2"]}], r"line 3: nodes\[0\]: there is no node 'n2'"),
    ([HEADER, NODE, {**POD, "group": "g"}], "line 3: group: there is no group 'g'; define it"),
    ([HEADER, NODE, {**POD, "gpus": 2, "share": 500}], "line 3: share: is of one GPU"),
    ([HEADER, NODE, {**POD, "at": -1}], "line 3: at: -1 is too small; use 0.0 or more"),
    ([HEADER, NODE, {**POD, "runs": 0}], "line 3: runs: 0 is too small; use more than 0.0"),
    ([HEADER, NODE, POD, POD], "line 4: arrives: 'p' is there already; let it depart first"),
    ([HEADER, NODE, POD, {"at": 0, "departs": "p"}], "line 4: at: 0 is before the line above"),
    ([HEADER, NODE, POD, {"at": 2, "departs": "q"}], "line 4: departs: there is no pod 'q' now"),
    (
        [HEADER, NODE, {**POD, "runs": 5}, {"at": 2, "departs": "p"}],
        "line 4: departs: 'p' departs after its `runs`; leave out one of the two",
    ),
    (
        [HEADER, NODE, POD, {"at": 2, "placed": "p", "node": "n2"}],
        "line 4: node: there is no node 'n2'",
    ),
    (
        [HEADER, NODE, {**POD, "gpus": 1}, {"at": 2, "placed": "p", "node": "n1", "devices": [2]}],
        "line 4: devices: 2 is not on the node; use 0 to 1",
    ),
    (
        [HEADER, NODE, {**POD, "gpus": 2}, {"at": 2, "placed": "p", "node": "n1", "devices": [0]}],
        "line 4: devices: are not the 2 that it asks for",
    ),
]


@pytest.mark.parametrize(("told", "said"), MISTAKES)
def test_a_mistake_is_told_with_line_field_and_remedy(told: list[Any], said: str) -> None:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in told)
    with pytest.raises(InputError, match=said):
        parse(text, "t")


@pytest.mark.parametrize("cut", range(1, len(json.dumps(POD | {"arrives": "q"}))))
def test_a_last_line_that_was_not_written_to_its_end_is_left_out_and_told(cut: int) -> None:
    whole = text_of(HEADER, NODE, POD)
    trace = parse(whole + json.dumps(POD | {"arrives": "q"})[:cut], "t")
    assert trace.torn
    assert [pod.name for pod in trace.pods] == ["p"]


def test_a_name_may_come_again_when_it_has_gone() -> None:
    trace = a_trace(POD, {"at": 2, "departs": "p"}, POD | {"at": 3})
    assert [event.pod for event in trace.events] == [0, 0, 1]


def test_what_is_drawn_reads_back_the_same_of_its_seed_and_asks_for_the_load() -> None:
    nodes = example_nodes(200, 8)
    demand = Demand(load=0.8, runs_s=3600, days=0.5, seed=3)
    texts = ["\n".join(lines(nodes, arrivals(nodes, example_pods(8), demand), 43_200))] * 2
    trace, again = (parse(text, "t") for text in texts)
    assert trace == again
    asked = sum(pod.devices * pod.milli * (pod.runs_s or 0) for pod in trace.pods) / 43_200
    assert asked / (1000 * 8 * 200) == pytest.approx(0.8, rel=0.15)


def test_files_may_be_compressed_or_come_from_standard_input(tmp_path: Path) -> None:
    text = text_of(HEADER, NODE, POD).encode()
    (tmp_path / "t.gz").write_bytes(gzip.compress(text))
    packed = read(str(tmp_path / "t.gz"), io.BytesIO())
    assert packed == read("-", io.BytesIO(text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read: .*No such file"):
        read(str(tmp_path / "none"), io.BytesIO())
