"""Start, stop, credentials and probe of the kopf side."""

from typing import Any

import kopf

from restow.handlers.access import connection_of
from restow.handlers.registry import REGISTRY


@kopf.on.startup(registry=REGISTRY)
async def starting(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Keep kopf from writing anything of its own, and its watches from falling silent."""
    settings.posting.enabled = False
    settings.scanning.disabled = True  # the CRDs are there: the loop has listed their objects
    settings.watching.server_timeout = 240
    settings.watching.client_timeout = 300
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = (0.2, 0.5, 1, 2, 5)
    settings.queueing.exit_timeout = 0.5


@kopf.on.cleanup(registry=REGISTRY)
async def stopping(memo: kopf.Memo, **_: Any) -> None:
    """Tell the loop that nothing is watched any more, so that it ends as well."""
    memo.hand(memo.stop)


@kopf.on.login(registry=REGISTRY)
async def login(memo: kopf.Memo, **_: Any) -> kopf.ConnectionInfo:
    """Use the same API server and credentials as the loop."""
    return await connection_of(memo.configuration)


@kopf.on.probe(id="loop", registry=REGISTRY)
async def alive(memo: kopf.Memo, **_: Any) -> str:
    """Fail when the loop has not turned for a while; kopf then answers 500."""
    silence_s = memo.silence_s()
    if silence_s > memo.patience_s:
        raise kopf.PermanentError(f"the loop has not turned for {silence_s:.0f} s")
    return f"turned {silence_s:.1f} s ago"
