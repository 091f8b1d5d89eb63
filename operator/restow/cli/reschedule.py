"""`restow reschedule`: read a cluster, plan moves that make room, print."""

from dataclasses import dataclass

from restow.app.by_hand import choose, reschedule_by_hand
from restow.cli.complaints import complain
from restow.cli.output import Output
from restow.cli.progress import telling
from restow.cli.reading import Source, read_now
from restow.cli.showing import show
from restow.core.errors import InputError
from restow.fragmentation.shapes import shape_of
from restow.planning.reschedule import Goal
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
    snapshot, policies, name, now = read_now(request.source, request.policy)
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
    show(
        found.plan,
        snapshot,
        request.output,
        headline=headline(found).plain,
        table=lambda: report(found, snapshot),
    )
