"""Leader election on a real API server: one leader at a time, and never none for long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from kubernetes.aio.client import ApiClient

from e2e.client import Client
from e2e.cluster.backend import Backend
from restow.executors.lease import LeaseHolder, Timing
from restow.sources.client import connect

pytestmark = pytest.mark.cluster

TIMING = Timing(lease_s=2.0, deadline_s=1.5, retry_s=0.2)


@pytest.fixture
async def api(backend: Backend) -> AsyncIterator[ApiClient]:
    async with await connect(backend.workdir / "kubeconfig") as made:
        yield made


@asynccontextmanager
async def running(api: ApiClient, name: str, identity: str) -> AsyncIterator[LeaseHolder]:
    holder = LeaseHolder(api, namespace="default", identity=identity, name=name, timing=TIMING)
    task = asyncio.create_task(holder.run())
    try:
        yield holder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - leadership also ends by the clock alone
            await asyncio.sleep(0.02)


async def test_of_two_one_leads_and_the_other_follows_a_death(
    api: ApiClient, cluster: Client
) -> None:
    async with running(api, "death", "one") as one:
        await until(lambda: one.held)
        async with running(api, "death", "two") as two:
            await asyncio.sleep(2 * TIMING.lease_s)
            assert (one.held, two.held) == (True, False)
            stop(one)
            await until(lambda: two.held)
            assert not one.held
    lease = cluster.get("Lease", "death", "default")
    assert lease["spec"]["leaseTransitions"] == 1


def stop(holder: LeaseHolder) -> None:
    """Let the process of the holder fall silent, as if it had died."""
    holder._attempt = asyncio.Event().wait  # type: ignore[method-assign, assignment]  # hangs


async def test_process_started_again_has_its_lease_back_at_once(
    api: ApiClient, cluster: Client
) -> None:
    async with running(api, "again", "same") as first:
        await until(lambda: first.held)
    async with running(api, "again", "same") as second:
        await until(lambda: second.held, within_s=1.0)
    assert cluster.get("Lease", "again", "default")["spec"]["leaseTransitions"] == 0


async def test_released_lease_is_free_at_once(api: ApiClient, cluster: Client) -> None:
    async with running(api, "released", "one") as one:
        await until(lambda: one.held)
    await one.release()
    assert not one.held
    async with running(api, "released", "two") as two:
        await until(lambda: two.held, within_s=1.0)


async def test_leader_that_reaches_no_server_stops_leading_before_others_start(
    api: ApiClient, cluster: Client
) -> None:
    async with running(api, "cut-off", "one") as one:
        await until(lambda: one.held)
        api.configuration.host = "http://127.0.0.1:9"
        await until(lambda: not one.held, within_s=TIMING.lease_s)
