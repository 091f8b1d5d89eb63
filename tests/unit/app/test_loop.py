"""The loop: one turn after another, whatever happens in one of them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
import structlog.testing

from restow.app.leading import Leading
from restow.app.loop import Loop
from restow.cluster.snapshot import Snapshot
from restow.telemetry import happenings, metrics
from tests.support.objects import a_snapshot
from tests.support.operators import Chair


class View:
    """A view that the test keeps fresh or lets go stale."""

    def __init__(self) -> None:
        self.synced, self.generation, self.silence = True, 0, timedelta()
        self.wrong: dict[str, str] = {}
        self.unknown: frozenset[str] = frozenset()

    def staleness_s(self) -> float:
        return self.silence.total_seconds()

    def problems(self) -> Mapping[str, str]:
        return self.wrong

    def snapshot(self) -> Snapshot:
        return replace(a_snapshot(), unknown=self.unknown)

    async def wait_changed(self, timeout_s: float) -> bool:
        await asyncio.sleep(0)
        return True


class Term:
    """A term of leading that counts its turns, and does in each what the test says."""

    def __init__(self, during: Callable[["Term"], None]) -> None:
        self.taken_over = self.turned = self.wound_up = 0
        self._during = during

    async def take_over(self) -> None:
        self.taken_over += 1

    async def turn(self) -> float:
        self.turned += 1
        self._during(self)
        return 0.0

    async def wind_up(self) -> bool:
        self.wound_up += 1
        return True


async def run(
    during: Callable[[Term, Loop], None], *, view: View | None = None, chair: Chair | None = None
) -> tuple[list[Term], Chair]:
    """Run a loop until `during` stops it; return the terms of leading."""
    terms: list[Term] = []
    chair = chair or Chair()

    def term() -> Leading:
        terms.append(Term(lambda term: during(term, loop)))
        return cast("Leading", terms[-1])

    loop = Loop(
        view=view or View(), chair=chair, term=term, woken=asyncio.Event(), stale_after_s=30.0
    )
    await asyncio.wait_for(loop.run(), 10)
    return terms, chair


def errors(kind: str) -> float:
    return metrics.REGISTRY.get_sample_value("restow_errors_total", {"kind": kind}) or 0.0


async def test_it_turns_until_it_is_stopped_then_winds_up_and_gives_the_lease_up() -> None:
    def during(term: Term, loop: Loop) -> None:
        if term.turned == 3:
            loop.stop()

    (term,), chair = await run(during)
    assert (term.taken_over, term.turned, term.wound_up) == (1, 3, 1)
    assert not chair.held


async def test_an_error_is_counted_and_the_next_turn_comes() -> None:
    before = errors("ZeroDivisionError")

    def during(term: Term, loop: Loop) -> None:
        if term.turned < 3:
            raise ZeroDivisionError
        loop.stop()

    (term,), _ = await run(during)
    assert term.turned == 3
    assert errors("ZeroDivisionError") == before + 2


async def test_a_lease_lost_ends_the_term_and_one_won_again_takes_over_anew() -> None:
    chair = Chair()

    def during(term: Term, loop: Loop) -> None:
        if len(first) == 0:
            first.append(term)
            chair.held = False
            asyncio.get_running_loop().call_later(0.05, setattr, chair, "held", True)
        elif term is not first[0]:
            loop.stop()

    first: list[Term] = []
    terms, _ = await run(during, chair=chair)
    assert [term.taken_over for term in terms] == [1, 1]


@pytest.mark.parametrize("trouble", ["unsynced", "stale"])
async def test_nothing_is_done_on_a_view_that_is_not_whole_and_fresh(trouble: str) -> None:
    view = View()
    view.synced = trouble != "unsynced"
    view.silence = timedelta(seconds=31 if trouble == "stale" else 0)

    def mend() -> None:
        view.synced, view.silence, mended[0] = True, timedelta(), True

    def during(_: Term, loop: Loop) -> None:
        assert mended[0]
        loop.stop()

    mended = [False]
    asyncio.get_running_loop().call_later(0.1, mend)
    terms, _ = await run(during, view=view)
    assert len(terms) == 1


async def test_what_keeps_the_cluster_from_being_read_is_logged_once_though_another_leads() -> None:
    view, chair = View(), Chair()
    view.synced, view.wrong, chair.held = False, {"Pod": "403 forbidden"}, False

    def mend() -> None:
        view.synced, chair.held = True, True

    asyncio.get_running_loop().call_later(0.5, mend)
    with structlog.testing.capture_logs() as lines:
        await run(lambda _, loop: loop.stop(), view=view, chair=chair)
    (line,) = (line for line in lines if line["event"] == happenings.NOT_SYNCED)
    assert line["problems"] == {"Pod": "403 forbidden"}


async def test_kinds_that_cannot_be_read_are_told_once_and_once_more_when_they_can() -> None:
    view = View()
    view.unknown, view.wrong = frozenset({"NodeClaim"}), {"NodeClaim": "403 forbidden"}
    seen: list[float | None] = []

    def during(term: Term, loop: Loop) -> None:
        seen.append(metrics.REGISTRY.get_sample_value("restow_unknown_kinds"))
        if term.turned == 3:
            view.unknown = frozenset()
        if term.turned == 5:
            loop.stop()

    with structlog.testing.capture_logs() as lines:
        await run(during, view=view)
    told = [
        (line["log_level"], line["kinds"]) for line in lines if line["event"] == happenings.UNKNOWN
    ]
    assert told == [("warning", {"NodeClaim": "403 forbidden"}), ("info", {})]
    assert seen == [1, 1, 1, 0, 0]
