"""Doing something at a chosen moment of what restow does to the cluster."""

import threading
from collections.abc import Callable

from e2e.mirror import Change, Mirror

Moment = Callable[[Change], bool]


class Ambush:
    """Strikes at the first change that is the moment waited for, before the next one is seen."""

    def __init__(self, mirror: Mirror, moment: Moment, strike: Callable[[], object]) -> None:
        self._moment = moment
        self._strike = strike
        self._done = threading.Event()
        self._error: Exception | None = None
        self._end = mirror.listen(self._look, replay=True)

    def wait(self, within_s: float) -> None:
        """Wait for the strike; raises AssertionError if the moment does not come."""
        came = self._done.wait(within_s)
        self._end()
        assert came, f"the moment to strike did not come within {within_s:g} s"
        if self._error is not None:
            raise self._error

    def _look(self, change: Change) -> None:
        if self._done.is_set() or not self._moment(change):
            return
        try:
            self._strike()
        except Exception as error:  # noqa: BLE001 - for the test, whose thread is another one
            self._error = error
        self._done.set()
