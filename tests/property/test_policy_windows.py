"""Laws of cron times and maintenance windows, against the plainest reading of crontab(5)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from restow.policies.packing_policy import Window
from restow.policies.windows import closes, is_open, next_open

pytestmark = pytest.mark.property

ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/Santiago",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)


def fields(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field of a cron expression, and the values it means."""
    everything = st.just(("*", frozenset(range(low, high + 1))))
    steps = st.integers(1, high).map(lambda n: (f"*/{n}", frozenset(range(low, high + 1, n))))
    lists = st.sets(st.integers(low, high), min_size=1, max_size=3).map(
        lambda values: (",".join(map(str, values)), frozenset(values))
    )
    ranges = st.tuples(st.integers(low, high), st.integers(low, high)).map(
        lambda ends: (f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    return st.one_of(everything, steps, lists, ranges)


moments = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2032, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
windows = st.builds(
    lambda minute, hour, weekday, zone, duration_s: Window(
        cron=f"{minute[0]} {hour[0]} * * {weekday[0]}", time_zone=zone, duration_seconds=duration_s
    ),
    fields(0, 59),
    fields(0, 23),
    fields(0, 6),
    st.sampled_from(ZONES),
    st.integers(60, 3 * 86400),
)


@given(
    minute=fields(0, 59),
    hour=fields(0, 23),
    day=fields(1, 31),
    month=fields(1, 12),
    weekday=fields(0, 7),
    now=moments,
)
def test_cron_fires_exactly_when_its_fields_say_so(
    *,
    minute: tuple[str, frozenset[int]],
    hour: tuple[str, frozenset[int]],
    day: tuple[str, frozenset[int]],
    month: tuple[str, frozenset[int]],
    weekday: tuple[str, frozenset[int]],
    now: datetime,
) -> None:
    expression = " ".join(each[0] for each in (minute, hour, day, month, weekday))
    try:
        window = Window(cron=expression, duration_seconds=60)
    except ValidationError as error:
        days_of_months = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        assert min(day[1]) > max(days_of_months[each - 1] for each in month[1])
        assert "has a bad day-of-month" in str(error)  # noqa: PT017 - the one cause left
        return
    on_day = now.day in day[1]
    on_weekday = bool({now.isoweekday(), now.isoweekday() % 7} & weekday[1])
    starred = day[0].startswith("*") or weekday[0].startswith("*")
    either = on_day and on_weekday if starred else on_day or on_weekday
    expected = now.minute in minute[1] and now.hour in hour[1] and now.month in month[1] and either
    assert is_open((window,), now) is expected


@given(windows, moments)
def test_window_is_open_from_its_next_opening_until_it_closes(
    window: Window, now: datetime
) -> None:
    opening = next_open((window,), now)
    assert opening is not None
    assert opening > now
    assert is_open((window,), opening)
    end = closes((window,), opening)
    assert end is not None
    assert end == opening + timedelta(seconds=window.duration_seconds)
    assert is_open((window,), end - timedelta(microseconds=1))


@given(windows, moments)
def test_window_that_is_shut_stays_shut_until_its_next_opening(
    window: Window, now: datetime
) -> None:
    opening = next_open((window,), now)
    assert opening is not None
    if not is_open((window,), now):
        assert not is_open((window,), opening - timedelta(microseconds=1))
        assert not is_open((window,), now + (opening - now) / 2)


@given(st.lists(windows, min_size=1, max_size=3), moments)
def test_several_windows_are_open_when_one_of_them_is(several: list[Window], now: datetime) -> None:
    assert is_open(several, now) == any(is_open((each,), now) for each in several)
    assert next_open(several, now) == min(
        opening for each in several if (opening := next_open((each,), now)) is not None
    )
