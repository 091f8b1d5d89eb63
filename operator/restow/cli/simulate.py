"""`restow simulate`: read a trace, replay it under each variant, print."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from restow.cli.output import WIDTH, View
from restow.cli.wrong import wrong
from restow.report.simulation import page, report
from restow.simulation.replay.options import Options, Variant
from restow.simulation.replay.simulate import Tell, key_of, planner_of, simulate
from restow.simulation.replay.storing import Keeper
from restow.simulation.traces.reading import read

MOST_POINTS = 20_000
"""Of a curve: a browser still draws it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    trace
        Path, `-` for standard input.
    state
        File to go on from and to write to; None for none.
    """

    trace: str
    variants: tuple[Variant, ...]
    options: Options
    state: Path | None
    view: View


def run(request: Request) -> None:
    """Print what becomes of the trace on stdout.

    Raises
    ------
    RestowError
        InputError for what the caller can correct.
    """
    trace = read(request.trace, sys.stdin.buffer)
    if trace.torn:
        sys.stderr.write(
            f"warning: {request.trace}: the last line was not written to its end, and is left out\n"
        )
    options = request.options
    if 0 < options.warm_up_s >= trace.ends_s:
        raise wrong("--warm-up", f"the trace is over after {trace.ends_s:g} s", "leave out less")
    if options.sample_s is not None and trace.ends_s / options.sample_s > MOST_POINTS:
        raise wrong(
            "--sample", f"the curves would have more than {MOST_POINTS} points", "use a longer time"
        )
    with _progress(request.variants) as tell:
        simulated = simulate(
            trace,
            request.variants,
            options,
            planner_of(trace, options),
            keeper=Keeper(request.state, key_of(trace, request.variants, options)),
            tell=tell,
        )
    if request.view is View.HTML:
        sys.stdout.write(page(simulated))
    elif request.view is View.JSON:
        sys.stdout.write(json.dumps(simulated, indent=2) + "\n")
    else:
        Console(width=None if sys.stdout.isatty() else WIDTH).print(report(simulated))


@contextmanager
def _progress(variants: tuple[Variant, ...]) -> Iterator[Tell]:
    """Show how far each run is: bars on a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda _variant, _part: None
        return
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks = {variant: bars.add_task(variant.label, total=1.0) for variant in variants}
        yield lambda variant, part: bars.update(tasks[variant], completed=part)
