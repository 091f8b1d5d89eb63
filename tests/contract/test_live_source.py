"""The live snapshot against a real API server: complete, current, and honest about trouble."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from kubernetes.aio.client import ApiClient

from e2e.client import Client, Json
from e2e.cluster.backend import Backend
from e2e.release import Release
from e2e.waiting import eventually
from restow.cluster.parse import KINDS, Kind, others, wire
from restow.core import marks
from restow.core.errors import SnapshotError
from restow.core.ids import ObjectKey
from restow.sources.client import connect
from restow.sources.live import LiveSource
from restow.sources.reflector import Pace, Reflector

pytestmark = pytest.mark.cluster

NAMESPACE = "live-source"


def a_pod(name: str, **spec: object) -> Json:
    """A pod that nobody schedules, so that it stays as it was made."""
    containers = [{"name": "c", "image": "x", "resources": {"limits": {"cpu": "1500m"}}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"schedulerName": "nobody", "containers": containers} | spec,
    }


@pytest.fixture
def kubeconfig(backend: Backend) -> Path:
    return backend.workdir / "kubeconfig"


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[ApiClient]:
    async with await connect(kubeconfig) as made:
        yield made


@pytest.fixture
def space(cluster: Client) -> Iterator[Client]:
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    if not cluster.list("Namespace", fields=f"metadata.name={NAMESPACE}"):
        cluster.create(manifest)
    yield cluster
    for pod in cluster.list("Pod", NAMESPACE):
        cluster.delete("Pod", pod["metadata"]["name"], namespace=NAMESPACE, grace_s=0)


async def until(source: LiveSource, holds: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait for the snapshot to say so."""
    async with asyncio.timeout(within_s):
        while not holds():
            await source.wait_changed(1.0)


@asynccontextmanager
async def running(reflector: Reflector) -> AsyncIterator[None]:
    """Run the reflector; wait for its end, so that its connection is closed before the loop is."""
    task = asyncio.create_task(reflector.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_snapshot_follows_the_cluster_and_costs_nothing_in_between(
    api: ApiClient, space: Client
) -> None:
    key = ObjectKey(NAMESPACE, "one")
    async with LiveSource(api) as source:
        await source.wait_synced()
        before = source.snapshot()
        assert key not in before.pods
        space.create(a_pod("one"))
        await until(source, lambda: key in source.snapshot().pods)
        after = source.snapshot()
        assert after is source.snapshot()
        assert after.pods[key].requests.of("cpu") == 1500
        assert key not in before.pods
        assert after.priority_classes is before.priority_classes
        assert source.staleness_s() < 30
        assert source.problems() == {}
        space.delete("Pod", "one", namespace=NAMESPACE, grace_s=0)
        await until(source, lambda: key not in source.snapshot().pods)


async def test_finished_pod_leaves_the_snapshot(api: ApiClient, space: Client) -> None:
    key = ObjectKey(NAMESPACE, "done")
    space.create(a_pod("done"))
    async with LiveSource(api) as source:
        await source.wait_synced()
        assert key in source.snapshot().pods
        done = {"status": {"phase": "Succeeded"}}
        space.patch("Pod", "done", done, namespace=NAMESPACE, part="status")
        await until(source, lambda: key not in source.snapshot().pods)


async def test_list_is_put_together_from_pages(api: ApiClient, space: Client) -> None:
    for number in range(7):
        space.create(a_pod(f"page-{number}"))
    changes: list[int] = []
    reflector = Reflector(
        api, KINDS["Pod"], changed=lambda: changes.append(1), pace=Pace(page_size=2)
    )
    async with running(reflector):
        await seen(lambda: reflector.synced)
        mine = {key.name for key in reflector.objects if key.namespace == NAMESPACE}
        assert mine == {f"page-{number}" for number in range(7)}


async def test_watch_is_renewed_and_misses_nothing(api: ApiClient, space: Client) -> None:
    pace = Pace(watch_s=1.0, patience_s=5.0)
    async with LiveSource(api, pace=pace) as source:
        await source.wait_synced()
        for number in range(8):
            await asyncio.sleep(0.4)
            space.create(a_pod(f"renewed-{number}"))
        last = ObjectKey(NAMESPACE, "renewed-7")
        await until(source, lambda: last in source.snapshot().pods)
        found = {key.name for key in source.snapshot().pods if key.namespace == NAMESPACE}
        assert found == {f"renewed-{number}" for number in range(8)}
        assert source.staleness_s() < 3


POLICIES = Kind(
    name="PackingPolicy",
    api_version=f"{marks.GROUP}/{marks.VERSION}",
    plural="packingpolicies",
    wire=wire.Namespace,
    convert=others.namespace,
    namespaced=False,
)
"""A kind of which the API server knows no history before its CRD was installed."""


GADGETS = Kind(
    name="Gadget",
    api_version="restow.test/v1",
    plural="gadgets",
    wire=wire.Namespace,
    convert=others.namespace,
    namespaced=False,
    optional=True,
)
"""A kind that a cluster may not serve."""


def serving_gadgets() -> Json:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.restow.test"},
        "spec": {
            "group": "restow.test",
            "scope": "Cluster",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }
            ],
        },
    }


@pytest.fixture
def no_gadgets(cluster: Client) -> Iterator[Client]:
    yield cluster
    cluster.delete("CustomResourceDefinition", "gadgets.restow.test")


async def test_optional_kind_that_is_not_served_is_said_and_does_not_block(api: ApiClient) -> None:
    async with LiveSource(api, kinds={**KINDS, "Gadget": GADGETS}) as source:
        await source.wait_synced()
        assert "Gadget" in source.snapshot().absent
        assert source.problems() == {}
        assert source.staleness_s() < 30


async def test_optional_kind_is_read_as_soon_as_it_is_served_and_given_up_when_it_is_not(
    api: ApiClient, no_gadgets: Client
) -> None:
    kinds = {**KINDS, "Gadget": GADGETS}
    async with LiveSource(api, kinds=kinds, pace=Pace(probe_s=0.2, watch_s=1.0)) as source:
        await source.wait_synced()
        no_gadgets.create(serving_gadgets())
        await until(source, lambda: "Gadget" not in source.snapshot().absent)
        no_gadgets.delete("CustomResourceDefinition", "gadgets.restow.test")
        await until(source, lambda: "Gadget" in source.snapshot().absent)


async def test_version_that_is_gone_is_answered_by_a_new_list(
    api: ApiClient, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: list[str] = []
    read = Reflector._list

    async def old(self: Reflector) -> str:
        lists.append(await read(self))
        return "1" if len(lists) == 1 else lists[-1]

    monkeypatch.setattr(Reflector, "_list", old)
    reflector = Reflector(api, POLICIES, changed=lambda: None, pace=Pace(watch_s=1.0))
    async with running(reflector):
        await seen(lambda: len(lists) == 2)
        await asyncio.sleep(2)  # a second watch, renewed
        assert len(lists) == 2
        assert reflector.problem is None


async def seen(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - a reflector alone has nothing to wait for
            await asyncio.sleep(0.02)


async def test_kind_that_may_not_be_read_is_named(cluster: Client, kubeconfig: Path) -> None:
    eventually(
        lambda: cluster.list("ServiceAccount", "default", fields="metadata.name=default"),
        within_s=30,
        what="the controller manager makes the ServiceAccount",
    )
    token = cluster.kubectl("create", "token", "default", "--namespace=default").strip()
    async with await connect(kubeconfig) as api:
        configuration = api.configuration
    configuration.cert_file = configuration.key_file = None
    configuration.api_key["BearerToken"] = f"Bearer {token}"
    async with ApiClient(configuration=configuration) as stranger, LiveSource(stranger) as source:
        with pytest.raises(SnapshotError, match=r"cannot be read: GET .*403 .*forbidden"):
            await source.wait_synced(10)
        with pytest.raises(SnapshotError, match="was not read in full"):
            source.snapshot()
    await asyncio.sleep(0.25)  # TLS that was broken off closes later (aiohttp: graceful shutdown)


async def test_server_that_does_not_answer_is_an_error_in_time(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "{apiVersion: v1, kind: Config, current-context: c,"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}],"
        " users: [{name: c, user: {}}],"
        " contexts: [{name: c, context: {cluster: c, user: c}}]}"
    )
    async with await connect(config) as api, LiveSource(api) as source:
        with pytest.raises(SnapshotError, match=r"was not read in 0\.5 s: Pod: GET /api/v1/pods"):
            await source.wait_synced(0.5)
