"""Posts announcements in the background: no act waits for an Event."""

import asyncio
from collections.abc import Iterable

from restow.app.announcement import Announcement, Unsaid
from restow.app.ports import Voice
from restow.core.errors import ApiError
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("events")
MOST_WAITING = 2_000
"""Beyond so many unposted Events new ones are dropped: they are a courtesy, memory is not."""


class Announcer:
    """Says news once; what cannot be posted is logged and counted."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._unsaid = Unsaid()
        self.queue: asyncio.Queue[Announcement] = asyncio.Queue(MOST_WAITING)

    def say(self, announcements: Iterable[Announcement]) -> None:
        """Post those that are news, soon."""
        for each in announcements:
            if self.queue.full():
                metrics.ERRORS.labels("EventsDropped").inc()
                return
            if self._unsaid.news(each):
                self.queue.put_nowait(each)

    async def run(self) -> None:
        """Post what is said, for ever."""
        while True:
            each = await self.queue.get()
            try:
                await self._voice.say(each)
            except ApiError as error:
                metrics.ERRORS.labels("EventRefused").inc()
                _log.warning(
                    happenings.EVENT_REFUSED, about=f"{each.kind} {each.key}", why=str(error)
                )
            finally:
                self.queue.task_done()

    async def drain(self, timeout_s: float) -> None:
        """Wait until all that was said is posted, for `timeout_s` at most."""
        try:
            await asyncio.wait_for(self.queue.join(), timeout_s)
        except TimeoutError:
            _log.warning(happenings.EVENT_REFUSED, unposted=self.queue.qsize())
