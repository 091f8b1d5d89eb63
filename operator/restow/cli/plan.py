"""`restow plan`: read a cluster, decide, print."""

from dataclasses import dataclass
from typing import Final

from restow.app.by_hand import choose, plan_by_hand
from restow.app.worker import Worker
from restow.cli.complaints import complain
from restow.cli.output import Output
from restow.cli.progress import telling
from restow.cli.reading import Source, read_now
from restow.cli.showing import show
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
    snapshot, policies, name, now = read_now(request.source, request.policy)
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
    show(
        decision.plan,
        snapshot,
        request.output,
        headline=headline(decision.plan).plain,
        table=lambda: report(decision.plan, snapshot),
    )
