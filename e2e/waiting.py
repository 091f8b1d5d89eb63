"""Waiting for something to become true, with a message that says what was seen last."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.05


def eventually(
    look: Callable[[], T],
    *,
    within_s: float,
    what: str,
    until: Callable[[T], bool] = bool,
) -> T:
    """Call `look` until its answer satisfies `until`, and return that answer.

    Raises
    ------
    AssertionError
        If it does not within `within_s` seconds, with the last answer.
    """
    deadline = time.monotonic() + within_s
    while True:
        seen = look()
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {seen!r}")
        time.sleep(POLL_S)


def steadily(look: Callable[[], bool], *, for_s: float, what: str) -> None:
    """Check that `look` answers True for a while; raises AssertionError when it does not."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert look(), f"did not stay so for {for_s:g} s: {what}"
        time.sleep(POLL_S)
