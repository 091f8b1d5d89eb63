from datetime import timedelta

import pytest

from restow.rules import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (".5m", 30),
        ("1.s", 1),
        ("250ms", 0.25),
        ("-1m", -60),
        ("+1m", 60),
        ("0", 0),
        ("1h1h", 7200),
        ("", None),
        ("10", None),
        ("10 s", None),
        ("1d", None),
        ("s", None),
        (".s", None),
        ("--1s", None),
        ("true", None),
        ("9999999999h", None),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float | None) -> None:
    assert durations.of(text) == (None if seconds is None else timedelta(seconds=seconds))
