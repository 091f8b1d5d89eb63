"""Who Prometheus has to be, and what it is shown, by servers with certificates of their own."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog.testing
import trustme
from aiohttp import web

from restow.core.errors import ApiError, InputError
from restow.core.ids import ObjectKey
from restow.sources.dirty_rates import DirtyRates, Rates, ask
from restow.sources.prometheus import Prometheus, named
from tests.support.prometheus import PrometheusServer, series, serving, until, vector

RATES = {ObjectKey("x", "vm"): 7}


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("first\n")
    return path


def proof(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def put(path: Path, content: bytes | None) -> None:
    """Write the file anew, or take it away."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.fixture
async def server(authority: trustme.CA) -> AsyncIterator[PrometheusServer]:
    async with serving(proof(authority)) as made:
        made.answer = lambda: vector(series("7"))
        yield made


async def test_a_server_is_trusted_that_the_named_authority_vouches_for(
    server: PrometheusServer, ca_file: Path
) -> None:
    assert await ask(Prometheus(url=server.url, ca_file=ca_file)) == RATES


@pytest.mark.parametrize(
    ("vouched", "name"), [(False, "127.0.0.1"), (True, "elsewhere")], ids=["authority", "name"]
)
async def test_a_server_that_does_not_prove_itself_is_shown_no_token_unless_that_is_wanted(
    authority: trustme.CA, ca_file: Path, token_file: Path, vouched: bool, name: str
) -> None:
    signer = authority if vouched else trustme.CA()
    async with serving(proof(signer, name)) as server:
        server.answer = lambda: vector(series("7"))
        for trusted in (ca_file, None):
            checked = Prometheus(url=server.url, ca_file=trusted, token_file=token_file)
            with pytest.raises(ApiError, match=r"not trusted.*--prometheus-ca-file"):
                await ask(checked)
        assert server.shown == []
        blind = Prometheus(url=server.url, token_file=token_file, verify=False)
        assert await ask(blind) == RATES
        assert server.shown == ["Bearer first"]


async def test_the_token_is_read_anew_at_each_query_and_a_lost_one_is_said(
    server: PrometheusServer, ca_file: Path, token_file: Path
) -> None:
    asked = Prometheus(url=server.url, ca_file=ca_file, token_file=token_file)
    await ask(asked)
    put(token_file, b"second")
    await ask(asked)
    assert server.shown == ["Bearer first", "Bearer second"]
    for text in (b"", b"two words", b"t\xeate", b"x\ny"):
        put(token_file, text)
        with pytest.raises(ApiError, match=r"token holds no bearer token"):
            await ask(asked)
    put(token_file, None)
    with pytest.raises(ApiError, match=r"token: No such file or directory"):
        await ask(asked)
    assert len(server.shown) == 2


async def test_the_operator_takes_up_a_new_token_and_a_new_authority(
    ca_file: Path, token_file: Path
) -> None:
    other = trustme.CA()
    async with serving(proof(other)) as server:
        server.answer = lambda: vector(series("7"))
        told: list[Rates] = []
        asked = Prometheus(url=server.url, ca_file=ca_file, token_file=token_file)
        task = asyncio.create_task(DirtyRates(asked, told.append, every_s=0.02).run())
        with structlog.testing.capture_logs() as lines:
            await until(lambda: bool(lines))
        assert "not trusted" in lines[0]["why"]
        put(token_file, b"second")
        put(ca_file, other.cert_pem.bytes())
        await until(lambda: bool(told))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert told == [RATES]
    assert set(server.shown) == {"Bearer second"}


async def test_no_token_follows_a_redirect_to_somebody_else(token_file: Path) -> None:
    async with serving() as other, serving() as first:
        other.answer = lambda: vector(series("7"))
        location = f"{other.url}/elsewhere?query=q"
        first.answer = lambda: web.Response(status=302, headers={"Location": location})
        assert await ask(Prometheus(url=first.url, token_file=token_file)) == RATES
        assert (first.shown, other.shown) == (["Bearer first"], [None])


async def test_a_refused_token_is_said_without_it(token_file: Path) -> None:
    async with serving() as server:
        server.answer = lambda: web.Response(status=401, text="Unauthorized\n")
        with pytest.raises(ApiError, match=r"/api/v1/query: 401 Unauthorized$") as refused:
            await ask(Prometheus(url=server.url, token_file=token_file))
    assert "first" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "prometheus:9090",
        "ftp://prometheus",
        "http://",
        "http://p?query=up",
        "http://u:p@p",
        "http://[",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"--prometheus: .*is not the URL of a Prometheus"):
        named(url)


def test_who_names_no_prometheus_asks_none() -> None:
    assert named("") is None


@pytest.fixture
def files(ca_file: Path, token_file: Path) -> tuple[Path, Path]:
    return ca_file, token_file


@pytest.mark.parametrize(
    ("url", "given", "says"),
    [
        ("", {"token_file": "token"}, "--prometheus-token-file: there is no Prometheus"),
        ("", {"verify": False}, "--prometheus-insecure-skip-tls-verify: there is no Prometheus"),
        ("http://p", {"ca_file": "ca.crt"}, "--prometheus-ca-file: http://p has no TLS"),
        ("http://p", {"verify": False}, "skip-tls-verify: http://p has no TLS"),
        ("https://p", {"verify": False, "ca_file": "ca.crt"}, "give one of the two"),
        ("https://p", {"token_file": "none"}, "token-file: .*none: No such file or directory"),
        ("https://p", {"token_file": "empty"}, "token-file: .*empty holds no bearer token"),
        ("https://p", {"ca_file": "none"}, "ca-file: .*none: No such file or directory"),
        ("https://p", {"ca_file": "token"}, "ca-file: .*token holds no certificate in PEM"),
    ],
)
def test_credentials_that_cannot_be_meant_are_refused_before_anybody_is_asked(
    url: str, given: dict[str, object], says: str, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    ca_file, token_file = files
    (tmp_path / "empty").write_text("\n")
    there = {key: tmp_path / each if isinstance(each, str) else each for key, each in given.items()}
    with pytest.raises(InputError, match=says):
        named(url, **there)  # type: ignore[arg-type]  # told apart by the names
    assert named("https://p", token_file=token_file, ca_file=ca_file) is not None
