"""`restow`, also as `kubectl restow`.

Imports inside the commands keep `restow --help` fast: the Kubernetes client alone takes a second.
"""

import sys
from typing import Annotated

import typer

from restow.cli import trace_commands
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
    Sources,
    TimeLimit,
    TokenFile,
    asked,
)
from restow.cli.output import Form, Objective, Output
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
app.command()(trace_commands.simulate)
app.command()(trace_commands.record)
app.add_typer(trace_commands.trace, name="trace")


@app.command()
def plan(
    ctx: typer.Context,
    *,
    sources: Sources = None,
    policy: Annotated[
        str | None,
        typer.Option(help="A file with a PackingPolicy, or the name of one that was read."),
    ] = None,
    time_limit: TimeLimit = None,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="Search by a fixed amount of work instead of time: of the same objects the same "
            "plan, however busy the machine is. Time limits do not count.",
        ),
    ] = False,
    dask_scheduler: DaskScheduler = "",
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the result.")] = (
        Output.TABLE
    ),
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    scheduler_config: SchedulerConfig = None,
    prometheus: PrometheusUrl = "",
    prometheus_token_file: TokenFile = None,
    prometheus_ca_file: CaFile = None,
    prometheus_insecure: Insecure = False,
    log_level: Level = LogLevel.WARNING,
    log_format: Format = LogFormat.AUTO,
) -> None:
    """Print the plan that restow would make now; changes nothing."""
    from restow.cli import plan as command
    from restow.cli.duration import seconds
    from restow.cli.reading import Source
    from restow.telemetry import logs

    logs.configure(log_level, log_format)
    command.run(
        command.Request(
            source=Source(
                files=tuple(sources or ()),
                kubeconfig=kubeconfig,
                context=context,
                scheduler_config=scheduler_config,
                prometheus=asked(
                    ctx,
                    prometheus,
                    prometheus_token_file,
                    prometheus_ca_file,
                    insecure=prometheus_insecure,
                ),
            ),
            policy=policy,
            time_limit_s=None if time_limit is None else seconds(time_limit, "--time-limit"),
            deterministic=deterministic,
            dask_scheduler=dask_scheduler,
            output=output,
        )
    )


@app.command()
def reschedule(
    ctx: typer.Context,
    *,
    max_migrations: Annotated[int, typer.Option(min=0, help="Most pods that may move.")],
    shapes: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            metavar="NAME=QUANTITY,…",
            help="What there should be room for, such as nvidia.com/gpu=8,cpu=32,memory=256Gi; may "
            "be repeated. Default: the largest pod of the cluster, of each kind of device if any.",
        ),
    ] = None,
    objective: Annotated[
        Objective,
        typer.Option(
            help="Defragment: the most room for the shape; with a goal, as few moves as reach it. "
            "Consolidate: as many empty nodes as possible. Drain: no pod on the nodes that --node "
            "names. Balance: as few moves as bring every node's utilization down to --utilization."
        ),
    ] = Objective.DEFRAGMENT,
    fragmentation: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Move as few pods as bring fragmentation down to this, 0 to 1."
        ),
    ] = None,
    copies: Annotated[
        int | None,
        typer.Option(min=0, help="Move as few pods as make room for so many copies of the shape."),
    ] = None,
    price: Annotated[
        str,
        typer.Option(
            metavar="QUANTITY",
            help="What an ordinary move has to gain: of defragment cores or devices that the shape "
            "can use, such as 500m; of consolidate nodes, such as 100m.",
        ),
    ] = "0",
    nodes: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="NAME", help="Node to drain; may be repeated."),
    ] = None,
    utilization: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="What pods may ask for of a node's main resource at most, 0 to 1."
        ),
    ] = None,
    sources: Sources = None,
    policy: Annotated[
        str | None,
        typer.Option(help="A file with a PackingPolicy, or the name of one that was read."),
    ] = None,
    time_limit: Annotated[str, typer.Option(help="Time to solve, such as 10s.")] = "5s",
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the result.")] = (
        Output.TABLE
    ),
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    scheduler_config: SchedulerConfig = None,
    prometheus: PrometheusUrl = "",
    prometheus_token_file: TokenFile = None,
    prometheus_ca_file: CaFile = None,
    prometheus_insecure: Insecure = False,
    log_level: Level = LogLevel.WARNING,
    log_format: Format = LogFormat.AUTO,
) -> None:
    """Print the moves of running pods that make the most room; changes nothing."""
    from restow.cli import reschedule as command
    from restow.cli.duration import seconds
    from restow.cli.reading import Source
    from restow.telemetry import logs

    logs.configure(log_level, log_format)
    command.run(
        command.Request(
            source=Source(
                files=tuple(sources or ()),
                kubeconfig=kubeconfig,
                context=context,
                scheduler_config=scheduler_config,
                prometheus=asked(
                    ctx,
                    prometheus,
                    prometheus_token_file,
                    prometheus_ca_file,
                    insecure=prometheus_insecure,
                ),
            ),
            policy=policy,
            shapes=tuple(shapes or ()),
            max_migrations=max_migrations,
            objective=objective,
            price=price,
            nodes=tuple(nodes or ()),
            utilization=utilization,
            fragmentation=fragmentation,
            copies=copies,
            time_limit_s=seconds(time_limit, "--time-limit"),
            output=output,
        )
    )


@explain.command("pod")
def explain_pod(
    ctx: typer.Context,
    *,
    pod: Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="The pod.")],
    sources: Sources = None,
    policy: Annotated[
        str | None,
        typer.Option(help="A file with a PackingPolicy, or the name of one: think of no other."),
    ] = None,
    time_limit: TimeLimit = None,
    form: Annotated[Form, typer.Option("--output", "-o", help="Form of the answer.")] = Form.TEXT,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    scheduler_config: SchedulerConfig = None,
    prometheus: PrometheusUrl = "",
    prometheus_token_file: TokenFile = None,
    prometheus_ca_file: CaFile = None,
    prometheus_insecure: Insecure = False,
    log_level: Level = LogLevel.WARNING,
    log_format: Format = LogFormat.AUTO,
) -> None:
    """Say why a pod waits and what would change that, or why it may (not) be moved."""
    from restow.cli import explain as command
    from restow.cli.duration import seconds
    from restow.cli.reading import Source
    from restow.telemetry import logs

    logs.configure(log_level, log_format)
    command.run(
        command.Request(
            pod=pod,
            source=Source(
                files=tuple(sources or ()),
                kubeconfig=kubeconfig,
                context=context,
                scheduler_config=scheduler_config,
                prometheus=asked(
                    ctx,
                    prometheus,
                    prometheus_token_file,
                    prometheus_ca_file,
                    insecure=prometheus_insecure,
                ),
            ),
            policy=policy,
            time_limit_s=None if time_limit is None else seconds(time_limit, "--time-limit"),
            form=form,
        )
    )


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
