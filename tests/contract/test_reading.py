"""What `restow plan`, `reschedule` and `explain` read of a live cluster, and what they say."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from e2e.client import Client
from e2e.cluster.backend import Backend
from e2e.faulty_server import FaultyServer
from e2e.process_operator import RESTOW
from e2e.release import Release
from restow.cli.reading import Source, read
from restow.cluster.parse import KINDS
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.sources.prometheus import Prometheus
from tests.contract.test_live_source import NAMESPACE, kubeconfig, space
from tests.support.prometheus import series, serving, vector

__all__ = ["kubeconfig", "space"]  # fixtures

pytestmark = pytest.mark.cluster

CUSTOM = ("NodeResourceTopology", "NodeClaim", "MigrationPolicy", "VirtualMachineInstance")
KEY = ObjectKey(NAMESPACE, "vm")


@pytest.fixture
def machine(kubevirt_crds: None, space: Client) -> Iterator[ObjectKey]:
    head = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance"}
    meta = {"name": KEY.name, "namespace": KEY.namespace}
    space.create({**head, "metadata": meta, "spec": {}})
    yield KEY
    space.delete("VirtualMachineInstance", KEY.name, namespace=KEY.namespace)


async def what_is_read(kubeconfig: Path, prometheus: Prometheus | None) -> Snapshot:
    source = Source(files=(), kubeconfig=kubeconfig, context=None, prometheus=prometheus)
    snapshot, _, _ = await asyncio.to_thread(read, source, None, datetime.now(UTC))
    return snapshot


async def test_machines_have_the_rates_that_prometheus_tells_when_it_is_asked_once(
    machine: ObjectKey, kubeconfig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving() as server:
        server.answer = lambda: vector(series("7", namespace=NAMESPACE), series("9"))
        measured = await what_is_read(kubeconfig, Prometheus(url=server.url))
    assert measured.machines[machine].measured_rate == 7
    assert len(server.asked) == 1
    assert "--prometheus" not in capsys.readouterr().err
    assert (await what_is_read(kubeconfig, None)).machines[machine].measured_rate is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (vector, "it knows the dirty rate of none of the"),
        (lambda: web.Response(status=503), "GET http://127.0.0.1:"),
    ],
    ids=["knows no machine", "does not answer"],
)
async def test_a_prometheus_that_tells_nothing_is_said_and_the_cluster_is_read_all_the_same(
    machine: ObjectKey,
    kubeconfig: Path,
    capsys: pytest.CaptureFixture[str],
    answer: Callable[[], web.Response],
    says: str,
) -> None:
    async with serving() as server:
        server.answer = answer
        found = await what_is_read(kubeconfig, Prometheus(url=server.url))
    assert found.machines[machine].measured_rate is None
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "--prometheus" in line]
    assert line.startswith(f"warning: --prometheus: {says}")


@pytest.fixture
def forbidding(
    topology_crd: None,
    node_claim_crd: None,
    kubevirt_crds: None,
    release: Release,
    backend: Backend,
) -> Iterator[FaultyServer]:
    """An API server that lets nobody read these kinds."""
    if backend.runs_images:
        pytest.skip("the proxy is made for a kubeconfig with a token")
    path = "|".join(KINDS[name].plural + r"\?" for name in CUSTOM)
    with FaultyServer(release.identity().kubeconfig, "GET", path, [403] * 1000) as server:
        yield server


FOLLOWS = {
    "MigrationPolicy": "dirty rate",
    "NodeClaim": "the operator does not reschedule",
    "NodeResourceTopology": "get no place",
    "VirtualMachineInstance": "may not move",
}


async def test_a_plan_says_once_what_cannot_be_read_and_what_follows(
    forbidding: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await what_is_read(forbidding.kubeconfig, None)
    assert found.unknown == set(CUSTOM)
    lines = [line for line in capsys.readouterr().err.splitlines() if "cannot be read" in line]
    for kind, line in zip(sorted(CUSTOM), lines, strict=True):
        assert line.startswith(f"warning: {kind} cannot be read (")
        assert "403" in line
        assert FOLLOWS[kind] in line


def test_a_recorder_says_once_what_cannot_be_read_and_what_follows(
    forbidding: FaultyServer, tmp_path: Path
) -> None:
    command = [str(RESTOW), "record", str(tmp_path / "trace.jsonl"), "--for=500ms"]
    done = subprocess.run(
        [*command, f"--kubeconfig={forbidding.kubeconfig}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if "cannot be read" in line]
    assert [line.split()[1] for line in told] == sorted(CUSTOM)
    follows = [line.rpartition("): ")[2] for line in told]
    assert follows == [
        "virtual machines with a dirty rate are recorded as pods that stay",
        "nothing here rests on it",
        "nothing here rests on it",
        "virtual machines are recorded as pods that stay",
    ]
