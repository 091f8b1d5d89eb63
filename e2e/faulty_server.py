"""An API server that fails now and then: a proxy that answers some calls in its place."""

import asyncio
import base64
import re
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
import yaml
from aiohttp import web

REASONS: Final = {
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
}
HOP_BY_HOP: Final = frozenset({"connection", "host", "keep-alive", "transfer-encoding"})
START_S: Final = 10
CLOSING_S: Final = 0.25
"""What aiohttp's documentation gives TLS connections to close; nothing tells when they have."""


class FaultyServer:
    """Stands between the operator and the API server; to be used as a context.

    Parameters
    ----------
    kubeconfig
        Of the operator: one cluster with its certificate authority, one user with a token. A copy
        that leads to the proxy is written beside it.
    method, path
        Which calls fail; `path` is a regular expression for the path with its query.
    statuses
        The answers to the first of these calls, one after the other; later ones go through.
    """

    def __init__(self, kubeconfig: Path, method: str, path: str, statuses: Iterable[int]) -> None:
        self.kubeconfig = kubeconfig.with_suffix(".faulty")
        self.to_come = list(statuses)
        self._config = yaml.safe_load(kubeconfig.read_text())
        self._method, self._path = method, re.compile(path)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_S), "the proxy does not listen"
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self.kubeconfig.unlink()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        cluster = self._config["clusters"][0]["cluster"]
        upstream, trusted = cluster["server"], _trusting(cluster)
        connector = aiohttp.TCPConnector(limit=0, ssl=trusted)  # as many calls as there are watches
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

            async def handle(request: web.BaseRequest) -> web.StreamResponse:
                return self._failed(request) or await _passed_on(request, session, upstream)

            runner = web.ServerRunner(
                web.Server(handle, handler_cancellation=True), shutdown_timeout=1
            )
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._lead_to(runner.addresses[0][1])
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()
        await asyncio.sleep(CLOSING_S)

    def _lead_to(self, port: int) -> None:
        cluster = {"server": f"http://127.0.0.1:{port}"}
        name = self._config["clusters"][0]["name"]
        config = self._config | {"clusters": [{"name": name, "cluster": cluster}]}
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(config))

    def _failed(self, request: web.BaseRequest) -> web.Response | None:
        is_one = request.method == self._method and self._path.search(request.path_qs)
        if not is_one or not self.to_come:
            return None
        status = self.to_come.pop(0)
        body = {
            "apiVersion": "v1",
            "kind": "Status",
            "status": "Failure",
            "reason": REASONS[status],
            "message": "so it was asked of the proxy",
            "code": status,
        }
        return web.json_response(body, status=status)


def _trusting(cluster: dict[str, str]) -> ssl.SSLContext:
    data = cluster.get("certificate-authority-data")
    return ssl.create_default_context(
        cafile=cluster.get("certificate-authority"),
        cadata=base64.b64decode(data).decode() if data else None,
    )


async def _passed_on(
    request: web.BaseRequest, session: aiohttp.ClientSession, upstream: str
) -> web.StreamResponse:
    """Hand the call on, and what comes back piece by piece, as watches need it."""
    asked = {key: text for key, text in request.headers.items() if key.lower() not in HOP_BY_HOP}
    endless = aiohttp.ClientTimeout(total=None)
    async with session.request(
        request.method,
        upstream + request.path_qs,
        headers=asked,
        data=await request.read() or None,
        skip_auto_headers=("Content-Type",),
        timeout=endless,
    ) as answer:
        told = {key: text for key, text in answer.headers.items() if key.lower() not in HOP_BY_HOP}
        response = web.StreamResponse(status=answer.status, headers=told)
        with suppress(ConnectionError):  # who asked has gone: watches end so
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
        return response
