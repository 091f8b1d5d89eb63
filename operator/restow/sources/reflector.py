"""One kind of object kept up to date by list and watch.

A list is taken in pages and replaces what is known only when it is complete; a watch starts where
the list ended. Nothing is ever shown of a list that broke off.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kubernetes.aio.client import ApiClient

from restow.cluster.parse import Bookmark, Failure, Kind, Removed, Upsert
from restow.cluster.parse.pages import Event, event, page
from restow.cluster.parts import Object
from restow.core.errors import ApiError, InputError
from restow.core.ids import ObjectKey
from restow.sources import requests

_NOT_FOUND: Final = 404
_GONE: Final = 410
_TOO_MANY: Final = 429
_RELIST_AFTER: Final = 3
"""Watches that fail in a row, after which a list is taken: what they start from may be at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how long a reflector asks.

    Parameters
    ----------
    page_size
        Objects per page of a list; 500 is client-go's.
    watch_s
        A watch ends after about this time and is opened again: so the staleness of a kind in
        which nothing happens stays below it.
    patience_s
        A watch that ought to have ended is given up after this time more; also the longest wait
        for bytes of a list.
    backoff_s, backoff_max_s
        First and longest wait after a failure; doubled each time, and each shortened at random
        by up to a half.
    probe_s
        How often is asked for a kind that the cluster does not serve.
    unknown_s
        After so long without a word of a custom kind, nothing is known of it.
    """

    page_size: int = 500
    watch_s: float = 20.0
    patience_s: float = 15.0
    backoff_s: float = 0.2
    backoff_max_s: float = 15.0
    probe_s: float = 60.0
    unknown_s: float = 30.0


class Reflector:
    """Keeps all objects of one kind, and tells `changed` after every change.

    An optional kind that the cluster does not serve is known to have no objects, until it has. Of a
    custom kind that cannot be read for long, or never will be, nothing is known, until it can.

    Attributes
    ----------
    version
        Grows with every change of `objects`.
    problem
        Why the last attempt failed, None since it worked again.
    absent
        Whether the cluster does not serve the kind, which is optional.
    unknown
        Whether the kind, which is custom, cannot be read: what was known is forgotten.
    """

    def __init__(
        self,
        api: ApiClient,
        kind: Kind,
        *,
        changed: Callable[[], None],
        field_selector: str = "",
        pace: Pace | None = None,
    ) -> None:
        self.kind = kind
        self.version = 0
        self.problem: ApiError | InputError | None = None
        self.absent = self.unknown = False
        self._objects: dict[ObjectKey, Object] = {}
        self._synced = False
        self._heard = time.monotonic()
        self._api = api
        self._changed = changed
        self._selector = {"fieldSelector": field_selector} if field_selector else {}
        self._pace = pace or Pace()

    @property
    def objects(self) -> Mapping[ObjectKey, Object]:
        """What is known now, by key, of no worth before `synced`; copy it before you await."""
        return self._objects

    @property
    def synced(self) -> bool:
        """Whether a list was read in full, there is nothing to list, or it is `unknown`."""
        return self._synced

    @property
    def staleness_s(self) -> float:
        """Seconds since the API server last said something about the kind.

        0 while it is `absent` or `unknown`.
        """
        return 0.0 if self.absent or self.unknown else time.monotonic() - self._heard

    async def run(self) -> None:
        """List and watch until cancelled; failures are kept in `problem` and tried again."""
        failures = 0
        resource_version = ""
        while True:
            try:
                if not resource_version:
                    resource_version = await self._list()
                    failures = 0
                async for each in self._watch(resource_version):
                    resource_version = self._take(each)
                    failures = 0
            except (ApiError, InputError) as error:
                status = error.status if isinstance(error, ApiError) else None
                if status == _NOT_FOUND and self.kind.optional:
                    resource_version = ""
                    self._replace({}, absent=True)
                    await asyncio.sleep(self._pace.probe_s)
                    continue
                if status != _GONE or not resource_version:  # a watch grows old, and no more
                    self._fail(error)
                if self.unknown or _begins_anew(error, failures):
                    resource_version = ""
                await asyncio.sleep(self._backoff(failures))
                failures += 1

    def _fail(self, error: ApiError | InputError) -> None:
        self.problem = error
        if self.kind.custom and not self.unknown and self._is_lost(error):
            self._objects = {}
            self._synced = self.unknown = True
            self.absent = False
            self.version += 1
        self._changed()

    def _is_lost(self, error: ApiError | InputError) -> bool:
        """Return whether what is known is too old, or trying again will not bring a first list."""
        hopeless = isinstance(error, InputError) or not error.retryable
        if self.absent:  # so it is served after all
            return isinstance(error, InputError) or error.status != 0
        return (hopeless and not self._synced) or self.staleness_s > self._pace.unknown_s

    def _backoff(self, failures: int) -> float:
        longest: float = self._pace.backoff_s * 2 ** min(failures, 16)
        return min(longest, self._pace.backoff_max_s) * random.uniform(0.5, 1.0)  # noqa: S311

    async def _list(self) -> str:
        """Replace what is known by a complete list; return its resource version."""
        found: dict[ObjectKey, Object] = {}
        query: dict[str, str | int] = {"limit": self._pace.page_size, **self._selector}
        while True:
            body = await requests.get(
                self._api, self.kind.path, query, timeout_s=self._pace.patience_s
            )
            part = page(self.kind, body)
            found.update(part.items)
            if not part.next:
                break
            query["continue"] = part.next
        self._replace(found)
        return part.resource_version

    def _replace(self, found: dict[ObjectKey, Object], *, absent: bool = False) -> None:
        """Take over a list; objects that did not change stay the same objects."""
        for key, value in found.items():
            known = self._objects.get(key)
            if known == value:
                found[key] = known
        self._heard = time.monotonic()
        was_said = self._synced and not (self.problem or self.unknown)
        if not was_said or self.absent != absent or found != self._objects:
            self._objects = found
            self._synced = True
            self.absent, self.unknown = absent, False
            self.problem = None
            self.version += 1
            self._changed()

    async def _watch(self, resource_version: str) -> AsyncIterator[Event]:
        """Yield events until the server ends the watch."""
        seconds = self._pace.watch_s * random.uniform(0.75, 1.0)  # noqa: S311 - spreads the load
        query: dict[str, str | int] = {
            "watch": 1,
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": max(1, round(seconds)),
            **self._selector,
        }
        async with requests.stream(
            self._api, self.kind.path, query, timeout_s=seconds + self._pace.patience_s
        ) as response:
            self._heard = time.monotonic()
            self._recover()
            async for line in requests.lines(response, self.kind.path):
                yield event(self.kind, line)

    def _recover(self) -> None:
        if self.problem is not None:
            self.problem = None
            self._changed()

    def _take(self, each: Event) -> str:
        """Apply one event; return the resource version to go on from.

        Raises
        ------
        ApiError
            When the server ends the watch with an error.
        """
        self._heard = time.monotonic()
        match each:
            case Failure():
                raise ApiError(
                    f"watch of {self.kind.plural}: {each.code} {each.message}",
                    status=each.code,
                    retryable=True,
                )
            case Upsert():
                self._objects[each.key] = each.value
            case Removed():
                if self._objects.pop(each.key, None) is None:
                    return each.resource_version
            case Bookmark():
                return each.resource_version
        self.version += 1
        self._changed()
        return each.resource_version


def _begins_anew(error: ApiError | InputError, failures: int) -> bool:
    """Return whether a list is due: a watch from where it was would fail again, or did so often."""
    if isinstance(error, InputError) or not error.retryable or error.status == _GONE:
        return True
    return error.status != _TOO_MANY and failures + 1 >= _RELIST_AFTER
