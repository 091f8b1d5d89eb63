"""The commands about traces: `simulate`, `record`, and `trace` that makes them up."""

from pathlib import Path
from typing import Annotated, Any

import typer

from restow.cli.output import Fallback, View
from restow.simulation.placing.names import PolicyName

trace = typer.Typer(help="Print a trace to simulate.", no_args_is_help=True)

Load = Annotated[
    float,
    typer.Option(
        min=0.01, max=10, help="What is asked for at any moment, as a share of all GPUs (or CPUs)."
    ),
]
Days = Annotated[float, typer.Option(min=0.001, max=3650, help="How long the trace is.")]
Runtime = Annotated[str, typer.Option(help="Mean time that a pod runs, such as 4h.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same, bit for bit.")]


def simulate(
    *,
    source: Annotated[
        str,
        typer.Argument(
            metavar="TRACE",
            help="A trace, as `restow record` or `restow trace` writes it; - for stdin.",
        ),
    ],
    policies: Annotated[
        list[PolicyName] | None,
        typer.Option("--policy", help="Who places pods; may be repeated. Default: kube-scheduler."),
    ] = None,
    migrations: Annotated[
        list[str] | None,
        typer.Option(
            "--migrations",
            metavar="NUMBER|PERCENT",
            help="Most pods that one look of rescheduling may move, or a share of those that run; "
            "0 for none; may be repeated: each is a run. Default: 0 and 1%.",
        ),
    ] = None,
    fallback: Annotated[
        Fallback,
        typer.Option(help="Whether pods that wait are packed; both: each run with and without."),
    ] = Fallback.OFF,
    every: Annotated[str, typer.Option(help="Time between two looks of rescheduling.")] = "1h",
    look: Annotated[str, typer.Option(help="Time between two looks at pods that wait.")] = "5m",
    cooldown: Annotated[str, typer.Option(help="How long a pod that was moved stays.")] = "1h",
    sample: Annotated[
        str | None,
        typer.Option(help="Time between two points of the curves; default: 1/400 of the trace."),
    ] = None,
    warm_up: Annotated[
        str | None, typer.Option(help="Time at the start of the trace that means leave out.")
    ] = None,
    work: Annotated[
        float, typer.Option(min=0.01, help="Search for one plan, about a second per unit.")
    ] = 2.0,
    seed: Seed = 0,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where a simulation that was stopped goes on from."),
    ] = None,
    view: Annotated[View, typer.Option("--output", "-o", help="Form of the result.")] = View.TEXT,
) -> None:
    """Replay a trace in virtual time, with and without restow, and print what becomes of it."""
    from restow.cli import simulate as command
    from restow.cli.duration import seconds
    from restow.simulation.replay.options import Options, Variant

    limits = [_migrations(each) for each in migrations or ["0", "1%"]]
    variants = [
        Variant(policy=policy, migrations=limit, fallback=packs)
        for policy in policies or [PolicyName.KUBE_SCHEDULER]
        for limit in limits
        for packs in fallback.values
    ]
    command.run(
        command.Request(
            trace=source,
            variants=tuple(dict.fromkeys(variants)),
            options=Options(
                seed=seed,
                every_s=seconds(every, "--every"),
                look_s=seconds(look, "--look"),
                cooldown_s=seconds(cooldown, "--cooldown"),
                sample_s=None if sample is None else seconds(sample, "--sample"),
                warm_up_s=0.0 if warm_up is None else seconds(warm_up, "--warm-up"),
                work=work,
            ),
            state=state,
            view=view,
        )
    )


def record(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The trace; a new file.")],
    for_: Annotated[
        str | None, typer.Option("--for", help="How long, such as 2h; default: until stopped.")
    ] = None,
    anonymise: Annotated[
        bool,
        typer.Option(
            "--anonymise",
            help="Replace names, namespaces and labels by hashes under a key that nobody keeps; "
            "requests stay.",
        ),
    ] = False,
    device: Annotated[
        str, typer.Option(help="The extended resource that counts GPUs; MIG devices come along.")
    ] = "nvidia.com/gpu",
    driver: Annotated[
        str,
        typer.Option(help="The driver of dynamic resource allocation whose devices are GPUs."),
    ] = "gpu.nvidia.com",
    kubeconfig: Annotated[
        Path | None,
        typer.Option(help="Path of the kubeconfig; default: $KUBECONFIG, then ~/.kube/config."),
    ] = None,
    context: Annotated[str | None, typer.Option(help="Context of the kubeconfig.")] = None,
) -> None:
    """Write what comes, goes and is placed in a live cluster as a trace; changes nothing."""
    from restow.cli import record as command
    from restow.cli.duration import seconds

    command.run(
        command.Request(
            file=file,
            for_s=None if for_ is None else seconds(for_, "--for"),
            anonymise=anonymise,
            device=device,
            driver=driver,
            kubeconfig=kubeconfig,
            context=context,
        )
    )


@trace.command()
def synthetic(
    *,
    nodes: Annotated[int, typer.Option(min=1, max=100_000, help="How many nodes.")] = 16,
    gpus: Annotated[int, typer.Option(min=0, max=16, help="GPUs of each; 0 for CPU only.")] = 8,
    load: Load = 0.95,
    days: Days = 1.0,
    runtime: Runtime = "4h",
    seed: Seed = 0,
) -> None:
    """Print a trace of equal nodes and of pods that come by chance, and run for a while."""
    from restow.cli import trace as command

    command.synthetic(nodes, gpus, _demand(load, days, runtime, seed))


@trace.command()
def openb(
    *,
    nodes: Annotated[Path, typer.Option(metavar="FILE", help="openb's list of nodes (CSV, .gz).")],
    pods: Annotated[Path, typer.Option(metavar="FILE", help="One of its lists of pods.")],
    load: Load = 0.95,
    days: Days = 7.0,
    runtime: Runtime = "24h",
    seed: Seed = 0,
) -> None:
    """Print a trace of openb's nodes and of pods drawn from one of its lists.

    Of the published times nothing is used: they leave the cluster all but empty most of the time.
    """
    from restow.cli import trace as command

    command.openb(nodes, pods, _demand(load, days, runtime, seed))


def _demand(load: float, days: float, runtime: str, seed: int) -> Any:
    from restow.cli.duration import seconds
    from restow.simulation.traces.drawing import Demand

    return Demand(load=load, runs_s=seconds(runtime, "--runtime"), days=days, seed=seed)


def _migrations(text: str) -> int | str:
    """Return a limit as a policy has it.

    Raises
    ------
    InputError
        It is no number and no share.
    """
    from restow.core.errors import InputError
    from restow.policies.invalid import mistakes
    from restow.policies.rescheduling import Rescheduling

    limit: int | str = int(text) if text.isascii() and text.isdigit() else text
    if mistakes(Rescheduling, {"maxMigrations": limit}, where="command line"):
        raise InputError(
            where="command line",
            field="--migrations",
            problem=f"{text!r} is no number of pods, and no share of them",
            remedy="write it like 20 or 1%",
        )
    return limit
