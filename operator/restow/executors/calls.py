"""One call to the API server: paced, with a time limit, never an exception for an answer."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio.client import ApiClient

from restow.executors.answers import NO_ANSWER, Answer

MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as a value; `body` is JSON, None for none."""

    method: str
    path: str
    body: Mapping[str, Any] | Sequence[Any] | None = None
    content_type: str = JSON
    query: Mapping[str, str] = field(default_factory=dict)


def namespaced(prefix: str, namespace: str, plural: str, *rest: str) -> str:
    """Return the path of a namespaced collection or object: `prefix` is `/api/v1` or alike."""
    return "/".join((prefix, "namespaces", quote(namespace), plural, *map(quote, rest)))


class Caller:
    """Sends calls, at most `rate_per_s` on average and `burst` at once.

    The API server has its own fairness; this only keeps a fault of ours from being a flood.
    """

    def __init__(
        self, api: ApiClient, *, timeout_s: float = 5.0, rate_per_s: float = 50.0, burst: int = 50
    ) -> None:
        self._api = api
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._rate = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._refilled = time.monotonic()

    async def send(self, call: Call) -> Answer:
        """Return the answer, with status 0 when there was none."""
        await self._wait()
        path = f"{call.path}?{urlencode(call.query)}" if call.query else call.path
        method, url, headers, _, _ = await self._api.param_serialize(
            call.method,
            path,
            header_params={"Accept": JSON, "Content-Type": call.content_type},
            auth_settings=["BearerToken"],
        )
        body = None if call.body is None else json.loads(json.dumps(call.body))
        try:
            response = await self._api.call_api(
                method, url, headers, body, _request_timeout=self._timeout
            )
            return Answer(status=response.status, body=await response.response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or f"no answer in {self._timeout.total:g} s"
            return Answer(status=NO_ANSWER, body=reason.encode())

    async def _wait(self) -> None:
        """Take one token, waiting until there is one."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._refilled) * self._rate)
        self._refilled = now
        self._tokens -= 1
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._rate)
