"""One operator process from start to end: the loop, the lease, the watches, kopf, metrics."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from restow.app.acting import Acting
from restow.app.announcer import Announcer
from restow.app.deciding import Deciding, solver_of
from restow.app.desk import Desk
from restow.app.filing import Filing
from restow.app.leading import Leading
from restow.app.looking import Looking
from restow.app.loop import Loop
from restow.app.rescheduling import Rescheduling, in_a_child
from restow.app.settings import Settings
from restow.app.worker import Worker
from restow.core.errors import InputError
from restow.executors.cluster import ClusterExecutor
from restow.executors.documents import Documents
from restow.executors.events import EventWriter
from restow.executors.lease import LeaseHolder
from restow.handlers.kopf_side import KopfSide, Links
from restow.planning.progress import Settings as Limits
from restow.sources.client import connect
from restow.sources.dirty_rates import DirtyRates
from restow.sources.live import LiveSource
from restow.sources.reflector import Pace
from restow.sources.scheduler_config import added_affinity
from restow.telemetry import happenings, logs, metrics

_log = logs.logger("operator")
PATIENCE_S = 60.0
"""A loop that has not turned for so long hangs: a turn waits for calls of some seconds, and for a
solver that has its own deadline in a turn of its own."""
WATCH_S = 15.0
"""A quiet watch speaks at least so often, so that 30 s of silence mean a broken one."""
DRAIN_S = 2.0


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises
    ------
    InputError
        When no cluster is configured, a port is taken, or the scheduler's file cannot be used.
    """
    added = added_affinity(settings.scheduler_config)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(await connect(settings.kubeconfig, settings.context))
        if settings.metrics_port:
            stack.callback(_metrics(settings.metrics_port))
        if settings.probe_port:
            _try_port(settings.probe_port)
        view = await stack.enter_async_context(
            LiveSource(api, pace=Pace(watch_s=WATCH_S), added_affinity=added)
        )
        if settings.prometheus is not None:
            rates = DirtyRates(settings.prometheus, view.tell_rates)
            await stack.enter_async_context(_in_background(rates.run()))
        chair = LeaseHolder(api, namespace=settings.namespace, identity=settings.identity)
        announcer = Announcer(EventWriter(api, instance=settings.identity))
        desk, worker = Desk(), Worker(dask_scheduler=settings.dask_scheduler)
        stack.callback(worker.close)
        worker.start()
        hands = ClusterExecutor(
            api,
            namespace=settings.namespace,
            pod_name=settings.identity if settings.pod_uid else None,
            pod_uid=settings.pod_uid or None,
        )
        filing = Filing(Documents(api), desk)

        def term() -> Leading:
            return Leading(
                desk=desk,
                filing=filing,
                deciding=Deciding(solver_of(worker)),
                looking=Looking(
                    rescheduling=Rescheduling(rescheduler=in_a_child),
                    desk=desk,
                    announcer=announcer,
                ),
                acting=Acting(
                    hands=hands,
                    filing=filing,
                    announcer=announcer,
                    chair=chair,
                    clock=now,
                    limits=Limits(),
                ),
                hands=hands,
                announcer=announcer,
                clock=now,
                look=view.snapshot,
                idle_s=settings.idle_s,
            )

        loop = Loop(
            view=view,
            chair=chair,
            term=term,
            woken=desk.changed,
            stale_after_s=settings.stale_after_s,
        )
        _log.info(happenings.STARTED, identity=settings.identity, namespace=settings.namespace)
        kopf_side = KopfSide(
            Links(
                desk=desk,
                hand=asyncio.get_running_loop().call_soon_threadsafe,
                stop=loop.stop,
                configuration=api.configuration,
                silence_s=loop.silence_s,
                patience_s=PATIENCE_S,
                probe_port=settings.probe_port,
            )
        )
        await stack.enter_async_context(_stopped_by_signals(loop))
        await stack.enter_async_context(_in_background(chair.run()))
        await stack.enter_async_context(_in_background(announcer.run()))
        await stack.enter_async_context(_in_background(_start_later(loop, worker, kopf_side)))
        await loop.run()
        await announcer.drain(DRAIN_S)
        await asyncio.to_thread(kopf_side.close)
    _log.info(happenings.STOPPED)


def _metrics(port: int) -> Callable[[], None]:
    """Serve the metrics; return what stops that."""
    try:
        return metrics.serve(port)
    except OSError as error:
        raise _taken("--metrics-port", port, error) from error


def _try_port(port: int) -> None:
    """Refuse a port for the probes that is taken: kopf would end with a stack trace much later."""
    try:
        with socket.create_server(("", port)):
            return
    except OSError as error:
        raise _taken("--probe-port", port, error) from error


def _taken(option: str, port: int, error: OSError) -> InputError:
    return InputError(
        where="command line",
        field=option,
        problem=f"port {port} cannot be served: {os.strerror(error.errno or 0)}",
        remedy="choose a free port, or 0 for none",
    )


async def _start_later(loop: Loop, worker: Worker, kopf_side: KopfSide) -> None:
    """Start what recovery can do without once it is done, or once somebody else leads."""
    await loop.settled.wait()
    worker.start()
    kopf_side.start()


@asynccontextmanager
async def _stopped_by_signals(loop: Loop) -> AsyncIterator[None]:
    events = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        events.add_signal_handler(number, loop.stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            events.remove_signal_handler(number)


@asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
