"""The openb benchmark on clusters of a few nodes."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.openb.churn import Cycle, churn
from benchmarks.openb.instances import MalformedError, plan_of, read
from benchmarks.openb.plan import plan
from benchmarks.openb.replay import POLICIES, replay
from restow.packing.effort import Effort
from restow.sharing.engine import share

NODES = [["n0", 8000, 8000, 2, "A"], ["n1", 8000, 8000, 2, "B"]]
CLASSES = [[1000, 1000, 1, 500, ""], [1000, 1000, 1, 1000, ""], [1000, 1000, 2, 1000, "A|B"]]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Two half used devices on each node; a pod of two whole devices waits."""
    pods = [["p0", 0, 0, [0]], ["p1", 0, 1, [0]], ["p2", 0, 1, [1]], ["p3", 2, -1, []]]
    path = tmp_path / "small.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"meta": {}, "nodes": NODES, "classes": CLASSES, "pods": pods}, file)
    return path


def test_a_plan_names_the_pods_that_move_and_those_that_start(snapshot: Path) -> None:
    instance = read(snapshot, 1)
    outcome = share(instance.problem, Effort(seconds=None, work=1.0, seed=0))
    written = plan_of(instance, outcome)
    assert written["moves"] == [["p0", "n1", written["moves"][0][2]]]
    assert written["placements"] == [["p3", "n0", [0, 1]]]
    assert (written["start_pct"], written["alloc_pct"], written["bound_pct"]) == (37.5, 87.5, 87.5)


@pytest.mark.slow
def test_a_process_without_time_leaves_a_valid_plan_and_ends_in_time(
    snapshot: Path, tmp_path: Path
) -> None:
    said = plan(snapshot, 1, 0.3, tmp_path / "plan.json")
    assert json.loads((tmp_path / "plan.json").read_text())["moves"] == []
    assert said["stopped"]
    assert not said["failed_to_plan"]


def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bad.json.gz", "wt") as file:
        file.write("{}")
    with pytest.raises(MalformedError, match=r"bad\.json\.gz"):
        read(tmp_path / "bad.json.gz", 1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A trace on the two nodes: shares first, then whole devices, more than there are."""
    (tmp_path / "pods").mkdir()
    nodes = [
        {"sn": n, "cpu_milli": c, "memory_mib": m, "gpu": g, "model": x} for n, c, m, g, x in NODES
    ]
    _write(tmp_path / "openb_node_list_gpu_node.csv.gz", nodes)
    pods = [
        {"name": f"p{i}", "cpu_milli": 1000, "memory_mib": 1000, "num_gpu": 1, "gpu_milli": milli}
        for i, milli in enumerate([500, 500, 1000, 1000, 1000, 1000])
    ]
    _write(tmp_path / "pods/openb_pod_list_small.csv.gz", pods)
    order = {"trace": "small", "seed": 1, "pod_order": "0 1 2 3 4 5", "node_rank": "1 0"}
    _write(tmp_path / "arrivals.csv.gz", [order])
    events = [
        {"trace": "small", "event": i, "arriving_pod": i % 6, "departure_u": 0.25} for i in range(6)
    ]
    _write(tmp_path / "churn_events.csv.gz", events)
    return tmp_path


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "random"])
def test_placement_that_looks_at_devices_shares_one_and_loses_only_what_is_too_much(
    data: Path, policy: str
) -> None:
    result = replay(data, "small", 1, policy)
    assert result["failed"] == 1
    assert result["alloc_100"] == 100.0


def test_random_placement_is_that_of_its_seed(data: Path) -> None:
    first, second = (replay(data, "small", 1, "random") for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert first["failed"] in (1, 2)


def test_an_unknown_trace_has_no_arrivals(data: Path) -> None:
    with pytest.raises(LookupError, match="seed 2"):
        replay(data, "small", 2, "fgd")


def test_pods_that_queue_start_when_others_end(data: Path) -> None:
    still = churn(data, "small", 1, "bestfit", Cycle(every=2, moves=0, seconds=1.0))
    assert still["moves"] == 0
    assert 0 < still["alloc"] <= 100
    assert still["queued_gpus"] >= 0


def test_moves_between_events_are_no_more_than_allowed_and_gain(data: Path) -> None:
    still = churn(data, "small", 1, "random", Cycle(every=2, moves=0, seconds=1.0))
    moved = churn(data, "small", 1, "random", Cycle(every=2, moves=1, seconds=1.0))
    assert moved["moves"] <= 3
    assert moved["alloc"] >= still["alloc"]
