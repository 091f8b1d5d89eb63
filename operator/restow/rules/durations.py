"""Durations as Go writes them, for annotations of peers."""

import re
from datetime import timedelta
from typing import Final

_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST: Final = timedelta(microseconds=2**63 // 1000)
"""Go counts nanoseconds in an int64, some 292 years."""


def of(text: str) -> timedelta | None:
    """Return the duration, `1h30m` or `90s`, or None when Go's `time.ParseDuration` refuses it.

    Below a microsecond it is rounded.
    """
    sign, digits = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if digits == "0":
        return timedelta()
    parts = _PART.findall(digits)
    if not parts or "".join(number + unit for number, unit in parts) != digits:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        return None
    return sign * timedelta(seconds=seconds)
