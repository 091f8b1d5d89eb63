"""`restow record`: watch a cluster, and append what happens to a trace file."""

import asyncio
import secrets
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from restow.app.recording import Write, record
from restow.cli.progress import telling
from restow.cli.reading import SYNC_S
from restow.cli.unread import RECORDING, tell_unread
from restow.cli.wrong import wrong
from restow.simulation.traces.gpus import Gpus
from restow.simulation.traces.lines import MOST_DEVICES
from restow.simulation.traces.recording import Recorder, as_it_is, hashed
from restow.simulation.traces.writing import written
from restow.sources.client import connect, reach
from restow.sources.live import LiveSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    for_s
        None until stopped.
    device
        The extended resource that counts GPUs.
    driver
        The DRA driver whose devices are GPUs.
    """

    file: Path
    for_s: float | None
    anonymise: bool
    device: str
    driver: str
    kubeconfig: Path | None
    context: str | None


def run(request: Request) -> None:
    """Record until SIGINT, SIGTERM, or until the time is up.

    Raises
    ------
    RestowError
        InputError for what the caller can correct; SnapshotError and ApiError when the cluster
        cannot be read.
    """
    if request.file.exists():
        raise wrong(str(request.file), "is there already", "name a new file")
    name = hashed(secrets.token_bytes(32)) if request.anonymise else as_it_is
    gpus = Gpus(request.device, request.driver)
    recorder = Recorder(gpus, name, anonymised=request.anonymise)
    seconds = asyncio.run(_record(request, recorder))
    sys.stderr.write(f"recorded {seconds:g} s in {request.file}\n")
    if recorder.unknown:
        sys.stderr.write(
            f"warning: {len(recorder.unknown)} nodes came later and are not in the trace; pods on "
            "them have no place there\n"
        )
    if recorder.bare:
        reasons = ", ".join(f"{why} ({n})" for why, n in sorted(recorder.bare.items()))
        sys.stderr.write(
            f"warning: {recorder.bare.total()} pods are in the trace without their GPUs, which it "
            f"cannot say: {reasons}\n"
        )
    if recorder.crowded:
        sys.stderr.write(
            f"warning: {recorder.crowded} nodes have more than {MOST_DEVICES} GPUs; the trace has "
            f"{MOST_DEVICES} of each\n"
        )


async def _record(request: Request, recorder: Recorder) -> float:
    async with await connect(request.kubeconfig, request.context) as api:
        await reach(api)
        async with LiveSource(api) as source:
            with telling("reading the cluster"):
                await source.wait_synced(SYNC_S)
            told = source.snapshot().unknown
            tell_unread(told, source.problems(), RECORDING)
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            with _writing(request.file) as write:
                sys.stderr.write("recording; stop it with Ctrl-C\n")
                seconds = await record(source, recorder, write, stop=stop, for_s=request.for_s)
            tell_unread(recorder.unread - told, source.problems(), RECORDING)
            return seconds


@contextmanager
def _writing(path: Path) -> Iterator[Write]:
    """Give what appends lines to a new file; a killed recorder leaves all but its last line."""
    try:
        with path.open("x") as file:

            def write(lines: Iterable[BaseModel]) -> None:
                for line in lines:
                    file.write(f"{written(line)}\n")
                    file.flush()

            yield write
    except OSError as error:
        raise wrong(str(path), f"cannot be written: {error.strerror}", "free it") from error
