"""`restow plan`: read a cluster, decide, print."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.console import Console

from restow.app.by_hand import choose, moment, plan_by_hand
from restow.app.worker import Worker
from restow.cli.complaints import complain
from restow.cli.output import WIDTH, Output, write
from restow.cli.progress import telling
from restow.cli.reading import Source, read
from restow.planning.document import document
from restow.report.page import page
from restow.report.tables import headline, report

WORK: Final = 10.0
"""Work of a deterministic plan: as much as the default time limit on an idle machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    policy
        Path or name, None to find it in what is read.
    time_limit_s
        None for the policy's.
    deterministic
        Search by `WORK`; the time limit does not count.
    dask_scheduler
        Address of the Dask cluster to solve on; empty for this machine.
    """

    source: Source
    policy: str | None
    time_limit_s: float | None
    deterministic: bool
    dask_scheduler: str
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
    with telling("reading the cluster"):
        snapshot, policies, name = read(request.source, request.policy, now)
    now = moment(snapshot, now)
    policy = choose(policies, name, snapshot, now)
    with telling("solving"), Worker(dask_scheduler=request.dask_scheduler) as worker:
        decision = plan_by_hand(
            snapshot,
            policy,
            policies,
            worker=worker,
            time_limit_s=request.time_limit_s,
            work=WORK if request.deterministic else None,
            now=now,
        )
    complain(decision.complaints)
    if request.output is Output.TABLE:
        terminal = sys.stdout.isatty()
        Console(width=None if terminal else WIDTH).print(report(decision.plan, snapshot))
    elif request.output is Output.HTML:
        sys.stdout.write(page(decision.plan, snapshot, headline(decision.plan).plain))
    else:
        body = document(decision.plan).model_dump(mode="json", by_alias=True, exclude_none=True)
        write(body, request.output)
