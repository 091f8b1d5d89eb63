"""`restow simulate` and `restow trace` as their users meet them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_main import restow

__all__ = ["restow"]  # a fixture

Json = dict[str, Any]

QUICK = ("--every", "10m", "--work", "0.05", "--sample", "10m")


@pytest.fixture
def trace(restow: Any, tmp_path: Path) -> Path:
    made = restow(
        "trace", "synthetic", "--nodes", 2, "--gpus", 4, "--days", 0.1, "--runtime", "30m"
    )
    assert made.code == 0
    path = tmp_path / "trace.jsonl"
    path.write_text(made.out)
    return path


def test_each_policy_runs_with_each_limit_and_with_and_without_fallback(
    restow: Any, trace: Path
) -> None:
    asked = ("--policy", "fgd", "--policy", "kube-scheduler", "--migrations", "0")
    result = restow(
        "simulate", trace, *QUICK, *asked, "--migrations", "5%", "--fallback", "both", "-o", "json"
    )
    assert result.code == 0
    told: Json = json.loads(result.out)
    assert [run["label"] for run in told["runs"]] == [
        "fgd",
        "fgd + fallback",
        "fgd + moves 5%",
        "fgd + moves 5% + fallback",
        "kube-scheduler",
        "kube-scheduler + fallback",
        "kube-scheduler + moves 5%",
        "kube-scheduler + moves 5% + fallback",
    ]
    assert told["trace"]["capacity"] == 8
    assert all(len(run["samples"]) == 15 for run in told["runs"])
    assert told["columns"][:3] == ["at", "allocation", "fragmentation"]
    assert {len(sample) for run in told["runs"] for sample in run["samples"]} == {7}


def test_the_table_has_a_line_for_each_run(restow: Any, trace: Path) -> None:
    result = restow("simulate", trace, *QUICK)
    assert result.code == 0
    assert "on 2 nodes with 8 GPUs over 2.4 h" in result.out
    lines = [line for line in result.out.splitlines() if line.startswith("kube-scheduler")]
    assert [line.split("  ")[0] for line in lines] == [
        "kube-scheduler",
        "kube-scheduler + moves 1%",
    ]
    assert "seed 0; means over all time" in result.out


def test_a_simulation_that_is_done_is_printed_from_its_state_and_no_other_is(
    restow: Any, trace: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    first = restow("simulate", trace, *QUICK, "--state", state)
    assert restow("simulate", trace, *QUICK, "--state", state).out == first.out
    other = restow("simulate", trace, *QUICK, "--state", state, "--seed", 5)
    assert (other.code, other.out) == (2, "")
    assert "--state" in other.err
    assert "is of another trace, other options" in other.err


def test_a_torn_last_line_is_said(restow: Any, trace: Path) -> None:
    trace.write_text(trace.read_text()[:-20])
    result = restow("simulate", trace, *QUICK, "--migrations", 0)
    assert result.code == 0
    assert "the last line was not written to its end, and is left out" in result.err
    assert "last line was not written to its end" in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--migrations", "1.5%"), "--migrations: '1.5%' is no number of pods, and no share"),
        (("--migrations", "101%"), "--migrations: '101%'"),
        (("--every", "often"), "--every: 'often' is not a positive duration"),
        (("--warm-up", "9d"), "--warm-up: the trace is over after 8640 s"),
        (("--sample", "100ms"), "--sample: the curves would have more than 20000 points"),
        (("--policy", "worst"), "'worst' is not one of"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    restow: Any, trace: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = restow("simulate", trace, *arguments)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert said in line


def test_openb_is_drawn_from_its_lists(restow: Any, tmp_path: Path) -> None:
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\nb,8000,8000,2,T4\na,8000,8000,2,P100\n")
    pods.write_text(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
        "p0,1000,1000,1,500,T4|G2\np1,2000,1000,1,1000,\n"
    )
    result = restow("trace", "openb", "--nodes", nodes, "--pods", pods, "--days", "1")
    assert result.code == 0
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line["node"] for line in lines[1:3]] == ["a", "b"]
    asked = {(line["share"], tuple(line["models"])) for line in lines if "share" in line}
    assert asked == {(500, ("G2", "T4"))}
    assert lines[-1] == {"at": 86_400, "ends": True}


def test_openb_files_that_are_none_are_told_by_line_and_column(restow: Any, tmp_path: Path) -> None:
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\nb,8000,8000,2,T4\n")
    pods.write_text("name,cpu_milli\np0,1000\n")
    result = restow("trace", "openb", "--nodes", nodes, "--pods", pods)
    assert result.code == 2
    assert "pods.csv, line 2: num_gpu: is missing; give a CSV file of the openb trace" in result.err
