"""The benchmarks' clusters as traces."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.traces import main
from restow.simulation.traces.reading import parse
from restow.simulation.traces.trace import Placing, Trace
from tests.support.traces import replay_of


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Made":
    return Made(monkeypatch, capsys)


class Made:
    """Runs the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> Trace:
        self._monkeypatch.setattr(sys, "argv", ["traces", *map(str, arguments)])
        assert main() == 0
        return parse(self._capsys.readouterr().out, "t")


def test_a_grid_has_its_nodes_and_its_priorities(made: Made) -> None:
    trace = made("grid", "--nodes", 4, "--priorities", 2, "--days", 0.5)
    assert len(trace.nodes) == 4
    assert {pod.priority for pod in trace.pods} == {1, 2}
    assert trace == made("grid", "--nodes", 4, "--priorities", 2, "--days", 0.5)


def test_an_instance_begins_as_the_file_has_it(made: Made, tmp_path: Path) -> None:
    nodes = [{"name": n, "allocatable": [8, 96_000, 1024]} for n in "ab"]
    pods = [{"name": f"p{i}", "node": i % 2, "requests": [2 * i, 1000, 10]} for i in range(4)]
    document = {"resources": ["gpu", "cpu_m", "mem_mib"], "nodes": nodes, "pods": pods}
    path = tmp_path / "small.json"
    path.write_text(json.dumps(document))
    trace = made("instance", path, "--days", 0.2)
    placed = [event for event in trace.events if isinstance(event, Placing)]
    assert [(event.pod, event.node) for event in placed] == [(0, 0), (1, 1), (2, 0), (3, 1)]
    assert [pod.devices for pod in trace.pods[:4]] == [0, 2, 4, 6]
    replay = replay_of(trace)
    for _ in range(len(placed) * 2):
        replay.step()
    assert {pod: seat.node for pod, seat in replay.cluster.running.items()} == {
        0: 0,
        1: 1,
        2: 0,
        3: 1,
    }
