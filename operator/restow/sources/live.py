"""A Snapshot of a live cluster, at any moment, at no cost while nothing changes."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from kubernetes.aio.client import ApiClient

from restow.cluster.assembly import NO_PROFILES, assemble
from restow.cluster.machines import Machine
from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parse import KINDS, Kind
from restow.cluster.parts import PARTS, Object
from restow.cluster.snapshot import Snapshot
from restow.core.errors import ApiError, SnapshotError
from restow.core.ids import ObjectKey
from restow.sources.reflector import Pace, Reflector

_SELECTORS: Final = {"Pod": "status.phase!=Succeeded,status.phase!=Failed"}
"""Finished pods hold nothing; the server leaves them out, also of the watch."""
_HOPELESS: Final = frozenset({401, 403, 404})


class LiveSource:
    """All kinds that restow reads, kept up to date by one reflector each.

    `start` it, `wait_synced`, ask for `snapshot` as often as you like, `close` it.

    Parameters
    ----------
    added_affinity
        What the profiles of the cluster's schedulers ask of nodes, which no API tells.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        kinds: Mapping[str, Kind] = KINDS,
        pace: Pace | None = None,
        added_affinity: Mapping[str, tuple[NodeSelectorTerm, ...]] = NO_PROFILES,
    ) -> None:
        self._added_affinity = added_affinity
        self._reflectors: Mapping[str, Reflector] = MappingProxyType(
            {
                name: Reflector(
                    api,
                    kind,
                    changed=self._notice,
                    field_selector=_SELECTORS.get(name, ""),
                    pace=pace,
                )
                for name, kind in kinds.items()
            }
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._generation = 0
        self._change = asyncio.Event()
        self._versions: dict[str, tuple[int, ...]] = {}
        self._rates: Mapping[ObjectKey, int] = MappingProxyType({})
        self._rates_version = 0
        self._latest: tuple[int, Snapshot] | None = None

    async def __aenter__(self) -> "LiveSource":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to list and watch."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(each.run(), name=f"reflector of {name}")
                for name, each in self._reflectors.items()
            ]

    async def close(self) -> None:
        """Stop; the last snapshot stays valid."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def tell_rates(self, rates: Mapping[ObjectKey, int]) -> None:
        """Take over how fast machines write their memory, which is no part of their objects."""
        self._rates = rates
        self._rates_version += 1
        self._notice()

    @property
    def generation(self) -> int:
        """Grows with every change that was seen; equal generations are equal snapshots."""
        return self._generation

    @property
    def synced(self) -> bool:
        """Whether every kind was read in full once, or is known to be unknown.

        Raises what a reflector died of.
        """
        self._check_tasks()
        return all(each.synced for each in self._reflectors.values())

    def staleness_s(self) -> float:
        """Return the seconds since the API server was last heard of, for the quietest kind.

        In health it stays below some 21 s: a quiet kind speaks only when its watch is renewed.
        """
        return max(each.staleness_s for each in self._reflectors.values())

    def problems(self) -> Mapping[str, str]:
        """Return per kind what is wrong now; empty in health."""
        return {
            name: str(each.problem)
            for name, each in self._reflectors.items()
            if each.problem is not None
        }

    async def wait_synced(self, timeout_s: float = 60.0) -> None:
        """Wait until every kind was read in full.

        Raises
        ------
        SnapshotError
            When a kind may not be read or does not exist, or the time is up.
        """
        deadline = time.monotonic() + timeout_s
        while not self.synced:
            hopeless = [
                each.problem
                for each in self._reflectors.values()
                if isinstance(each.problem, ApiError)
                and each.problem.status in _HOPELESS
                and not each.unknown
            ]
            if hopeless:
                raise SnapshotError(f"the cluster cannot be read: {hopeless[0]}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise SnapshotError(
                    f"the cluster was not read in {timeout_s:g} s: {self._missing()}"
                )
            await self.wait_changed(left)

    async def wait_changed(self, timeout_s: float) -> bool:
        """Wait for the next change; return False when the time is up before."""
        change = self._change
        try:
            await asyncio.wait_for(change.wait(), max(0.0, timeout_s))
        except TimeoutError:
            return False
        return True

    def snapshot(self) -> Snapshot:
        """Return the cluster as it was last seen; the same object while nothing changed.

        Mappings of kinds in which nothing changed are shared with the snapshot before.

        Raises
        ------
        SnapshotError
            When not every kind was read in full yet.
        """
        if not self.synced:
            raise SnapshotError(f"the cluster was not read in full yet: {self._missing()}")
        if self._latest is None or self._latest[0] != self._generation:
            self._latest = (self._generation, self._build())
        return self._latest[1]

    def _build(self) -> Snapshot:
        """Assemble anew the fields whose kinds changed, and keep the others."""
        before = self._latest[1] if self._latest else None
        versions = {
            part.field: tuple(self._reflectors[name].version for name in part.kinds)
            for part in PARTS
        }
        versions["machines"] += (self._rates_version,)
        changed = [part for part in PARTS if self._versions.get(part.field) != versions[part.field]]
        now = datetime.now(UTC)
        fresh = assemble(
            (
                self._measured(value)
                for part in changed
                for name in part.kinds
                for value in self._reflectors[name].objects.values()
            ),
            taken_at=now,
            absent=(name for name, each in self._reflectors.items() if each.absent),
            unknown=(name for name, each in self._reflectors.items() if each.unknown),
            added_affinity=self._added_affinity,
        )
        self._versions = versions
        if before is None:
            return fresh
        after = replace(
            before,
            taken_at=now,
            absent=fresh.absent,
            unknown=fresh.unknown,
            **{part.field: getattr(fresh, part.field) for part in changed},
        )
        return after.follow(before)

    def _measured(self, value: Object) -> Object:
        if not isinstance(value, Machine) or value.key not in self._rates:
            return value
        return replace(value, measured_rate=self._rates[value.key])

    def _missing(self) -> str:
        return "; ".join(
            f"{name}: {each.problem or 'no answer yet'}"
            for name, each in self._reflectors.items()
            if not each.synced
        )

    def _check_tasks(self) -> None:
        """Raise what a reflector died of: that is a bug of ours and must not pass for silence."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    def _notice(self) -> None:
        self._generation += 1
        self._change.set()
        self._change = asyncio.Event()
