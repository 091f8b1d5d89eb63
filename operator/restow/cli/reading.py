"""The cluster and the policies that a command is about, from files or from the API server."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from restow.app.by_hand import moment
from restow.cli.progress import telling
from restow.cli.unread import PLANNING, tell_unread
from restow.cluster.snapshot import Snapshot
from restow.core import marks
from restow.core.errors import ApiError, InputError
from restow.policies.coverage import Policy
from restow.policies.invalid import checked
from restow.policies.packing_policy import PackingPolicySpec
from restow.sources import files
from restow.sources.scheduler_config import added_affinity

if TYPE_CHECKING:  # aiohttp takes its time, and a dump needs none
    from restow.sources.dirty_rates import Rates
    from restow.sources.prometheus import Prometheus

SYNC_S = 60.0
PROMETHEUS = "--prometheus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the command line says the cluster is.

    Parameters
    ----------
    files
        `-` for stdin; empty for the cluster of the current context.
    scheduler_config
        kube-scheduler's own configuration, None where its profiles add no affinity.
    prometheus
        Asked once how fast the machines of a live cluster write their memory; None for nobody.
    """

    files: tuple[str, ...]
    kubeconfig: Path | None
    context: str | None
    scheduler_config: Path | None = None
    prometheus: "Prometheus | None" = None


class Reading(NamedTuple):
    """The cluster, its policies, the name of the policy that is asked for, and when it is."""

    snapshot: Snapshot
    policies: tuple[Policy, ...]
    name: str | None
    now: datetime


def read_now(source: Source, named: str | None) -> Reading:
    """Read the cluster, telling so, and return it with the moment to judge it at; as `read`."""
    now = datetime.now(UTC)
    with telling("reading the cluster"):
        snapshot, policies, name = read(source, named, now)
    return Reading(snapshot, policies, name, moment(snapshot, now))


def read(
    source: Source, named: str | None, now: datetime
) -> tuple[Snapshot, tuple[Policy, ...], str | None]:
    """Return the cluster, its policies, and the name of the policy that is asked for.

    Parameters
    ----------
    named
        Path of a file with a policy, which takes the place of its namesake, or a name; None when
        none is asked for.

    Raises
    ------
    RestowError
        InputError for what the caller can correct; SnapshotError and ApiError when the cluster
        cannot be read.
    """
    added = added_affinity(source.scheduler_config)
    snapshot, policies = _cluster(source, named, now)
    snapshot = replace(snapshot, added_affinity=added)
    if named is None or not Path(named).is_file():
        return snapshot, policies, named
    own = _from_file(named, now)
    others = tuple(each for each in policies if each.name != own.name)
    return snapshot, (*others, own), own.name


def _cluster(
    source: Source, named: str | None, now: datetime
) -> tuple[Snapshot, tuple[Policy, ...]]:
    if not source.files:
        return asyncio.run(_live(source, named))
    for option, given in (("--context", source.context), ("--kubeconfig", source.kubeconfig)):
        if given is not None:
            raise InputError(
                where="command line",
                field=option,
                problem="it names a cluster to read, and --from a file",
                remedy="leave out one of the two",
            )
    if source.prometheus is not None:
        raise InputError(
            where="command line",
            field=PROMETHEUS,
            problem="what it measures now says nothing of a dump's machines",
            remedy="leave it out, or write their rates into the dump as annotation "
            f"{marks.DIRTY_RATE}",
        )
    dump = files.read(source.files, sys.stdin.buffer, now)
    for warning in dump.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return dump.snapshot, tuple(_policy(name, body) for name, body in dump.policies)


async def _live(source: Source, named: str | None) -> tuple[Snapshot, tuple[Policy, ...]]:
    from restow.executors.documents import Documents
    from restow.sources.client import connect, reach
    from restow.sources.live import LiveSource

    async with await connect(source.kubeconfig, source.context) as api:
        await reach(api)
        async with LiveSource(api) as view:
            rates, _ = await asyncio.gather(_rates(source.prometheus), view.wait_synced(SYNC_S))
            view.tell_rates(rates or {})
            snapshot, problems = view.snapshot(), view.problems()
        try:
            bodies = await Documents(api).list_policies()
        except ApiError as error:
            if error.status != 404:
                raise
            bodies = ()  # restow's CRDs are not installed
    tell_unread(snapshot.unknown, problems, PLANNING)
    if rates is not None and snapshot.machines and not rates.keys() & snapshot.machines.keys():
        sys.stderr.write(
            f"warning: {PROMETHEUS}: it knows the dirty rate of none of the "
            f"{len(snapshot.machines)} virtual machines; check that it scrapes "
            "KubeVirt's virt-handler\n"
        )
    return snapshot, tuple(_usable(bodies, named))


async def _rates(prometheus: "Prometheus | None") -> "Rates | None":
    """Return what Prometheus has measured; None where nobody is asked, or nobody answers."""
    if prometheus is None:
        return None
    from restow.sources.dirty_rates import ask

    try:
        return await ask(prometheus)
    except ApiError as error:
        sys.stderr.write(
            f"warning: {PROMETHEUS}: {error}; virtual machines count as if their memory did not "
            f"change, but for those with annotation {marks.DIRTY_RATE}\n"
        )
        return None


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


def _from_file(path: str, now: datetime) -> Policy:
    found = files.read([path], sys.stdin.buffer, now).policies
    if len(found) != 1:
        raise InputError(
            where=path,
            field="",
            problem=f"holds {len(found)} PackingPolicies",
            remedy="give a file with one",
        )
    return _policy(*found[0])
