"""Durations as people write them: `10s`, `500ms`, `2m`, `1h`, `7d`, or a bare number of seconds."""

import re

from restow.core.errors import InputError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 1.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)")


def seconds(text: str, option: str) -> float:
    """Return the duration in seconds.

    Raises
    ------
    InputError
        When `text`, the value of `option`, is no positive duration.
    """
    match = _PATTERN.fullmatch(text.strip())
    value = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if value <= 0:
        raise InputError(
            where="command line",
            field=option,
            problem=f"{text!r} is not a positive duration",
            remedy="write it like 10s, 500ms or 2m",
        )
    return value
