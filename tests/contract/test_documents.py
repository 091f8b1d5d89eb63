"""restow's own objects and Events, with the chart's rights on a real API server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from kubernetes.aio.client import ApiClient

from e2e.client import Client
from e2e.release import Release
from restow.core.errors import ApiError
from restow.core.ids import ObjectKey, Uid
from restow.executors.documents import Documents
from restow.executors.events import EventWriter
from restow.sources.client import connect

pytestmark = pytest.mark.cluster


@pytest.fixture
async def api(release: Release) -> AsyncIterator[ApiClient]:
    async with await connect(release.identity().kubeconfig) as made:
        yield made


async def test_what_the_schema_refuses_is_an_error_that_says_why(api: ApiClient) -> None:
    body = {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPlan",
        "metadata": {"name": "bare"},
        "spec": {},
    }
    with pytest.raises(ApiError, match=r"create PackingPlan bare: 422 .*Required") as caught:
        await Documents(api).create_plan(body)
    assert not caught.value.retryable


async def test_what_is_gone_is_no_error(api: ApiClient) -> None:
    documents = Documents(api)
    assert await documents.patch_plan_status("none", {}) is None
    assert await documents.patch_policy_status("none", {}) is None
    await documents.delete_plan("none")
    assert isinstance(await documents.list_plans(), tuple)
    assert isinstance(await documents.list_policies(), tuple)


@dataclass
class Said:
    kind: str
    key: ObjectKey
    uid: Uid = Uid("")  # noqa: RUF009 - a NewType
    tone: str = "Warning"
    reason: str = "NoRoom"
    action: str = "Place"
    message: str = "8 GPUs are lacking; " * 100


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("Pod", ObjectKey("default", "told")),
        ("Node", ObjectKey("", "told")),
        ("Deployment", ObjectKey("default", "told")),
        ("PackingPlan", ObjectKey("", "told")),
    ],
)
async def test_same_words_on_one_object_are_one_event(
    api: ApiClient, cluster: Client, kind: str, key: ObjectKey
) -> None:
    writer = EventWriter(api, instance="restow-0")
    said = Said(kind, key)
    await writer.say(said)
    await writer.say(said)
    mine = f"involvedObject.kind={kind},involvedObject.name=told"
    (event,) = cluster.list("Event", "default", fields=mine)
    assert event["reason"] == "NoRoom"
    assert event["message"].endswith("…")
    assert event["reportingComponent"] == "restow.dev/restow"
