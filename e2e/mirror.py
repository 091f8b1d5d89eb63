"""Live copies of the objects of one kind, kept by a watch in a thread of its own."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import urllib3

from e2e.client import ApiError, Client, Json, path

WATCH_S: Final = 300
RETRY_S: Final = 0.2


class Change(NamedTuple):
    """One event of a watch: what an object was (None if new) and is (None if gone)."""

    kind: str
    before: Json | None
    after: Json | None
    last: Json
    """The newest state that was seen, also of an object that is gone."""
    at: float
    """Seconds of `time.monotonic` when it was seen."""


Listener = Callable[[Change], None]


class Mirror:
    """The objects of one kind by uid; listeners are called in the watch's thread, in order."""

    def __init__(self, client: Client, kind: str, lock: AbstractContextManager[bool]) -> None:
        self.kind = kind
        self.objects: dict[str, Json] = {}
        self._client = client
        self._listeners: list[Listener] = []
        self._lock = lock
        self._synced = threading.Event()
        self._stop = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._run, name=f"mirror-{kind}", daemon=True)
        self._thread.start()
        if not self._synced.wait(30):
            raise TimeoutError(f"no list of {kind} within 30 s")

    def all(self) -> list[Json]:
        """Return the objects there are now."""
        with self._lock:
            return list(self.objects.values())

    def listen(self, listener: Listener, *, replay: bool = False) -> Callable[[], None]:
        """Call `listener` on each change, first on what is there if `replay`; returns its end."""
        with self._lock:
            if replay:
                for item in self.objects.values():
                    listener(Change(self.kind, None, item, item, time.monotonic()))
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        stream = self._stream
        if stream is not None:
            stream.shutdown()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow(self._relist())
            except (ApiError, urllib3.exceptions.HTTPError, OSError, ValueError):
                self._stop.wait(RETRY_S)

    def _relist(self) -> str:
        answer = self._client.request("GET", path(self.kind))
        found = {item["metadata"]["uid"]: item for item in answer["items"]}
        for uid in self.objects.keys() - found.keys():
            self._note(uid, None)
        for uid, item in found.items():
            item.setdefault("kind", self.kind)
            self._note(uid, item)
        self._synced.set()
        version: str = answer["metadata"]["resourceVersion"]
        return version

    def _follow(self, version: str) -> None:
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_S)}
        self._stream = self._client.stream(path(self.kind), query)
        pending = b""
        for chunk in self._stream.stream(amt=None):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if event["type"] == "ERROR":  # the version is too old: list again
                    return
                item = event["object"]
                self._note(
                    item["metadata"]["uid"], None if event["type"] == "DELETED" else item, item
                )

    def _note(self, uid: str, after: Json | None, last: Json | None = None) -> None:
        with self._lock:
            before = self.objects.get(uid)
            if before is not None and after is not None and version(before) == version(after):
                return
            if after is None:
                self.objects.pop(uid, None)
            else:
                self.objects[uid] = after
            newest = after or last or before
            if newest is None:
                return
            change = Change(self.kind, before, after, newest, time.monotonic())
            for listener in tuple(self._listeners):
                listener(change)


class Mirrors:
    """The mirrors of one cluster, made when first asked for.

    They share one lock, so that a listener of one may read another.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.RLock()
        self._mirrors: dict[str, Mirror] = {}

    def __getitem__(self, kind: str) -> Mirror:
        if kind not in self._mirrors:
            self._mirrors[kind] = Mirror(self._client, kind, self._lock)
        return self._mirrors[kind]

    def close(self) -> None:
        """Stop all of them."""
        for mirror in self._mirrors.values():
            mirror.close()


def version(item: Json) -> str:
    """Return the resource version of an object."""
    found: str = item["metadata"]["resourceVersion"]
    return found
