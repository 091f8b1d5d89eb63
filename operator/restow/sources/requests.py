"""Reading from the API server as bytes, without the client's models."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlencode

import aiohttp
import msgspec
from kubernetes.aio.client import ApiClient

from restow.core.errors import ApiError

_CONNECT_S: Final = 10.0
_PERMANENT: Final = frozenset({400, 401, 403, 404, 405, 406, 422})


class _Status(msgspec.Struct):
    message: str = ""


async def get(
    api: ApiClient, path: str, query: Mapping[str, str | int], *, timeout_s: float
) -> bytes:
    """Return the body of a GET.

    Raises
    ------
    ApiError
        When the answer is not 200, or there is none in time.
    """
    async with stream(api, path, query, timeout_s=timeout_s) as response:
        try:
            return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _silent(path, error) from None


@asynccontextmanager
async def stream(
    api: ApiClient, path: str, query: Mapping[str, str | int], *, timeout_s: float
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Give the response of a GET whose body is still to come, and close it.

    Raises
    ------
    ApiError
        When the answer is not 200, or there is none in time.
    """
    method, url, headers, _, _ = await api.param_serialize(
        "GET",
        f"{path}?{urlencode(query)}",
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
    )
    try:
        # a bare number would be the total time; a watch is long and must be heard of in between
        answer = await api.call_api(
            method,
            url,
            headers,
            _request_timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_S, sock_read=timeout_s),
        )
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _silent(path, error) from None
    response: aiohttp.ClientResponse = answer.response
    try:
        if response.status != 200:
            raise _refused(path, response.status, await response.read())
        yield response
    finally:
        response.close()


async def lines(response: aiohttp.ClientResponse, path: str) -> AsyncIterator[bytes]:
    """Yield the lines of a body as they come, however long they are.

    Raises
    ------
    ApiError
        When the connection breaks or falls silent.
    """
    rest = b""
    try:
        async for chunk in response.content.iter_any():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if line:
                    yield line
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _silent(path, error) from None


def _refused(path: str, status: int, body: bytes) -> ApiError:
    try:
        message = msgspec.json.decode(body, type=_Status).message
    except msgspec.DecodeError:
        message = body[:200].decode("utf-8", "replace")
    return ApiError(
        f"GET {path}: {status} {message}".strip(),
        status=status,
        retryable=status not in _PERMANENT,
    )


def _silent(path: str, error: Exception) -> ApiError:
    reason = str(error) or type(error).__name__
    if isinstance(error, asyncio.TimeoutError):
        reason = "no answer in time"
    return ApiError(f"GET {path}: {reason}", status=0, retryable=True)
