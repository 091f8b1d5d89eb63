"""The kopf side: it hands over what it sees, and writes nothing."""

from collections.abc import Callable
from typing import Any

import kopf
import pytest

from restow.app.desk import Desk
from restow.app.filing import as_body
from restow.handlers import lifecycle, resources
from restow.handlers.access import connection_of
from restow.handlers.registry import REGISTRY
from restow.planning.document import document
from tests.support.objects import a_pod
from tests.support.plans import a_place, a_plan


def a_memo(**more: Any) -> kopf.Memo:
    """What the handlers get; what is handed over runs at once."""

    def hand(work: Callable[..., None], *arguments: object) -> None:
        work(*arguments)

    return kopf.Memo(desk=Desk(), hand=hand, **more)


async def call(handler: Any, **given: Any) -> Any:
    """Call a handler with what it reads; kopf passes much more."""
    return await handler(**given)


def event(kind: str | None, body: dict[str, Any]) -> Any:
    return {"type": kind, "object": body}


POLICY = {
    "metadata": {"name": "p", "generation": 1, "resourceVersion": "1"},
    "spec": {"mode": "Act"},
}


async def test_policies_come_and_go() -> None:
    memo = a_memo()
    await call(resources.policy_seen, event=event(None, POLICY), name="p", memo=memo)
    assert [policy.name for policy in memo.desk.usable()] == ["p"]
    await call(resources.policy_seen, event=event("DELETED", POLICY), name="p", memo=memo)
    assert memo.desk.usable() == ()


async def test_plans_come_and_go_and_what_is_none_is_left_alone() -> None:
    memo = a_memo()
    body = dict(as_body(document(a_plan(a_place(a_pod("big"), "n1")))))
    await call(resources.plan_seen, event=event("ADDED", body), name="plan-1", memo=memo)
    assert list(memo.desk.plans) == ["plan-1"]
    odd = {"metadata": {"name": "odd"}, "spec": {}}
    await call(resources.plan_seen, event=event("ADDED", odd), name="odd", memo=memo)
    assert list(memo.desk.plans) == ["plan-1"]
    await call(resources.plan_seen, event=event("DELETED", body), name="plan-1", memo=memo)
    assert list(memo.desk.plans) == []


def test_no_handler_makes_kopf_write_finalizers_or_annotations() -> None:
    assert REGISTRY._changing.get_all_handlers() == []
    assert REGISTRY._spawning.get_all_handlers() == []
    assert len(REGISTRY._watching.get_all_handlers()) == 2


async def test_kopf_posts_no_events_and_follows_no_definitions() -> None:
    settings = kopf.OperatorSettings()
    await call(lifecycle.starting, settings=settings)
    assert not settings.posting.enabled
    assert settings.scanning.disabled


@pytest.mark.parametrize(("silence_s", "alive"), [(1.0, True), (61.0, False)])
async def test_a_loop_that_hangs_fails_the_probe(silence_s: float, alive: bool) -> None:
    memo = a_memo(silence_s=lambda: silence_s, patience_s=60.0)
    if alive:
        assert "1.0 s ago" in await call(lifecycle.alive, memo=memo)
    else:
        with pytest.raises(kopf.PermanentError, match="61 s"):
            await call(lifecycle.alive, memo=memo)


class Configuration:
    """As the Kubernetes client has it."""

    host: str = "https://api:6443"
    verify_ssl: bool = True
    ssl_ca_cert: str | None = "/ca.crt"
    cert_file: str | None = None
    key_file: str | None = None

    def __init__(self, header: str | None) -> None:
        self._header = header

    async def get_api_key_with_prefix(
        self, identifier: str, alias: str | None = None
    ) -> str | None:
        return self._header


@pytest.mark.parametrize(
    ("header", "expected"),
    [("Bearer abc", ("Bearer", "abc")), ("abc", (None, "abc")), (None, (None, None))],
)
async def test_kopf_gets_the_loop_s_credentials(
    header: str | None, expected: tuple[str | None, str | None]
) -> None:
    info = await connection_of(Configuration(header))
    assert (info.server, info.ca_path, info.insecure) == ("https://api:6443", "/ca.crt", False)
    assert (info.scheme, info.token) == expected
