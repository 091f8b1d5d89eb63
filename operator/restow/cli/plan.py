"""`restow plan`: read a cluster, decide, print."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from restow.app.by_hand import choose, moment, plan_by_hand
from restow.app.worker import Worker
from restow.cli.output import Output, write
from restow.cli.progress import telling
from restow.cluster.snapshot import Snapshot
from restow.core.errors import ApiError, InputError
from restow.planning.decide import Decision
from restow.planning.document import document
from restow.policies.coverage import Policy
from restow.policies.invalid import checked
from restow.policies.packing_policy import PackingPolicySpec
from restow.report.tables import report
from restow.sources import files

WIDTH = 1000
"""Columns of a table that does not go to a terminal: nothing wraps, so that grep finds it."""
SYNC_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    sources
        Files, `-` for stdin; empty for the cluster of the current context.
    policy
        Path or name, None to find it in what is read.
    time_limit_s
        None for the policy's.
    """

    sources: tuple[str, ...]
    policy: str | None
    time_limit_s: float | None
    output: Output
    kubeconfig: Path | None
    context: str | None


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
        snapshot, policies = _read(request, now)
    now = moment(snapshot, now)
    policies, name = _with_file(request.policy, policies, now)
    policy = choose(policies, name, snapshot, now)
    with telling("solving"), Worker() as worker:
        decision = plan_by_hand(
            snapshot,
            policy,
            policies,
            worker=worker,
            time_limit_s=request.time_limit_s,
            now=now,
        )
    _complain(decision)
    if request.output is Output.TABLE:
        terminal = sys.stdout.isatty()
        Console(width=None if terminal else WIDTH).print(report(decision.plan, snapshot))
    else:
        body = document(decision.plan).model_dump(mode="json", by_alias=True, exclude_none=True)
        write(body, request.output)


def _read(request: Request, now: datetime) -> tuple[Snapshot, tuple[Policy, ...]]:
    if not request.sources:
        return asyncio.run(_live(request))
    for option, given in (("--context", request.context), ("--kubeconfig", request.kubeconfig)):
        if given is not None:
            raise InputError(
                where="command line",
                field=option,
                problem="it names a cluster to read, and --from a file",
                remedy="leave out one of the two",
            )
    dump = files.read(request.sources, sys.stdin.buffer, now)
    for warning in dump.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return dump.snapshot, tuple(_policy(name, body) for name, body in dump.policies)


async def _live(request: Request) -> tuple[Snapshot, tuple[Policy, ...]]:
    from restow.executors.documents import Documents
    from restow.sources.client import connect, reach
    from restow.sources.live import LiveSource

    async with await connect(request.kubeconfig, request.context) as api:
        await reach(api)
        async with LiveSource(api) as view:
            await view.wait_synced(SYNC_S)
            snapshot = view.snapshot()
        try:
            bodies = await Documents(api).list_policies()
        except ApiError as error:
            if error.status != 404:
                raise
            bodies = ()  # restow's CRDs are not installed
    return snapshot, tuple(_usable(bodies, request.policy))


def _usable(bodies: Iterable[Mapping[str, Any]], named: str | None) -> Iterator[Policy]:
    """Yield the cluster's usable policies; the operator passes over the others as well.

    Raises
    ------
    InputError
        When the one that is asked for by name cannot be used.
    """
    for body in bodies:
        name = body["metadata"]["name"]
        try:
            yield _policy(name, body)
        except InputError as error:
            if name == named:
                raise
            sys.stderr.write(f"warning: {error}; until then it counts for nothing\n")


def _policy(name: str, body: Mapping[str, Any]) -> Policy:
    where = f"PackingPolicy {name}"
    spec = checked(PackingPolicySpec, body.get("spec") or {}, where=where, at="spec")
    return Policy(name=name, spec=spec)


def _with_file(
    given: str | None, policies: tuple[Policy, ...], now: datetime
) -> tuple[tuple[Policy, ...], str | None]:
    """Return the policies with that of a file in the place of its namesake, and its name."""
    if given is None or not Path(given).is_file():
        return policies, given
    found = files.read([given], sys.stdin.buffer, now).policies
    if len(found) != 1:
        raise InputError(
            where=given,
            field="",
            problem=f"holds {len(found)} PackingPolicies",
            remedy="give a file with one",
        )
    name, body = found[0]
    others = tuple(each for each in policies if each.name != name)
    return (*others, _policy(name, body)), name


def _complain(decision: Decision) -> None:
    """Name the annotations that were ignored."""
    for each in decision.complaints:
        sys.stderr.write(
            f"warning: {each.kind} {each.key}: {each.annotation}: {each.value!r} cannot be used "
            f"and is ignored; {each.remedy}\n"
        )
