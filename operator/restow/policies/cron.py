"""Times that a cron expression names in a time zone, compared as instants.

A time that the clocks skip comes at once after the change (02:30 becomes 03:00), and one that they
repeat comes the first time only: `cronsim`'s rule, after Debian's cron, for fixed times. Here it
holds for every expression, see `starts`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import StringConstraints, field_validator

from restow.policies.model import Model, contradiction

CRON_FIELDS: Final = 5
ANY_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""What comes at all comes within 50 years of any moment; a full cycle of weekdays takes 28."""


class Schedule(Model):
    """Times that come again."""

    cron: Annotated[str, StringConstraints(min_length=9, max_length=256)]
    """Minute, hour, day of month, month, day of week, as in crontab(5); L is the last day of a
    month, MON#2 its second Monday. A time that the clocks skip comes at once after the change, one
    that they repeat comes once."""
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "UTC"
    """Zone of those times, by its name in the tz database, such as Europe/Berlin."""

    @field_validator("cron")
    @classmethod
    def _cron_can_be_read(cls, value: str) -> str:
        fault = _fault(value)
        if fault is not None:
            raise contradiction(
                problem=f"{value!r} {fault}",
                remedy='write minute, hour, day of month, month, day of week, as in "0 22 * * MON"',
            )
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise contradiction(
                problem=f"the time zone {value!r} is not known",
                remedy="use a name of the tz database, such as UTC or Europe/Berlin",
            ) from error
        return value


def _fault(cron: str) -> str | None:
    """Return what is wrong with a cron expression, None if it names some time."""
    fields = len(cron.split())
    if fields != CRON_FIELDS:  # cronsim takes a sixth, for seconds
        return f"has {fields} fields, not {CRON_FIELDS}"
    try:
        comes = next(CronSim(cron, ANY_MOMENT), None)
    except CronSimError as error:
        return f"has a {str(error).lower()}"
    return "names a time that never comes" if comes is None else None


def next_time(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the first time (UTC) strictly after `now`; None when none comes in fifty years."""
    # From the second half of a repeated hour cronsim begins with the first half, which is over.
    local = now.astimezone(ZoneInfo(schedule.time_zone))
    return next((start for start in starts(schedule, local) if start > now), None)


def starts(schedule: Schedule, begin: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    """Yield the times (UTC) on one side of `begin` (of the schedule's zone), nearest first.

    Stars are spelt out, because cronsim 2.8 walks `*` minutes and hours by steps of real time, and
    then loses times where the clocks change at midnight (Chile, Egypt) or by half an hour (Lord
    Howe), differently in each direction.
    """
    minute, hour, *days = schedule.cron.split()
    spelt_out = (minute.replace("*", "0-59"), hour.replace("*", "0-23"), *days)
    return (at.astimezone(UTC) for at in CronSim(" ".join(spelt_out), begin, reverse=reverse))
