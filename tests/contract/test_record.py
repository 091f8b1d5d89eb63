"""`restow record` beside the real kube-scheduler: what it writes is what happened."""

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.client import Json
from e2e.cluster.backend import Backend
from e2e.nodes import a_gpu_node, a_node
from e2e.process_operator import RESTOW
from e2e.scenario import Scenario, node_of
from e2e.scenarios import test_rescheduling_devices as dra
from e2e.waiting import eventually
from restow.simulation.traces.reading import read
from tests.support.traces import replay_of

pytestmark = pytest.mark.cluster


def a_deployment(name: str, gpus: int, **spec: object) -> Json:
    resources = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": gpus}}
    containers = [{"name": "c", "image": "x", "resources": resources}]
    labels = {"app": name, "team": "crystal"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers} | spec},
        },
    }


@pytest.fixture
def stage(scenario: Scenario) -> Scenario:
    """Two nodes of 8 GPUs, a pod that runs, and one that finds no room."""
    scenario.apply(a_gpu_node("ruby", labels={"rack": "left"}), a_gpu_node("opal"))
    scenario.wait_nodes_ready()
    scenario.apply(a_deployment("old", 2), a_deployment("giant", 9))
    scenario.wait_running(1, "app=old")
    scenario.wait_unschedulable("app=giant")
    return scenario


@contextmanager
def recording(backend: Backend, file: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Record while the test goes on; ended with it."""
    command = [str(RESTOW), "record", str(file), *options]
    environment = os.environ | {"KUBECONFIG": str(backend.workdir / "kubeconfig")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_of(file: Path) -> list[Json]:
    """What has been written so far, line by line."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def written(file: Path, field: str, part: str) -> Json:
    """Wait for a line whose field has that in it."""
    (found,) = eventually(
        lambda: [line for line in lines_of(file) if part in line.get(field, "")],
        within_s=30,
        what=f"a line with {part} in {field}",
    )
    return dict(found)


def test_what_comes_goes_and_is_placed_is_written_and_can_be_simulated(
    stage: Scenario, backend: Backend, tmp_path: Path
) -> None:
    file = tmp_path / "trace.jsonl"
    old, giant = f"{stage.namespace}/old-", f"{stage.namespace}/giant-"
    new = f"{stage.namespace}/new-"
    with recording(backend, file) as process:
        assert written(file, "placed", old)["at"] == 0
        stage.apply(a_deployment("new", 4, nodeSelector={"rack": "left"}))
        (pod,) = stage.wait_running(1, "app=new")
        placed = written(file, "placed", new)
        assert placed["node"] == node_of(pod) == "ruby"
        stage.client.delete("Deployment", "old", namespace=stage.namespace)
        gone = written(file, "departs", old)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    told = lines_of(file)
    arrival = written(file, "arrives", new)
    assert (arrival["cpu"], arrival["gpus"], arrival["labels"]["team"]) == ("500m", 4, "crystal")
    groups = {line["group"]: line["nodes"] for line in told if "nodes" in line}
    assert groups[arrival["group"]] == ["ruby"]
    assert 0 < arrival["at"] <= placed["at"] <= gone["at"] <= told[-1]["at"]
    assert told[-1]["ends"] is True
    trace = read(str(file), io.BytesIO())
    replay = replay_of(trace)
    replay.run()
    ends = {trace.pods[p].name: trace.nodes[s.node].name for p, s in replay.cluster.running.items()}
    (name,) = [each for each in ends if each.startswith(new)]
    assert ends[name] == "ruby"
    assert [trace.pods[p].name for p in replay.cluster.waiting() if trace.pods[p].devices] == [
        line["arrives"] for line in told if giant in line.get("arrives", "")
    ]


def test_devices_of_a_driver_are_the_gpus_of_nodes_and_of_pods_that_claim_them(
    scenario: Scenario, backend: Backend, tmp_path: Path
) -> None:
    scenario.apply(a_node("ruby", cpu="64", labels=dra.OURS))
    scenario.apply(dra.device_class(), dra.published("ruby"))
    scenario.apply(*(dra.template(name, dra.CLAIMED[name]) for name in ("two", "four")))
    scenario.wait_nodes_ready()
    scenario.apply(dra.deployment("old", "two", 1))
    scenario.wait_running(1, "app=old")
    file = tmp_path / "trace.jsonl"
    with recording(backend, file, f"--driver={dra.DRIVER}") as process:
        written(file, "placed", f"{scenario.namespace}/old-")
        scenario.apply(dra.deployment("new", "four", 1))
        written(file, "placed", f"{scenario.namespace}/new-")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "without their GPUs" not in process.stderr.read().decode()
    told = [line for line in lines_of(file) if "node" in line and "cpu" in line]
    nodes = {line["node"]: line.get("gpus") for line in told}
    assert nodes["ruby"] == dra.EACH
    assert written(file, "arrives", f"{scenario.namespace}/old-")["gpus"] == 2, "what it was given"
    assert written(file, "arrives", f"{scenario.namespace}/new-")["gpus"] == 4, "what it asks for"
    replay = replay_of(read(str(file), io.BytesIO()))
    replay.run()
    assert sum(seat.mask.bit_count() for seat in replay.cluster.running.values()) == 6


def test_a_recorder_that_is_killed_leaves_a_trace(
    stage: Scenario, backend: Backend, tmp_path: Path
) -> None:
    file = tmp_path / "trace.jsonl"
    with recording(backend, file) as process:
        written(file, "placed", f"{stage.namespace}/old-")
        process.kill()
        process.wait(30)
    trace = read(str(file), io.BytesIO())
    assert {"ruby", "opal"} <= {node.name for node in trace.nodes}
    assert any(pod.devices == 2 for pod in trace.pods)


def test_an_anonymised_trace_has_the_requests_and_no_name(
    stage: Scenario, backend: Backend, tmp_path: Path
) -> None:
    plain, secret = tmp_path / "plain.jsonl", tmp_path / "secret.jsonl"
    for file, options in ((plain, ()), (secret, ("--anonymise",))):
        with recording(backend, file, "--for", "500ms", *options) as process:
            assert process.wait(60) == 0
    text = secret.read_text()
    for name in (
        stage.namespace,
        "ruby",
        "opal",
        "old",
        "giant",
        "team",
        "crystal",
        "H100",
        "kube",
    ):
        assert name not in text
    asked = [
        sorted(
            (line["cpu"], line["memory"], line.get("gpus", 0)) for line in lines if "cpu" in line
        )
        for lines in (lines_of(plain), lines_of(secret))
    ]
    assert asked[0] == asked[1]
    team = [list(line["labels"].items()) for line in lines_of(secret) if line.get("labels")]
    shared = [pair for pairs in team for pair in pairs if sum(pair in p for p in team) > 1]
    assert shared, "one name is the same hash wherever it stands"


def test_a_file_that_is_there_is_not_written_over(backend: Backend, tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text("mine")
    with recording(backend, file) as process:
        assert process.wait(30) == 2
        assert process.stderr is not None
        assert "is there already; name a new file" in process.stderr.read().decode()
    assert file.read_text() == "mine"
