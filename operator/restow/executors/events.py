"""Events (events.k8s.io/v1) on pods, nodes, controllers and restow's own objects."""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import uuid4

from kubernetes.aio.client import ApiClient

from restow.cluster.parse import KINDS
from restow.core.ids import ObjectKey, Uid
from restow.core.marks import GROUP, VERSION
from restow.executors.calls import Call, Caller, namespaced

_LONGEST_NOTE: Final = 1024  # bytes; the API server refuses longer ones
_CONTROLLER: Final = f"{GROUP}/restow"
_NO_NAMESPACE: Final = "default"
"""Events on cluster-scoped objects live here, as everywhere in Kubernetes."""
_REMEMBERED: Final = 4096


class Announcement(Protocol):
    """What is said: about which object, why, and in which words."""

    @property
    def kind(self) -> str:
        """Kind of the object."""

    @property
    def key(self) -> ObjectKey:
        """Its key; no namespace when it is cluster-scoped."""

    @property
    def uid(self) -> Uid:
        """Its uid, empty when unknown."""

    @property
    def tone(self) -> str:
        """`Normal` or `Warning`."""

    @property
    def reason(self) -> str:
        """One CamelCase word."""

    @property
    def action(self) -> str:
        """What was or was to be done, one CamelCase word."""

    @property
    def message(self) -> str:
        """One sentence for a person."""


class EventWriter:
    """Posts Events; what was said on an object a short while ago is not said again.

    Parameters
    ----------
    instance
        Name of this process, as the Event's reporter.
    quiet_s
        For how long the same words on the same object are held back.
    """

    def __init__(self, api: ApiClient, *, instance: str, quiet_s: float = 600.0) -> None:
        self._caller = Caller(api, rate_per_s=10.0, burst=50)
        self._instance = instance[:128]
        self._quiet_s = quiet_s
        self._said: OrderedDict[tuple[str, ...], float] = OrderedDict()

    async def say(self, announcement: Announcement) -> None:
        """Post the Event, unless the same was said a short while ago.

        Raises
        ------
        ApiError
            When the API server says no.
        """
        words = (
            announcement.kind,
            str(announcement.key),
            announcement.uid,
            announcement.reason,
            announcement.message,
        )
        now = time.monotonic()
        if now - self._said.get(words, -self._quiet_s) < self._quiet_s:
            return
        answer = await self._caller.send(
            event(announcement, instance=self._instance, now=datetime.now(UTC))
        )
        if not answer.ok:
            raise answer.error(f"event on {announcement.kind} {announcement.key}")
        self._said[words] = now
        self._said.move_to_end(words)
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)


def event(announcement: Announcement, *, instance: str, now: datetime) -> Call:
    """Return the call that posts the Event."""
    key = announcement.key
    namespace = key.namespace or _NO_NAMESPACE
    return Call(
        method="POST",
        path=namespaced("/apis/events.k8s.io/v1", namespace, "events"),
        body={
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{key.name[:200]}.{uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": str(announcement.tone),
            "reason": announcement.reason[:128],
            "action": announcement.action[:128],
            "note": cut(announcement.message),
            "reportingController": _CONTROLLER,
            "reportingInstance": instance,
            "regarding": _regarding(announcement),
        },
    )


def cut(note: str) -> str:
    """Return the note, cut to what the API server takes, without half a character at the end."""
    body = note.encode()
    if len(body) <= _LONGEST_NOTE:
        return note
    return body[: _LONGEST_NOTE - len("…".encode())].decode("utf-8", "ignore") + "…"


def _regarding(announcement: Announcement) -> dict[str, Any]:
    kind = KINDS.get(announcement.kind)
    found: dict[str, Any] = {
        "apiVersion": kind.api_version if kind else f"{GROUP}/{VERSION}",
        "kind": announcement.kind,
        "name": announcement.key.name,
    }
    if announcement.key.namespace:
        found["namespace"] = announcement.key.namespace
    if announcement.uid:
        found["uid"] = announcement.uid
    return found
