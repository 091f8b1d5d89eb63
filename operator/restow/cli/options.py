"""Options that several commands share.

Imports inside the functions keep `restow --help` fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restow.telemetry.levels import LogFormat, LogLevel

if TYPE_CHECKING:  # aiohttp takes its time
    from restow.sources.prometheus import Prometheus

Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Kubernetes objects (YAML, JSON, lists, .gz), - for stdin; may be repeated. "
        "Default: the cluster of the current context.",
    ),
]
TimeLimit = Annotated[
    str | None, typer.Option(help="Time to solve, such as 10s; default: the policy's.")
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(help="Path of the kubeconfig; default: $KUBECONFIG, then ~/.kube/config."),
]
Context = Annotated[str | None, typer.Option(help="Context of the kubeconfig.")]
SchedulerConfig = Annotated[
    Path | None,
    typer.Option(
        envvar="RESTOW_SCHEDULER_CONFIG",
        help="kube-scheduler's KubeSchedulerConfiguration, for the node affinity that its profiles "
        "add; needless where they add none.",
    ),
]
DaskScheduler = Annotated[
    str,
    typer.Option(
        envvar="RESTOW_DASK_SCHEDULER",
        metavar="ADDRESS",
        help="Solve parts of large problems on this Dask cluster, such as tcp://dask:8786, whose "
        "workers run the same restow; default: on this machine's cores.",
    ),
]
PrometheusUrl = Annotated[
    str,
    typer.Option(
        "--prometheus",
        envvar="RESTOW_PROMETHEUS",
        metavar="URL",
        help="Ask this Prometheus how fast virtual machines write their memory, such as "
        "http://prometheus.monitoring:9090; default: nobody.",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--prometheus-token-file",
        envvar="RESTOW_PROMETHEUS_TOKEN_FILE",
        metavar="FILE",
        help="Bearer token to show to Prometheus, read anew at each query; default: none.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--prometheus-ca-file",
        envvar="RESTOW_PROMETHEUS_CA_FILE",
        metavar="FILE",
        help="Certificates (PEM) that prove who Prometheus is, read anew at each query; "
        "default: the system's.",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--prometheus-insecure-skip-tls-verify",
        envvar="RESTOW_PROMETHEUS_INSECURE_SKIP_TLS_VERIFY",
        help="Show the token to whoever answers under the name of Prometheus.",
    ),
]
Level = Annotated[
    LogLevel, typer.Option(envvar="RESTOW_LOG_LEVEL", help="Least important line to log.")
]
Format = Annotated[
    LogFormat,
    typer.Option(envvar="RESTOW_LOG_FORMAT", help="auto: console on a terminal, else JSON."),
]


def asked(
    ctx: typer.Context, url: str, token_file: Path | None, ca_file: Path | None, *, insecure: bool
) -> "Prometheus | None":
    """Return the Prometheus to ask, None for nobody.

    The one of the environment, which is the operator's in its own pod, is not asked about files.

    Raises
    ------
    InputError
        When it cannot be asked like this.
    """
    if not (url or token_file or ca_file or insecure):
        return None
    from restow.sources.prometheus import named

    told = ctx.get_parameter_source("prometheus")
    if ctx.params.get("sources") and (told is None or told.name == "ENVIRONMENT"):
        return None
    return named(url, token_file=token_file, ca_file=ca_file, verify=not insecure)
