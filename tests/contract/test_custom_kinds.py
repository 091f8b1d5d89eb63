"""Kinds of others' CRDs may fail by themselves: said, and everything else goes on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from kubernetes.aio.client import ApiClient

from e2e.client import Client
from e2e.cluster.backend import Backend
from e2e.faulty_server import FaultyServer
from e2e.release import Release
from restow.cluster.parse import KINDS
from restow.core.ids import ObjectKey
from restow.sources.client import connect
from restow.sources.live import LiveSource
from restow.sources.reflector import Pace
from tests.contract.test_live_source import (
    GADGETS,
    NAMESPACE,
    a_pod,
    api,
    kubeconfig,
    space,
    until,
)

__all__ = ["api", "kubeconfig", "space"]  # fixtures

pytestmark = pytest.mark.cluster

CUSTOM = ("NodeResourceTopology", "NodeClaim", "MigrationPolicy", "VirtualMachineInstance")


@pytest.fixture
def failing(
    topology_crd: None,
    node_claim_crd: None,
    kubevirt_crds: None,
    release: Release,
    backend: Backend,
) -> Iterator[FaultyServer]:
    """An API server that fails every call about these kinds, until it is told to stop."""
    if backend.runs_images:
        pytest.skip("the proxy is made for a kubeconfig with a token")
    path = "|".join(KINDS[name].plural + r"\?" for name in CUSTOM)
    statuses = [410, 409, 429, 500] * 1000
    with FaultyServer(release.identity().kubeconfig, "GET", path, statuses) as server:
        yield server


async def test_custom_kinds_that_fail_are_unknown_while_the_rest_goes_on(
    failing: FaultyServer, space: Client
) -> None:
    pace = Pace(unknown_s=1.0, backoff_max_s=0.5, watch_s=2.0, patience_s=5.0)
    async with await connect(failing.kubeconfig) as api, LiveSource(api, pace=pace) as source:
        await source.wait_synced(20)
        assert source.snapshot().unknown == set(CUSTOM)
        assert set(source.problems()) == set(CUSTOM)
        assert "so it was asked of the proxy" in source.problems()["NodeClaim"]
        key = ObjectKey(NAMESPACE, "beside")
        space.create(a_pod("beside"))
        await until(source, lambda: key in source.snapshot().pods)
        assert source.staleness_s() < 10, "what is unknown makes nothing else stale"
        failing.to_come.clear()
        await until(source, lambda: not source.snapshot().unknown)
        await until(source, lambda: source.problems() == {})


async def test_what_was_known_of_a_custom_kind_is_forgotten_when_it_fails_for_long(
    failing: FaultyServer, cluster: Client
) -> None:
    answers = [*failing.to_come]
    failing.to_come.clear()
    name = "restow-live-source"
    slow = {"spec": {"bandwidthPerMigration": "1Mi", "selectors": {}}}
    api_version = KINDS["MigrationPolicy"].api_version
    head = {"apiVersion": api_version, "kind": "MigrationPolicy", "metadata": {"name": name}}
    cluster.create(head | slow)
    pace = Pace(unknown_s=2.0, backoff_max_s=0.5, watch_s=1.0, patience_s=5.0)
    try:
        async with await connect(failing.kubeconfig) as api, LiveSource(api, pace=pace) as source:
            await source.wait_synced(20)
            assert name in source.snapshot().migration_policies
            failing.to_come.extend(answers)
            await until(source, lambda: source.snapshot().unknown == set(CUSTOM), within_s=20)
            assert source.snapshot().migration_policies == {}
            failing.to_come.clear()
            await until(source, lambda: name in source.snapshot().migration_policies)
            assert "MigrationPolicy" not in source.snapshot().unknown
    finally:
        cluster.delete("MigrationPolicy", name)


GADGET = {**KINDS, "Gadget": replace(GADGETS, custom=True)}


@pytest.mark.parametrize(
    "statuses", [[403], [500], [404] * 5 + [500]], ids=["no right", "broken", "served and broken"]
)
async def test_a_custom_kind_is_unknown_at_once_or_after_a_while(
    release: Release, backend: Backend, statuses: list[int]
) -> None:
    if backend.runs_images:
        pytest.skip("the proxy is made for a kubeconfig with a token")
    answers = [*statuses[:-1], *statuses[-1:] * 1000]
    pace = Pace(probe_s=0.2, backoff_max_s=0.5, unknown_s=30.0 if 403 in statuses else 1.0)
    with FaultyServer(release.identity().kubeconfig, "GET", r"gadgets\?", answers) as server:
        async with (
            await connect(server.kubeconfig) as api,
            LiveSource(api, kinds=GADGET, pace=pace) as source,
        ):
            await source.wait_synced(20)
            assert "Gadget" in source.snapshot().absent | source.snapshot().unknown
            await until(source, lambda: "Gadget" in source.snapshot().unknown)
            assert "Gadget" not in source.snapshot().absent
            assert str(statuses[-1]) in source.problems()["Gadget"]


async def test_a_machines_measured_rate_is_in_the_snapshot_and_nothing_else_changes(
    api: ApiClient, kubevirt_crds: None, space: Client
) -> None:
    key = ObjectKey(NAMESPACE, "vm")
    head = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance"}
    meta = {"name": key.name, "namespace": key.namespace}
    space.create({**head, "metadata": meta, "spec": {}})
    try:
        async with LiveSource(api) as source:
            await source.wait_synced()
            before = source.snapshot()
            assert before.machines[key].measured_rate is None
            source.tell_rates({key: 5})
            after = source.snapshot()
            assert after.machines[key] == replace(before.machines[key], measured_rate=5)
            assert after.pods is before.pods
            source.tell_rates({})
            assert source.snapshot().machines == before.machines
    finally:
        space.delete("VirtualMachineInstance", key.name, namespace=key.namespace)
