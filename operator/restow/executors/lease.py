"""Leader election by a coordination.k8s.io Lease: of several operators one may act.

The rules are client-go's, with the clock of this process only: a foreign lease is taken when it
was *seen* unchanged for its whole duration, and the own one counts for less time than others wait.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from kubernetes.aio.client import ApiClient

from restow.executors.answers import Answer
from restow.executors.calls import Call, Caller, namespaced
from restow.telemetry import happenings, logs

_log = logs.logger("lease")
_PREFIX: Final = "/apis/coordination.k8s.io/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times of the election, in seconds; the defaults are client-go's.

    Parameters
    ----------
    lease_s
        How long others must see the lease unchanged before they take it.
    deadline_s
        How long after the last renewal this process still calls itself the leader; shorter than
        `lease_s`, so that two never do.
    retry_s
        Pause between attempts, to renew or to take.
    """

    lease_s: float = 15.0
    deadline_s: float = 10.0
    retry_s: float = 2.0


@dataclass(slots=True)
class _Seen:
    """What another holder's lease looked like, and since when by our own clock."""

    record: tuple[str, str, int]
    since: float


class LeaseHolder:
    """Takes and renews the lease while `run` runs.

    A process that starts again under the same `identity` has its lease back at once, since the
    one before is dead: a container's name and its pod's uid never run twice at a time.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        namespace: str,
        identity: str,
        name: str = "restow",
        timing: Timing | None = None,
    ) -> None:
        self._timing = timing or Timing()
        self._caller = Caller(api, timeout_s=min(5.0, self._timing.deadline_s / 2))
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._renewed: float | None = None
        self._seen: _Seen | None = None
        self._change = asyncio.Event()
        self._told = False
        self._trouble = ""
        self._released = False

    @property
    def held(self) -> bool:
        """Whether this process may act now; False by itself once the deadline has passed."""
        if self._renewed is None:
            return False
        return time.monotonic() - self._renewed < self._timing.deadline_s

    async def run(self) -> None:
        """Take and renew until cancelled or released."""
        while not self._released:
            await self._attempt()
            self._notice()
            await asyncio.sleep(self._timing.retry_s)

    async def wait_changed(self, timeout_s: float) -> bool:
        """Wait until leadership is won or given up; return False when the time is up before."""
        change = self._change
        try:
            await asyncio.wait_for(change.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def release(self) -> None:
        """Give the lease up, so that another process may take it at once; cancel `run` before."""
        self._released = True
        was_held, self._renewed = self.held, None
        self._notice()
        if not was_held:
            return
        lease = await self._read()
        if isinstance(lease, dict) and lease["spec"].get("holderIdentity") == self._identity:
            lease["spec"]["holderIdentity"] = ""
            await self._caller.send(self._put(lease))

    async def _attempt(self) -> None:
        """Renew, take or create the lease, or leave it to its holder."""
        started = time.monotonic()
        lease = await self._read()
        if isinstance(lease, Answer):
            if lease.status != 404:
                self._tell(lease)
                return
            call = self._create()
        elif self._may_take(lease["spec"]):
            call = self._put(self._claimed(lease))
        else:
            self._renewed = None
            return
        answer = await self._caller.send(call)
        self._tell(answer)
        if answer.ok and not self._released:
            self._renewed = started  # the earliest moment at which others can have seen it
            self._seen = None

    async def _read(self) -> dict[str, Any] | Answer:
        path = namespaced(_PREFIX, self._namespace, "leases", self._name)
        answer = await self._caller.send(Call(method="GET", path=path))
        if not answer.ok:
            return answer
        lease = msgspec.json.decode(answer.body, type=dict[str, Any])
        lease.setdefault("spec", {})
        return lease

    def _may_take(self, spec: dict[str, Any]) -> bool:
        """Return whether the lease is ours, free, or was seen unchanged for its duration."""
        holder = spec.get("holderIdentity") or ""
        if holder in {"", self._identity}:
            return True
        duration_s = int(spec.get("leaseDurationSeconds") or self._timing.lease_s)
        record = (holder, str(spec.get("renewTime")), duration_s)
        now = time.monotonic()
        if self._seen is None or self._seen.record != record:
            self._seen = _Seen(record, now)
        return now - self._seen.since >= duration_s

    def _claimed(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Return the lease as ours; its resourceVersion guards against another taker."""
        spec = lease["spec"]
        is_new = spec.get("holderIdentity") != self._identity
        transitions = int(spec.get("leaseTransitions") or 0)
        claimed = self._spec(transitions + 1 if is_new else transitions)
        if not is_new and spec.get("acquireTime"):
            claimed["acquireTime"] = spec["acquireTime"]
        return {**lease, "spec": {**spec, **claimed}}

    def _spec(self, transitions: int) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._timing.lease_s)),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    def _create(self) -> Call:
        return Call(
            method="POST",
            path=namespaced(_PREFIX, self._namespace, "leases"),
            body={
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": self._name, "namespace": self._namespace},
                "spec": self._spec(0),
            },
        )

    def _put(self, lease: dict[str, Any]) -> Call:
        return Call(
            method="PUT",
            path=namespaced(_PREFIX, self._namespace, "leases", self._name),
            body=lease,
        )

    def _tell(self, answer: Answer) -> None:
        """Log why the lease can be neither read nor taken, once as long as it stays the same."""
        fine = answer.ok or answer.status == 409  # another one was faster
        trouble = "" if fine else f"{answer.status or 'no answer'} {answer.message}"
        if trouble and trouble != self._trouble:
            lease = f"{self._namespace}/{self._name}"
            _log.warning(happenings.LEASE_REFUSED, lease=lease, why=trouble)
        self._trouble = trouble

    def _notice(self) -> None:
        """Wake who waits when leadership is not what they were told last."""
        if self.held != self._told:
            self._told = self.held
            self._change.set()
            self._change = asyncio.Event()
