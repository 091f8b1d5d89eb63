"""A server that answers as Prometheus does, or as the test has it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


def series(rate: str, **labels: str) -> dict[str, object]:
    """Return the rate of machine `x/vm`, or of the one that the labels name."""
    return {"metric": {"namespace": "x", "name": "vm", **labels}, "value": [1767225600.5, rate]}


def vector(*found: dict[str, object]) -> web.Response:
    """Return the answer that has these series."""
    data = {"resultType": "vector", "result": list(found)}
    return web.json_response({"status": "success", "data": data})


@dataclass
class PrometheusServer:
    """Answers each query as the test has it, and notes what it was asked, and what it was shown."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    shown: list[str | None] = field(default_factory=list)
    answer: Callable[[], web.Response] = vector
    silent: bool = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one query."""
        self.asked.append(f"{request.path} {request.query['query']}")
        self.shown.append(request.headers.get("Authorization"))
        if self.silent:
            await asyncio.Event().wait()
        return self.answer()


@asynccontextmanager
async def serving(trust: ssl.SSLContext | None = None) -> AsyncIterator[PrometheusServer]:
    """Serve on a free port of this machine; by TLS with what proves the server."""
    made = PrometheusServer()
    runner = web.ServerRunner(web.Server(made.handle, handler_cancellation=True))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trust)
    await site.start()
    made.url = f"{'http' if trust is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what nothing tells of."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
