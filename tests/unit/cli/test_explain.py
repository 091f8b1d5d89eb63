"""`restow explain pod` as its users meet it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from restow.cli.main import main
from tests.unit.cli.test_main import STRANDED, Json, Result, dump, node, pod, policy

HANDS_OFF = policy("hands-off", mode="Observe", limits={"movesPerPlan": 0, "evictionsPerPlan": 0})


@pytest.fixture
def explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `restow explain pod` in this process."""

    def run(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["restow", "explain", "pod", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return Result(int(end.value.code or 0), out, err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return dump(tmp_path / "dump.json", *STRANDED)


@pytest.mark.solver
@pytest.mark.slow
def test_pending_pod_is_told_of_its_nodes_and_of_the_least_change(explain: Any, file: Path) -> None:
    result = explain("default/big", "--from", file)
    assert result.code == 0
    assert "0/2 nodes are available: 2 Insufficient nvidia.com/gpu." in result.out
    assert "n1: 2 nvidia.com/gpu short" in result.out
    assert "1 move and 0 evictions" in result.out
    assert "wave 0: default/small moves from n1 to n2" in result.out


@pytest.mark.solver
@pytest.mark.slow
def test_json_is_one_object_and_a_policy_by_file_counts_alone(
    explain: Any, file: Path, tmp_path: Path
) -> None:
    still = tmp_path / "policy.json"
    still.write_text(json.dumps(HANDS_OFF))
    result = explain("default/big", "--from", file, "--policy", still, "-o", "json")
    body: Json = json.loads(result.out)
    assert (result.code, body["policy"]) == (0, "hands-off")
    assert body["change"]["refused"]["reason"] == "LimitReached"
    assert [option["ignores"] for option in body["change"]["options"]] == ["Limits"]


def test_running_pod_is_told_where_else_it_could_be(explain: Any, file: Path) -> None:
    result = explain("default/small", "--from", file)
    assert result.code == 0
    assert "It may be moved" in result.out
    assert "1 other node now: n2" in result.out


def test_affinity_that_the_schedulers_profile_adds_counts(
    explain: Any, file: Path, tmp_path: Path
) -> None:
    terms = [{"matchExpressions": [{"key": "team", "operator": "Exists"}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    plugin = {"name": "NodeAffinity", "args": {"addedAffinity": required}}
    config = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps(config | {"profiles": [{"pluginConfig": [plugin]}]}))
    result = explain("default/big", "--from", file, "--scheduler-config", path)
    assert result.code == 0
    assert "2 node(s) didn't match scheduler-enforced node affinity" in result.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["big"], ["'big'", "default/web-0"]),
        (["default/"], ["'default/'"]),
        (["a/b/c"], ["'a/b/c'"]),
        (["other/big"], ["other/big", "did you mean default/big"]),
        (["default/none"], ["no pod default/none", "kubectl get pods"]),
        (["default/big", "--policy", "none"], ["--policy", "'none'"]),
        (["default/big", "--time-limit", "soon"], ["--time-limit", "'soon'"]),
        (["default/big", "-o", "yaml"], ["'yaml'", "text", "json"]),
        (["default/big", "--context", "prod"], ["--context", "--from"]),
        (["default/big", "--scheduler-config", "none.yaml"], ["none.yaml", "cannot be read"]),
        ([], ["NAMESPACE/NAME"]),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    explain: Any, file: Path, arguments: list[str], says: list[str]
) -> None:
    result = explain(*arguments, "--from", file)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("error: ")
    assert [word for word in says if word not in line] == []


def test_a_finished_pod_is_not_among_those_that_can_be_asked_about(
    explain: Any, tmp_path: Path
) -> None:
    done = pod("done", 1, on="n1")
    done["status"] = {"phase": "Succeeded"}
    result = explain("default/done", "--from", dump(tmp_path / "d.json", node("n1", 8), done))
    assert result.code == 2
    assert "that have not finished" in result.err
