"""`restow run`: the operator as a process."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

from restow.app.settings import Settings
from restow.core.ids import Uid
from restow.handlers import running
from restow.sources.prometheus import Prometheus


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for; empty texts were not given."""

    namespace: str
    identity: str
    pod_uid: str
    metrics_port: int
    probe_port: int
    kubeconfig: Path | None
    context: str | None
    scheduler_config: Path | None
    dask_scheduler: str
    prometheus: Prometheus | None


def run(request: Request) -> None:
    """Run the operator until SIGTERM or SIGINT.

    Raises
    ------
    InputError
        When no cluster is configured, or a port is taken.
    """
    settings = Settings(
        namespace=request.namespace,
        identity=request.identity or socket.gethostname(),
        pod_uid=Uid(request.pod_uid),
        kubeconfig=request.kubeconfig,
        context=request.context,
        scheduler_config=request.scheduler_config,
        dask_scheduler=request.dask_scheduler,
        prometheus=request.prometheus,
        metrics_port=request.metrics_port,
        probe_port=request.probe_port,
    )
    asyncio.run(running.run(settings))
