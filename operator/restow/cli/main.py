"""`restow`, also as `kubectl restow`.

Imports inside the commands keep `restow --help` fast: the Kubernetes client alone takes a second.
"""

import sys
from typing import Annotated

import typer

from restow.cli import read_commands, trace_commands
from restow.cli.options import (
    CaFile,
    Context,
    DaskScheduler,
    Format,
    Insecure,
    Kubeconfig,
    Level,
    PrometheusUrl,
    SchedulerConfig,
    TokenFile,
    asked,
)
from restow.core.errors import InputError, RestowError
from restow.telemetry.levels import LogFormat, LogLevel

FAILURE, BAD_INPUT = 1, 2

app = typer.Typer(
    name="restow",
    help="Makes a Kubernetes cluster hold what it was bought to hold.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

explain = typer.Typer(help="Say why things are as they are; changes nothing.", no_args_is_help=True)
app.add_typer(explain, name="explain")
app.command()(read_commands.plan)
app.command()(read_commands.reschedule)
explain.command("pod")(read_commands.explain_pod)
app.command()(trace_commands.simulate)
app.command()(trace_commands.record)
app.add_typer(trace_commands.trace, name="trace")


@app.command()
def run(
    ctx: typer.Context,
    *,
    namespace: Annotated[
        str,
        typer.Option(envvar="POD_NAMESPACE", help="Where the lease and the gate's object live."),
    ] = "restow",
    identity: Annotated[
        str, typer.Option(envvar="POD_NAME", help="Holder of the lease; default: the host's name.")
    ] = "",
    pod_uid: Annotated[
        str, typer.Option(envvar="POD_UID", help="Uid of the operator's pod, in a cluster.")
    ] = "",
    metrics_port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, envvar="RESTOW_METRICS_PORT", help="Port of /metrics; 0 for none."
        ),
    ] = 9090,
    probe_port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, envvar="RESTOW_PROBE_PORT", help="Port of the probes; 0 for none."
        ),
    ] = 8080,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    scheduler_config: SchedulerConfig = None,
    dask_scheduler: DaskScheduler = "",
    prometheus: PrometheusUrl = "",
    prometheus_token_file: TokenFile = None,
    prometheus_ca_file: CaFile = None,
    prometheus_insecure: Insecure = False,
    log_level: Level = LogLevel.INFO,
    log_format: Format = LogFormat.AUTO,
) -> None:
    """Run the operator until SIGTERM."""
    from restow.cli import run as command
    from restow.telemetry import logs

    logs.configure(log_level, log_format)
    command.run(
        command.Request(
            namespace=namespace,
            identity=identity,
            pod_uid=pod_uid,
            metrics_port=metrics_port,
            probe_port=probe_port,
            kubeconfig=kubeconfig,
            context=context,
            scheduler_config=scheduler_config,
            dask_scheduler=dask_scheduler,
            prometheus=asked(
                ctx,
                prometheus,
                prometheus_token_file,
                prometheus_ca_file,
                insecure=prometheus_insecure,
            ),
        )
    )


@app.command()
def crds() -> None:
    """Print the custom resource definitions as YAML."""
    from restow.cli.output import as_yaml
    from restow.policies.crds import documents

    sys.stdout.write(as_yaml(*documents()))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    sys.stdout.write(f"restow {installed('restow')}\n")


def main() -> None:
    """Run the command line; exit 0 on success, 2 on bad input, 1 on failure."""
    try:
        raise SystemExit(app(prog_name="restow", standalone_mode=False))
    except typer.TyperException as error:
        raise SystemExit(_misused(error)) from None
    except typer.Abort:
        raise SystemExit(FAILURE) from None
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(BAD_INPUT) from None
    except RestowError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(FAILURE) from None


def _misused(error: typer.TyperException) -> int:
    """Say in one line what is wrong with the arguments; print the help where there are none."""
    text = error.format_message()
    if text.startswith("Usage:"):
        sys.stderr.write(f"{text}\n")
        return BAD_INPUT
    context = getattr(error, "ctx", None)
    command = "restow" if context is None else context.command_path
    said = " ".join(text.replace("Value error, ", "").split()).removesuffix(".")
    sys.stderr.write(f"error: command line: {said}; see `{command} --help`\n")
    return BAD_INPUT
