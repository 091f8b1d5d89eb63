"""The commands that read a cluster and answer: `plan`, `reschedule` and `explain pod`."""

from typing import Annotated

import typer

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
from restow.telemetry.levels import LogFormat, LogLevel


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
