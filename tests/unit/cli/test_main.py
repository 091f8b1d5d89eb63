"""The command line as its users meet it: exit codes, and what is on stdout and what is not."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from restow.cli.main import main

Json = dict[str, Any]


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def restow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `restow` in this process."""

    def run(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["restow", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return Result(int(end.value.code or 0), out, err)

    return run


def node(name: str, gpus: int) -> Json:
    amounts = {"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": str(gpus)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}"},
        "status": {
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def pod(name: str, gpus: int, on: str | None = None) -> Json:
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": name,
        "uid": f"uid-rs-{name}",
        "controller": True,
    }
    status: Json = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                # the machine that took the dump may be ahead of this one
                "lastTransitionTime": "2999-01-01T00:00:00Z",
            }
        ],
    }
    if on is not None:
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "creationTimestamp": "2026-11-23T11:00:00Z",
            "ownerReferences": [owner],
        },
        "spec": {
            "schedulerName": "default-scheduler",
            "containers": [
                {"name": "main", "resources": {"requests": {"nvidia.com/gpu": str(gpus)}}}
            ],
            **({} if on is None else {"nodeName": on}),
        },
        "status": status,
    }


STRANDED = [node("n1", 8), node("n2", 4), pod("small", 2, on="n1"), pod("big", 8)]


def policy(name: str, **spec: Any) -> Json:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def dump(path: Path, *items: Json) -> Path:
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})
    path.write_text(body)
    return path


@pytest.mark.solver
@pytest.mark.slow
def test_plan_prints_one_object_on_stdout_and_the_same_one_twice(
    restow: Any, tmp_path: Path
) -> None:
    file = dump(tmp_path / "dump.json", *STRANDED)
    first, second = (restow("plan", "--from", file, "--output", "json") for _ in range(2))
    assert first.code == second.code == 0
    plan, again = json.loads(first.out), json.loads(second.out)
    assert plan["kind"] == "PackingPlan"
    assert [(s["action"], s["pod"]["name"], s["to"]) for s in plan["spec"]["steps"]] == [
        ("Move", "small", "n2"),
        ("Place", "big", "n1"),
    ]
    assert plan["status"]["solve"]["outcome"] == "Optimal"
    assert plan["status"]["solve"]["disturbed"] == {
        "moves": 1,
        "evictions": 0,
        "bound": 1,
        "proven": True,
    }
    assert again["metadata"] == plan["metadata"]
    assert again["spec"]["steps"] == plan["spec"]["steps"]


@pytest.mark.solver
@pytest.mark.slow
def test_plan_reads_several_packed_files_and_a_policy_and_draws_a_table(
    restow: Any, tmp_path: Path
) -> None:
    nodes, pods = tmp_path / "nodes.json", tmp_path / "pods.json.gz"
    dump(nodes, *STRANDED[:2])
    listed = {"apiVersion": "v1", "kind": "List", "items": STRANDED[2:]}
    pods.write_bytes(gzip.compress(json.dumps(listed).encode()))
    no_moves = tmp_path / "policy.yaml"
    limits = {"movesPerPlan": 0, "evictionsPerPlan": 0}
    no_moves.write_text(yaml.safe_dump(policy("still", mode="Act", limits=limits)))
    result = restow("plan", "--from", nodes, "--from", pods, "--policy", no_moves)
    assert result.code == 0
    assert "changes nothing" in result.out
    assert "default/big" in result.out


def test_a_cluster_without_pending_pods_gives_an_empty_plan(restow: Any, tmp_path: Path) -> None:
    file = dump(tmp_path / "dump.json", *STRANDED[:3])
    result = restow("plan", "--from", file, "-o", "yaml")
    assert result.code == 0
    plan = yaml.safe_load(result.out)
    assert (plan["spec"]["steps"], plan["spec"]["unplaced"]) == ([], [])


BROKEN_POD = pod("odd", 1)
BROKEN_POD["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "two"}


@pytest.mark.parametrize(
    ("items", "arguments", "names"),
    [
        ([node("n", 1), BROKEN_POD], [], ["default/odd", "requests", "'two'"]),
        ([{"kind": "Pod"}], [], ["item 0", "metadata", "missing"]),
        ([*STRANDED, policy("p", mode="Banana")], [], ["PackingPolicy p", "spec.mode", "Banana"]),
        ([*STRANDED, policy("a"), policy("b")], ["--policy", "c"], ["--policy", "'c'", "a, b"]),
        (STRANDED, ["--time-limit", "soon"], ["--time-limit", "'soon'", "10s"]),
        (STRANDED, ["--policy", "none.yaml"], ["--policy", "none.yaml"]),
    ],
    ids=["quantity", "no metadata", "mode", "unknown policy", "time limit", "policy file"],
)
def test_bad_input_is_one_line_with_object_field_and_remedy(
    restow: Any, tmp_path: Path, items: list[Json], arguments: list[str], names: list[str]
) -> None:
    result = restow("plan", "--from", dump(tmp_path / "dump.json", *items), *arguments)
    assert result.code == 2
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("error: ")
    assert [name for name in names if name not in line] == []


def test_pods_of_two_policies_need_a_choice(restow: Any, tmp_path: Path) -> None:
    team = policy("a", scope={"namespaces": {"matchLabels": {"team": "a"}}})
    rest = policy("b", scope={"namespaces": {"matchLabels": {"team": "b"}}})
    spaces: list[Json] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"team": name}},
        }
        for name in "ab"
    ]
    pods = [pod("p", 8), pod("q", 8)]
    for one, name in zip(pods, "ab", strict=True):
        one["metadata"]["namespace"] = name
    file = dump(tmp_path / "dump.json", *STRANDED[:2], *spaces, *pods, team, rest)
    result = restow("plan", "--from", file)
    assert result.code == 2
    assert "--policy NAME" in result.err
    assert "a, b" in result.err


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"kind: Pod\n  name: [", b"[1, 2]"])
def test_files_that_are_something_else_are_refused(
    restow: Any, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    result = restow("plan", "--from", file)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert str(file) in result.err


def test_a_missing_file_and_an_unknown_option_are_bad_input(restow: Any) -> None:
    assert restow("plan", "--from", "/nowhere.yaml").code == 2
    assert restow("plan", "--output", "html").code == 2
    assert restow("pack").code == 2


def test_without_a_cluster_the_way_to_name_one_is_said(
    restow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    result = restow("plan", "--kubeconfig", tmp_path / "none")
    assert result.code == 2
    assert "--kubeconfig" in result.err


def test_crds_are_printed_as_yaml(restow: Any) -> None:
    result = restow("crds")
    assert result.code == 0
    names = [each["metadata"]["name"] for each in yaml.safe_load_all(result.out)]
    assert {"packingplans.restow.dev", "packingpolicies.restow.dev"} <= set(names)


def test_help_names_every_command(restow: Any) -> None:
    result = restow("--help")
    assert result.code == 0
    assert all(command in result.out for command in ("plan", "run", "crds", "version"))
