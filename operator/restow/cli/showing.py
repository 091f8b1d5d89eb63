"""Printing a plan in the form that is asked for."""

import sys
from collections.abc import Callable

from rich.console import Console, RenderableType

from restow.cli.output import WIDTH, Output, write
from restow.cluster.snapshot import Snapshot
from restow.planning.document import document
from restow.planning.plan import Plan
from restow.report.page import page


def show(
    plan: Plan,
    snapshot: Snapshot,
    output: Output,
    *,
    headline: str,
    table: Callable[[], RenderableType],
) -> None:
    """Print the plan on stdout.

    Parameters
    ----------
    headline
        The plan in one sentence.
    table
        Draws it for a terminal.
    """
    if output is Output.TABLE:
        Console(width=None if sys.stdout.isatty() else WIDTH).print(table())
    elif output is Output.HTML:
        sys.stdout.write(page(plan, snapshot, headline))
    else:
        body = document(plan).model_dump(mode="json", by_alias=True, exclude_none=True)
        write(body, output)
