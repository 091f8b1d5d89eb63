"""When maintenance windows are open; cron times of a zone, compared as instants.

A cron time that the clocks skip comes at once after the change (02:30 becomes 03:00), and one that
they repeat comes the first time only: `cronsim`'s rule, after Debian's cron, for fixed times. Here
it holds for every schedule, see `_starts`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

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
    return min((start for window in windows if (start := _next(window, now))), default=None)


def _closes(window: Window, now: datetime) -> datetime | None:
    local = now.astimezone(ZoneInfo(window.time_zone))
    # From the second half of a repeated hour cronsim would not look back into the first half, so
    # the search begins after it; the second more makes `now` itself count.
    begin = now.replace(microsecond=0) + _repeated(local) + A_SECOND
    starts = _starts(window, begin.astimezone(local.tzinfo), reverse=True)
    last = next((start for start in starts if start <= now), None)
    duration = timedelta(seconds=window.duration_seconds)
    return last + duration if last is not None and now < last + duration else None


def _next(window: Window, now: datetime) -> datetime | None:
    # From the second half of a repeated hour cronsim begins with the first half, which is over.
    local = now.astimezone(ZoneInfo(window.time_zone))
    return next((start for start in _starts(window, local) if start > now), None)


def _repeated(local: datetime) -> timedelta:
    """Return how far the clocks were set back if they have shown `local` before; else zero."""
    return local.astimezone(UTC) - local.replace(fold=0).astimezone(UTC)


def _starts(window: Window, begin: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    """Yield the cron times (UTC) on one side of `begin` (of the window's zone), nearest first.

    Stars are spelt out, because cronsim 2.8 walks `*` minutes and hours by steps of real time, and
    then loses times where the clocks change at midnight (Chile, Egypt) or by half an hour (Lord
    Howe), differently in each direction.
    """
    minute, hour, *days = window.cron.split()
    spelt_out = (minute.replace("*", "0-59"), hour.replace("*", "0-23"), *days)
    return (at.astimezone(UTC) for at in CronSim(" ".join(spelt_out), begin, reverse=reverse))
