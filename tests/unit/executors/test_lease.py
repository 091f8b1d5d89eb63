"""The lease, as far as no second holder is needed."""

from typing import cast

import pytest
import structlog.testing
from kubernetes.aio.client import ApiClient

from restow.executors.answers import Answer
from restow.executors.calls import Call
from restow.executors.lease import LeaseHolder
from restow.telemetry import happenings


class Scripted:
    """A caller to whom the server says one thing after another."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)

    async def send(self, call: Call) -> Answer:
        return Answer(status=self._statuses.pop(0), body=b'{"message": "says the server"}')


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([403, 403, 403], ["403 says the server"]),
        ([0, 403, 0], ["no answer", "403 says the server", "no answer"]),
        ([404, 403, 404, 403], ["403 says the server"]),  # may read it, but not create it
        ([404, 409], []),  # another one was faster
    ],
)
async def test_lease_that_cannot_be_taken_is_logged_once_per_reason(
    statuses: list[int], said: list[str]
) -> None:
    holder = LeaseHolder(cast("ApiClient", None), namespace="ns", identity="me")
    script = Scripted(*statuses)
    holder._caller = script  # type: ignore[assignment]  # the server's side
    with structlog.testing.capture_logs() as lines:
        while script._statuses:
            await holder._attempt()
    assert [line["event"] for line in lines] == [happenings.LEASE_REFUSED] * len(said)
    assert all(line["lease"] == "ns/restow" for line in lines)
    assert [line["why"].startswith(text) for line, text in zip(lines, said, strict=True)] == [
        True
    ] * len(said)
    assert not holder.held
