"""Recording a live cluster: look at each change, write what it was, at once."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from pydantic import BaseModel

from restow.cluster.snapshot import Snapshot
from restow.simulation.traces.recording import Recorder

PAUSE_S = 0.2
"""Between two looks; who comes and goes within it is not seen."""

Write = Callable[[Iterable[BaseModel]], None]


class Sight(Protocol):
    """The live cluster; `sources.live` fulfils it."""

    @property
    def generation(self) -> int:
        """Grows with every change."""

    async def wait_changed(self, timeout_s: float) -> bool:
        """Wait for the next change; return False when the time is up before."""

    def snapshot(self) -> Snapshot:
        """Return the cluster as it was last seen."""


async def record(
    sight: Sight, recorder: Recorder, write: Write, *, stop: asyncio.Event, for_s: float | None
) -> float:
    """Write until told to stop, or until the time is up; return the seconds recorded.

    Raises
    ------
    SnapshotError
        The cluster was not read in full.
    """
    began, seen = time.monotonic(), sight.generation
    write(recorder.begin(sight.snapshot()))
    while not stop.is_set() and (for_s is None or time.monotonic() - began < for_s):
        if sight.generation == seen:
            await _either(sight, stop, PAUSE_S if for_s is None else min(PAUSE_S, for_s))
            continue
        seen = sight.generation
        write(recorder.look(sight.snapshot(), _since(began)))
        await asyncio.sleep(PAUSE_S)
    write(recorder.look(sight.snapshot(), _since(began)))
    seconds = _since(began)
    write([recorder.end(seconds)])
    return seconds


async def _either(sight: Sight, stop: asyncio.Event, seconds: float) -> None:
    """Wait for a change, at most so long, or until told to stop."""
    waiting = [asyncio.create_task(sight.wait_changed(seconds)), asyncio.create_task(stop.wait())]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
