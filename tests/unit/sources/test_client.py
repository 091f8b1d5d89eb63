"""How a connection is found, and what is said when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from restow.core.errors import InputError
from restow.sources.client import connect, reach

CONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: c, cluster: {server: "http://127.0.0.1:1"}}
- {name: d, cluster: {server: "http://127.0.0.1:2"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: one, context: {cluster: c, user: u}}
- {name: two, context: {cluster: d, user: u}}
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(("context", "port"), [(None, 1), ("two", 2)])
async def test_kubeconfig_and_context_are_followed(
    config: Path, context: str | None, port: int
) -> None:
    async with await connect(config, context) as api:
        assert api.configuration.host == f"http://127.0.0.1:{port}"


async def test_environment_names_the_kubeconfig(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{config}:{config}.none")
    async with await connect() as api:
        assert api.configuration.host == "http://127.0.0.1:1"


async def test_no_configuration_at_all_says_what_to_do() -> None:
    with pytest.raises(InputError, match="there is no such file; pass --kubeconfig"):
        await connect()


async def test_unknown_context_is_named(config: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be used: .*three"):
        await connect(config, "three")


@pytest.fixture(params=["", "a: [", "- 1", "clusters: 5"])
def broken(config: Path, request: pytest.FixtureRequest) -> Path:
    config.write_text(request.param)
    return config


async def test_broken_kubeconfig_is_refused_in_one_line(broken: Path) -> None:
    with pytest.raises(InputError, match="cannot be used") as caught:
        await connect(broken)
    assert "\n" not in str(caught.value)


async def test_pod_without_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(InputError, match="service account: cannot be used"):
        await connect()


def lead(config: Path, address: str) -> None:
    config.write_text(CONFIG.replace("http://127.0.0.1:1", address))


@asynccontextmanager
async def answering(status: str) -> AsyncIterator[str]:
    """Serve one answer to everything; give the address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_api_server_that_is_not_there_is_named_with_the_way_out(config: Path) -> None:
    async with await connect(config) as api:
        with pytest.raises(InputError) as caught:
            await reach(api)
    line = str(caught.value)
    assert line.startswith("API server http://127.0.0.1:1: cannot be reached")
    assert "--context" in line


async def test_refused_credentials_are_told_from_a_server_that_is_not_there(config: Path) -> None:
    async with answering("401 Unauthorized") as address:
        lead(config, address)
        async with await connect(config) as api:
            with pytest.raises(InputError, match="refuses the credentials; log in again"):
                await reach(api)


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "404 Not Found"])
async def test_whatever_else_a_server_says_is_for_later_calls_to_judge(
    config: Path, status: str
) -> None:
    async with answering(status) as address:
        lead(config, address)
        async with await connect(config) as api:
            await reach(api)
