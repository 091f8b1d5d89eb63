"""`restow reschedule`: read a cluster, plan moves that make room, print."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from restow.app.by_hand import choose, moment, reschedule_by_hand
from restow.cli.complaints import complain
from restow.cli.output import WIDTH, Output, write
from restow.cli.progress import telling
from restow.cli.reading import Source, read
from restow.core.errors import InputError
from restow.fragmentation.shapes import shape_of
from restow.planning.document import document
from restow.planning.reschedule import Goal
from restow.report.page import page
from restow.report.rescheduling import headline, report


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    policy
        Path or name, None to find it in what is read.
    shapes
        What there should be room for, as written.
    emptying
        Whether nodes are to be emptied, rather than room made.
    fragmentation, copies
        With either of them as few moves as possible are wanted, to reach it.
    """

    source: Source
    policy: str | None
    shapes: tuple[str, ...]
    max_migrations: int
    emptying: bool
    fragmentation: float | None
    copies: int | None
    time_limit_s: float
    output: Output


def run(request: Request) -> None:
    """Print the plan on stdout.

    Raises
    ------
    RestowError
        InputError for what the caller can correct; SnapshotError and ApiError when the cluster
        cannot be read.
    """
    now = datetime.now(UTC)
    if request.fragmentation is not None and request.copies is not None:
        raise InputError(
            where="command line",
            field="--copies",
            problem="--fragmentation is another goal",
            remedy="give one of the two",
        )
    goals = (request.fragmentation, request.copies)
    if request.emptying and (request.shapes or goals != (None, None)):
        raise InputError(
            where="command line",
            field="--objective",
            problem="Consolidate asks for no room, so for no shape and no goal",
            remedy="leave out --shape, --fragmentation and --copies",
        )
    shapes = tuple(shape_of(text, where="command line", field="--shape") for text in request.shapes)
    with telling("reading the cluster"):
        snapshot, policies, name = read(request.source, request.policy, now)
    now = moment(snapshot, now)
    policy = choose(policies, name, snapshot, now)
    with telling("solving"):
        found = reschedule_by_hand(
            snapshot,
            policy,
            policies,
            goal=Goal(
                shapes=shapes,
                limit=request.max_migrations,
                emptying=request.emptying,
                fragmentation=request.fragmentation,
                copies=request.copies,
            ),
            time_limit_s=request.time_limit_s,
            now=now,
        )
    complain(found.complaints)
    if request.output is Output.TABLE:
        terminal = sys.stdout.isatty()
        Console(width=None if terminal else WIDTH).print(report(found, snapshot))
    elif request.output is Output.HTML:
        sys.stdout.write(page(found.plan, snapshot, headline(found).plain))
    else:
        body = document(found.plan).model_dump(mode="json", by_alias=True, exclude_none=True)
        write(body, request.output)
