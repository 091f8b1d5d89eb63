"""`restow plan --from` on a dump of the cluster gives the plan that the operator made."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from e2e.client import Client, Json
from e2e.cluster.backend import Backend
from e2e.cluster.workdir import ROOT
from e2e.controlplane.build import binary
from e2e.mirror import Mirrors
from e2e.plans import phase
from e2e.plugin import run_by
from e2e.process_operator import RESTOW
from e2e.release import Release
from e2e.scenario import SAMPLES, Scenario
from e2e.waiting import eventually

pytestmark = pytest.mark.cluster

NAMES = tuple(sorted(path.name for path in SAMPLES.iterdir() if path.is_dir()))
PENDING = {"infeasible": "app=giant", "stranded-8gpu": "app=training"}
FORMS = ("json", "yaml", "json.gz", "stdin")
TIMES = ("takenAt", "wallSeconds")
DUMP = "kubectl get nodes,pods,"


class Observed(NamedTuple):
    """What the operator planned while it only observed, and the cluster as it was then."""

    plans: dict[str, Json]
    """By policy, each named after its sample."""
    dump: Path
    """As the command in README.md writes it."""


@pytest.fixture(scope="module")
def observed(
    release: Release,
    backend: Backend,
    cluster: Client,
    mirrors: Mirrors,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Observed]:
    """All samples side by side, each under its own policy in mode Observe."""
    stages = {name: Scenario(cluster, mirrors) for name in NAMES}
    operator = run_by(backend, release, cluster, "offline")
    try:
        for name, stage in stages.items():
            stage.apply_sample(name, "cluster")
        for name, stage in stages.items():
            stage.stage(name)
            stage.apply_sample(name, "pending")
            stage.wait_unschedulable(PENDING.get(name, "app in (p, whole)"))
        wait_still(cluster)
        for name, stage in stages.items():
            stage.apply(observing(name))
        operator.start()
        plans = eventually(
            lambda: {
                plan["spec"]["policy"]: plan
                for plan in stages[NAMES[0]].plans()
                if phase(plan) == "Proposed"
            },
            within_s=60,
            what="each policy has its plan",
            until=lambda found: found.keys() == set(NAMES),
        )
        dump = tmp_path_factory.mktemp("offline") / "dump.json"
        dump.write_text(cluster.kubectl(*dump_command()))
        operator.stop()
        yield Observed(plans, dump)
    finally:
        operator.stop()
        for stage in stages.values():
            stage.clean()


@pytest.mark.parametrize(("number", "name"), tuple(enumerate(NAMES)), ids=NAMES)
def test_dump_gives_the_plan_of_the_operator_twice_the_same(
    observed: Observed, number: int, name: str
) -> None:
    forms = ("json", FORMS[number % len(FORMS)])
    with ThreadPoolExecutor() as pool:
        printed = list(pool.map(lambda form: printed_plan(observed.dump, form, name), forms))
    first, second = (timeless(json.loads(text)) for text in printed)
    stored = observed.plans[name]
    assert first == second
    assert json.dumps(first) == json.dumps(second)
    theirs = timeless({"spec": stored["spec"], "solve": stored["status"]["solve"]})
    assert {"spec": first["spec"], "solve": first["status"]["solve"]} == theirs
    assert first["metadata"]["name"] == stored["metadata"]["name"]
    assert first["spec"]["steps"] or first["spec"]["unplaced"]


def test_plugin_of_kubectl_reads_the_cluster_and_gives_the_same_plan(
    observed: Observed, cluster: Client
) -> None:
    path = f"{RESTOW.parent}:/usr/bin:/bin"
    done = subprocess.run(
        [str(binary("kubectl")), "restow", "plan", "--policy=swap", "--output=json"],
        capture_output=True,
        check=False,
        env={"PATH": path, "KUBECONFIG": str(cluster.kubeconfig), "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr.decode()
    spec = timeless(json.loads(done.stdout))["spec"]
    assert spec == timeless(observed.plans["swap"]["spec"])


def test_crds_that_are_printed_are_those_in_the_cluster(release: Release, cluster: Client) -> None:
    printed = subprocess.run([str(RESTOW), "crds"], capture_output=True, check=True, text=True)
    said = cluster.kubectl("apply", "--dry-run=server", "--filename=-", stdin=printed.stdout)
    assert sorted(line.split()[0].rpartition("/")[2] for line in said.splitlines()) == sorted(
        each["metadata"]["name"] for each in yaml.safe_load_all(printed.stdout)
    )


def test_dump_with_many_waiting_policies_asks_which_one_is_meant(observed: Observed) -> None:
    done = restow("--from", str(observed.dump))
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert "--policy" in line
    assert all(name in line for name in NAMES)


def printed_plan(dump: Path, form: str, policy: str) -> bytes:
    """Return what `restow plan` prints as JSON for the dump in one of its forms."""
    source, stdin = "-", None
    if form == "stdin":
        stdin = dump.read_bytes()
    else:
        source = str(dump.with_name(f"{policy}.{form}"))
        Path(source).write_bytes(in_form(dump.read_bytes(), form))
    done = restow(
        "--from", source, "--policy", policy, "--time-limit", "60s", "--output", "json", stdin=stdin
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def restow(*arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run `restow plan` away from any cluster."""
    return subprocess.run(
        [str(RESTOW), "plan", *arguments],
        input=b"" if stdin is None else stdin,
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "KUBECONFIG": "/nonexistent", "HOME": "/nonexistent"},
    )


def in_form(text: bytes, form: str) -> bytes:
    """Return a dump in another form, its objects in another order where that costs nothing."""
    if form == "json":
        return text
    if form == "json.gz":
        return gzip.compress(text)
    items = json.loads(text)["items"]
    return yaml.dump_all(reversed(items), Dumper=yaml.CSafeDumper).encode()


def timeless(found: Any) -> Any:
    """Return a document without what tells the time of day or counts seconds."""
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items() if key not in TIMES}
    return [timeless(each) for each in found] if isinstance(found, list) else found


def observing(sample: str) -> Json:
    """Return a sample's policy, in mode Observe."""
    policy: Json = yaml.safe_load((SAMPLES / sample / "policy.yaml").read_text())
    policy["spec"]["mode"] = "Observe"
    return policy


def dump_command() -> list[str]:
    """Return the arguments of the kubectl command by which README.md takes a dump."""
    (line,) = [
        line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(DUMP)
    ]
    command, _, file = line.partition(" > ")
    assert file == "dump.json"
    return command.split()[1:]


def wait_still(cluster: Client) -> None:
    """Wait until nothing that restow reads changes any more.

    The namespaces of former scenarios take seconds to go, and are part of what a plan was made of.
    """
    looks: list[dict[str, str]] = []

    def look() -> bool:
        if any("deletionTimestamp" in each["metadata"] for each in cluster.list("Namespace")):
            return False
        looks.append(
            {
                item["metadata"]["uid"]: item["metadata"]["resourceVersion"]
                for kind in ("Node", "Pod", "PodDisruptionBudget", "ReplicaSet", "Deployment")
                for item in cluster.list(kind)
            }
        )
        return len(looks) > 20 and all(each == looks[-1] for each in looks[-20:])

    eventually(look, within_s=60, what="the cluster is still")
