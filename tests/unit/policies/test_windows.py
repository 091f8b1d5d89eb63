from datetime import UTC, datetime, timedelta, timezone

import pytest
from cronsim import CronSim

from restow.policies.packing_policy import Window
from restow.policies.windows import closes, is_open, next_open

NIGHT = Window(cron="0 22 * * *", time_zone="Europe/Berlin", duration_seconds=8 * 3600)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_windows_it_is_always_open_and_nothing_closes_or_opens() -> None:
    now = at("2026-11-23T12:00")
    assert is_open((), now)
    assert closes((), now) is None
    assert next_open((), now) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T20:59:59", False),
        ("2026-11-23T21:00:00", True),  # 22:00 in Berlin, winter
        ("2026-11-24T04:59:59", True),  # after midnight
        ("2026-11-24T05:00:00", False),
        ("2026-07-01T20:00:00", True),  # 22:00 in Berlin, summer
        ("2026-07-01T19:59:59", False),
    ],
)
def test_window_opens_inclusively_and_closes_exclusively_in_its_zone(
    now: str, expected: bool
) -> None:
    assert is_open((NIGHT,), at(now)) is expected
    assert (closes((NIGHT,), at(now)) is not None) is expected


def test_now_may_be_in_any_zone() -> None:
    elsewhere = at("2026-11-23T21:00").astimezone(timezone(timedelta(hours=9)))
    assert is_open((NIGHT,), elsewhere)
    assert closes((NIGHT,), elsewhere) == at("2026-11-24T05:00")


def test_next_opening_is_strictly_later_and_the_earliest_of_all_windows() -> None:
    noon = Window(cron="0 12 * * *", duration_seconds=60)
    assert next_open((NIGHT, noon), at("2026-11-23T12:00")) == at("2026-11-23T21:00")
    assert next_open((NIGHT, noon), at("2026-11-23T11:59")) == at("2026-11-23T12:00")
    assert next_open((NIGHT,), at("2026-11-23T21:00")) == at("2026-11-24T21:00")


def test_leap_day_is_found_years_ahead() -> None:
    leap = Window(cron="0 0 29 2 *", duration_seconds=60)
    assert next_open((leap,), at("2028-02-29T00:00")) == at("2032-02-29T00:00")


def test_week_long_window_is_open_until_its_end() -> None:
    week = Window(cron="0 0 1 * *", duration_seconds=7 * 86400)
    assert is_open((week,), at("2026-11-07T23:59"))
    assert not is_open((week,), at("2026-11-08T00:00"))


def test_time_that_the_clocks_skip_opens_at_once_after_the_change() -> None:
    skipped = Window(cron="30 2 * * *", time_zone="Europe/Berlin", duration_seconds=60)
    assert next_open((skipped,), at("2026-03-29T00:00")) == at("2026-03-29T01:00")  # 03:00 summer
    assert not is_open((skipped,), at("2026-03-29T00:59:59"))
    assert is_open((skipped,), at("2026-03-29T01:00"))
    assert next_open((skipped,), at("2026-03-29T01:00")) == at("2026-03-30T00:30")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London"])
def test_time_that_the_clocks_repeat_opens_once(zone: str) -> None:
    # the hour that begins at 00:00 UTC in Berlin and in London is the first of the repeated two
    hour = {"Europe/Berlin": 2, "Europe/London": 1}[zone]
    repeated = Window(cron=f"30 {hour} * * *", time_zone=zone, duration_seconds=2 * 3600)
    assert next_open((repeated,), at("2026-10-25T00:00")) == at("2026-10-25T00:30")
    assert closes((repeated,), at("2026-10-25T01:15")) == at("2026-10-25T02:30")  # repeated :15
    assert closes((repeated,), at("2026-10-25T01:45")) == at("2026-10-25T02:30")  # repeated :45
    first, again = at("2026-10-26T01:30"), at("2026-10-25T01:15")
    assert next_open((repeated,), again) == first


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/Santiago", "2026-09-06T04:00"),  # midnight is skipped
        ("Africa/Cairo", "2026-04-23T22:00"),  # midnight is skipped
        ("Australia/Lord_Howe", "2026-10-03T15:30"),  # half an hour is skipped
        ("Australia/Lord_Howe", "2026-04-04T15:00"),  # half an hour is repeated
    ],
)
@pytest.mark.parametrize("cron", ["* 0-4 * * *", "*/25 3 * * *", "0 */2 * * *", "* * * * *"])
def test_unusual_changes_of_the_clocks_keep_openings_and_closings_together(
    zone: str, change: str, cron: str
) -> None:
    window = Window(cron=cron, time_zone=zone, duration_seconds=60)
    for minutes in range(-180, 180, 7):
        now = at(change) + timedelta(minutes=minutes, seconds=11)
        opening = next_open((window,), now)
        assert opening is not None
        assert closes((window,), opening) == opening + timedelta(seconds=60)
        if not is_open((window,), now):
            assert not is_open((window,), opening - timedelta(microseconds=1))
            assert not is_open((window,), now + (opening - now) / 2)


def test_a_rare_and_an_incessant_window_are_judged_in_one_step_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = 0
    advance = CronSim.__next__

    def counted(schedule: CronSim) -> datetime:
        nonlocal steps
        steps += 1
        return advance(schedule)

    monkeypatch.setattr(CronSim, "__next__", counted)
    every_minute = Window(cron="* * * * *", duration_seconds=7 * 86400)
    leap = Window(cron="0 0 29 2 *", duration_seconds=60)
    for window in (every_minute, leap):
        steps = 0
        is_open((window,), at("2026-11-23T12:00:30"))
        next_open((window,), at("2026-11-23T12:00:30"))
        assert steps == 2


def test_last_days_and_numbered_weekdays_are_understood() -> None:
    last = Window(cron="0 0 L * *", duration_seconds=60)
    second_monday = Window(cron="0 0 * * MON#2", duration_seconds=60)
    assert next_open((last,), at("2026-11-23T00:00")) == at("2026-11-30T00:00")
    assert next_open((second_monday,), at("2026-11-23T00:00")) == at("2026-12-14T00:00")


def test_overlapping_windows_close_with_the_last() -> None:
    early = Window(cron="0 20 * * *", duration_seconds=2 * 3600)
    late = Window(cron="0 21 * * *", duration_seconds=2 * 3600)
    assert closes((early, late), at("2026-11-23T21:30")) == at("2026-11-23T23:00")
