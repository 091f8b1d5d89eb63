"""Dirty rates asked of a server that answers as Prometheus does, or does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import structlog.testing
from aiohttp import web

from restow.core.ids import ObjectKey
from restow.sources.dirty_rates import QUERY, DirtyRates, Rates
from restow.sources.prometheus import Prometheus
from restow.telemetry import happenings
from tests.support.prometheus import PrometheusServer, series, serving, until, vector

MIB = 2**20
KEY = ObjectKey("x", "vm")


@pytest.fixture
async def prometheus() -> AsyncIterator[PrometheusServer]:
    async with serving() as made:
        yield made


@asynccontextmanager
async def asking(url: str, told: list[Rates], *, kept_s: float = 3600.0) -> AsyncIterator[None]:
    rates = DirtyRates(Prometheus(url=url), told.append, every_s=0.02, timeout_s=0.3, kept_s=kept_s)
    task = asyncio.create_task(rates.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("found", "rates"),
    [
        ([series("8388608")], {KEY: 8 * MIB}),
        ([series("8388609")], {KEY: 9 * MIB}),
        ([series("0")], {KEY: 0}),
        ([series("5")], {KEY: 5}),
        ([series("1048576", node="a"), series("2097152", node="b")], {KEY: 2 * MIB}),
        (
            [series("7", namespace="kubevirt", exported_namespace="x", exported_name="vm")],
            {KEY: 7},
        ),
        ([series("NaN"), series("+Inf"), series("-1"), series("4", name="")], {}),
    ],
    ids=[
        "exact",
        "rounded up to an eighth",
        "nothing",
        "little",
        "the greater of two nodes",
        "labels that Prometheus renamed",
        "no rates",
    ],
)
async def test_rates_are_taken_from_the_answer(
    prometheus: PrometheusServer, found: list[dict[str, object]], rates: Rates
) -> None:
    prometheus.answer = lambda: vector(series("3", name="sentinel"), *found)
    told: list[Rates] = []
    async with asking(prometheus.url, told):
        await until(lambda: bool(told))
    assert told[0] == {ObjectKey("x", "sentinel"): 3, **rates}
    assert prometheus.asked[0] == f"/api/v1/query {QUERY}"


async def test_only_news_are_told(prometheus: PrometheusServer) -> None:
    prometheus.answer = lambda: vector(series("1000000"))
    told: list[Rates] = []
    async with asking(f"{prometheus.url}/", told):
        await until(lambda: len(prometheus.asked) > 3)
        prometheus.answer = lambda: vector(series("999999"))
        seen = len(prometheus.asked)
        await until(lambda: len(prometheus.asked) > seen + 2)
        assert len(told) == 1, "the same, as far as digits count"
        prometheus.answer = vector
        await until(lambda: len(told) == 2)
    assert told[1] == {}


WRONG: dict[str, tuple[Callable[[], web.Response], str]] = {
    "no such path": (lambda: web.Response(status=404, text="not\n here"), "404 not here"),
    "a bad query": (
        lambda: web.json_response({"status": "error", "error": "parse error"}, status=400),
        "400 parse error",
    ),
    "overload": (lambda: web.Response(status=503), "503"),
    "a page": (lambda: web.Response(text="<html>"), "this is no answer of Prometheus"),
    "another form": (lambda: web.json_response({"status": "success"}), "this is no answer of"),
    "no number": (lambda: vector(series("much")), "this is no answer of Prometheus"),
}


@pytest.mark.parametrize("case", [*WRONG, "silence", "nobody"])
async def test_what_goes_wrong_is_said_once_with_the_url_and_what_was_told_is_kept(
    prometheus: PrometheusServer, case: str
) -> None:
    prometheus.answer = lambda: vector(series("1048576"))
    told: list[Rates] = []
    with structlog.testing.capture_logs() as lines:
        if case == "nobody":
            async with asking("http://127.0.0.1:9", told):
                await until(lambda: bool(lines))
            said = "Cannot connect"
        else:
            async with asking(prometheus.url, told):
                await until(lambda: told == [{KEY: MIB}])
                prometheus.silent = case == "silence"
                prometheus.answer, said = WRONG.get(case, (vector, "no answer in time"))
                await until(lambda: any(each["log_level"] == "warning" for each in lines))
                seen = len(prometheus.asked)
                await until(lambda: len(prometheus.asked) > seen + 2)
            assert told == [{KEY: MIB}], "kept"
    (line,) = (each for each in lines if each["event"] == happenings.NO_RATES)
    assert said in line["why"]
    assert "/api/v1/query" in line["why"]


async def test_what_is_not_heard_again_for_long_is_forgotten_until_it_is(
    prometheus: PrometheusServer,
) -> None:
    prometheus.answer = lambda: vector(series("1048576"))
    told: list[Rates] = []
    async with asking(prometheus.url, told, kept_s=0.0):
        await until(lambda: told == [{KEY: MIB}])
        prometheus.answer = lambda: web.Response(status=503)
        await until(lambda: told == [{KEY: MIB}, {}])
        prometheus.answer = lambda: vector(series("1048576"))
        await until(lambda: told == [{KEY: MIB}, {}, {KEY: MIB}])
