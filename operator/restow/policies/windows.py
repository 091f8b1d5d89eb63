"""When maintenance windows are open; cron times of a zone, compared as instants."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from restow.policies.cron import next_time, starts
from restow.policies.packing_policy import Window

A_SECOND = timedelta(seconds=1)


def is_open(windows: Sequence[Window], now: datetime) -> bool:
    """Return whether any window is open at `now` (time zone aware); without windows, always.

    A window is open from its cron time, inclusive, for its duration, exclusive.
    """
    return not windows or any(_closes(window, now) is not None for window in windows)


def closes(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Return until when (UTC) the windows stay open, as far as those open at `now` reach.

    None when none is open, and also without windows: then nothing ever closes.
    """
    return max((end for window in windows if (end := _closes(window, now))), default=None)


def next_open(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Return when (UTC) a window opens next, strictly after `now`.

    None without windows, and when none opens within fifty years.
    """
    return min((start for window in windows if (start := next_time(window, now))), default=None)


def _closes(window: Window, now: datetime) -> datetime | None:
    local = now.astimezone(ZoneInfo(window.time_zone))
    # From the second half of a repeated hour cronsim would not look back into the first half, so
    # the search begins after it; the second more makes `now` itself count.
    begin = now.replace(microsecond=0) + _repeated(local) + A_SECOND
    before = starts(window, begin.astimezone(local.tzinfo), reverse=True)
    last = next((start for start in before if start <= now), None)
    duration = timedelta(seconds=window.duration_seconds)
    return last + duration if last is not None and now < last + duration else None


def _repeated(local: datetime) -> timedelta:
    """Return how far the clocks were set back if they have shown `local` before; else zero."""
    return local.astimezone(UTC) - local.replace(fold=0).astimezone(UTC)
