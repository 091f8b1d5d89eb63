"""The operator's loop: one turn after another, whatever happens in one of them."""

import asyncio
import time
from collections.abc import Callable, Mapping

from restow.app.leading import Leading
from restow.app.ports import Chair, View
from restow.core.errors import RestowError
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("loop")
FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 10.0
FOLLOW_S = 0.2
"""Pause between two looks at the lease; a dead leader's gate must not stay for long."""
UNSYNCED_S = 0.05
BREATH_S = 0.02
"""Pause between two turns on a cluster that never stops changing."""
SETTLE_S = 2.0
"""Our own lease of before is ours again by then; a foreign one is not ours yet."""
WIND_UP_S = 8.0
"""Longest time to undo the plan in hand at the end; the chart gives the pod 30 s in all."""


class Loop:
    """Turns until it is told to stop.

    Parameters
    ----------
    view
        The cluster as it is seen.
    chair
        Who holds it leads; nothing is written otherwise.
    term
        Makes a new term of leading, each time the lease is won.
    woken
        Set when there is something to do besides changes of the cluster.
    stale_after_s
        A view older than this is not acted upon.

    Attributes
    ----------
    settled
        Set once the cluster was read and either recovered or left to another leader.
    """

    def __init__(
        self,
        *,
        view: View,
        chair: Chair,
        term: Callable[[], Leading],
        woken: asyncio.Event,
        stale_after_s: float,
    ) -> None:
        self._view, self._chair, self._term = view, chair, term
        self._woken, self._stale_after_s = woken, stale_after_s
        self._leading: Leading | None = None
        self._stopping = False
        self._trouble: tuple[str, Mapping[str, str]] = (happenings.NOT_SYNCED, {})
        self._unknown: frozenset[str] = frozenset()
        self._born = self._turned = time.monotonic()
        self.settled = asyncio.Event()

    def stop(self) -> None:
        """End after the present turn."""
        self._stopping = True
        self._woken.set()

    def silence_s(self) -> float:
        """Return the seconds since the last turn ended; may be called from any thread."""
        return time.monotonic() - self._turned

    async def run(self) -> None:
        """Turn until stopped, then undo the plan in hand and give the lease up."""
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping:
            seen = self._view.generation
            try:
                pause_s = await self._turn()
                backoff_s = FIRST_BACKOFF_S
            except Exception as error:  # noqa: BLE001 - the one place: an operator goes on
                pause_s, seen = backoff_s, self._view.generation
                backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)
                self._count(error)
            self._turned = time.monotonic()
            await self._pause(pause_s, seen)
        await self._wind_up()

    async def _turn(self) -> float:
        metrics.STALENESS.set(self._view.staleness_s() if self._view.synced else float("inf"))
        metrics.LEADER.set(self._chair.held)
        blind = self._is_blind()
        if not self._chair.held:
            if self._leading is not None:
                _log.warning(happenings.FOLLOWING)
                self._leading = None
            if self._view.synced and time.monotonic() - self._born > SETTLE_S:
                self.settled.set()
            return FOLLOW_S
        if blind:
            return UNSYNCED_S
        self._tell_unknown()
        if self._leading is None:
            leading = self._term()
            await leading.take_over()
            self._leading = leading
            self.settled.set()
            _log.info(happenings.LEADING)
        return await self._leading.turn()

    def _is_blind(self) -> bool:
        """Return whether nothing may be decided on the view; say why when that is news."""
        trouble = self._why_blind()
        news = trouble, dict(self._view.problems()) if trouble else {}
        if news != self._trouble:
            self._trouble = news
            if trouble:
                _log.warning(trouble, problems=news[1])
            else:
                _log.info(happenings.SYNCED)
        return bool(trouble)

    def _tell_unknown(self) -> None:
        """Say which kinds cannot be read, and why, when that is news."""
        unknown = self._view.snapshot().unknown
        metrics.UNKNOWN.set(len(unknown))
        if unknown != self._unknown:
            self._unknown, why = unknown, self._view.problems()
            log = _log.warning if unknown else _log.info
            log(happenings.UNKNOWN, kinds={kind: why.get(kind, "") for kind in sorted(unknown)})

    def _why_blind(self) -> str:
        """Return why nothing may be decided on the view, empty when it may."""
        if not self._view.synced:
            return happenings.NOT_SYNCED
        return happenings.STALE if self._view.staleness_s() > self._stale_after_s else ""

    async def _pause(self, pause_s: float, seen: int) -> None:
        """Wait for a change of the cluster since `seen`, for the desk, or for the time."""
        if self._view.generation != seen or pause_s <= 0:
            await asyncio.sleep(BREATH_S)
            return
        waiting = (
            asyncio.create_task(self._view.wait_changed(pause_s)),
            asyncio.create_task(self._woken.wait()),
        )
        await asyncio.wait(waiting, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._woken.clear()

    async def _wind_up(self) -> None:
        """Undo what the plan in hand has begun, so that nothing stays gated without a leader."""
        deadline = time.monotonic() + WIND_UP_S
        while self._leading is not None and self._chair.held and time.monotonic() < deadline:
            try:
                if await self._leading.wind_up():
                    break
            except Exception as error:  # noqa: BLE001 - as above
                self._count(error)
            await self._view.wait_changed(0.1)
        await self._chair.release()

    def _count(self, error: Exception) -> None:
        metrics.ERRORS.labels(type(error).__name__).inc()
        expected = isinstance(error, RestowError)
        log = _log.error if expected else _log.exception
        log(happenings.FAILED, kind=type(error).__name__, why=str(error))
