"""What an answer of the API server means; the one place that reads HTTP statuses."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from restow.core.errors import ApiError
from restow.planning.acts import ActResult, ActStatus

NO_ANSWER: Final = 0
"""Status of a call that got none: no connection, or none in time."""

_OTHER_UID: Final = re.compile(r"UID in (?:the )?precondition", re.IGNORECASE)
_ASSIGNED: Final = re.compile(r'is already assigned to node "([^"]+)"')
_BOUND: Final = "already bound to a node"
_SEVERAL_BUDGETS: Final = "more than one PodDisruptionBudget"
_EVACUATION: Final = re.compile(r"eviction triggered evacuation|evacuation in progress", re.I)


class _Details(msgspec.Struct):
    causes: list[dict[str, str]] | None = None


class _Status(msgspec.Struct):
    message: str = ""
    reason: str = ""
    details: _Details | None = None


_EXISTS: Final = "AlreadyExists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and body of a call; `status` is 0 when no answer came, and `body` says why."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the server did as asked."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """The server's own words, with the causes it names."""
        try:
            status = msgspec.json.decode(self.body, type=_Status)
        except msgspec.DecodeError:
            return self.body[:300].decode("utf-8", "replace")
        causes = (status.details.causes or ()) if status.details else ()
        more = [cause["message"] for cause in causes if cause.get("message")]
        parts = [status.message, *(each for each in more if each not in status.message)]
        return " ".join(part for part in parts if part) or status.reason

    @property
    def reason(self) -> str:
        """The server's reason for a no, in one word; empty when it gives none."""
        try:
            return "" if self.ok else msgspec.json.decode(self.body, type=_Status).reason
        except msgspec.DecodeError:
            return ""

    def error(self, what: str) -> ApiError:
        """Return the exception for callers that cannot go on; `what` names the call."""
        return ApiError(
            f"{what}: {self.status or 'no answer'} {self.message}".strip(),
            status=self.status,
            retryable=_is_passing(self.status),
        )


def result(answer: Answer) -> ActResult:
    """Return what any answer means, unless the call has a meaning of its own."""
    if answer.ok:
        return ActResult(status=ActStatus.DONE)
    return ActResult(status=_status(answer), message=answer.message)


def eviction(answer: Answer) -> ActResult:
    """Return what an answer of the Eviction API means.

    429 is a budget that allows nothing now, or KubeVirt, which starts a live migration and says
    so; without either it is the server's own throttling. 500 is several budgets on one pod.
    """
    message = answer.message
    if answer.status == 429:
        if _EVACUATION.search(message):
            return ActResult(status=ActStatus.DONE, message=message)
        if "disruption" in message.lower():
            return ActResult(status=ActStatus.BUDGET, message=message)
    if answer.status == 500 and _SEVERAL_BUDGETS in message:
        return ActResult(status=ActStatus.REFUSED, message=message)
    return result(answer)


def binding(answer: Answer, node: str) -> ActResult:
    """Return what an answer of the Binding subresource means; bound as planned is done."""
    assigned = _ASSIGNED.search(answer.message) if answer.status == 409 else None
    if assigned and assigned[1] == node:
        return ActResult(status=ActStatus.DONE, message=answer.message)
    return result(answer)


def creation(answer: Answer) -> ActResult:
    """Return what an answer to a creation under a name of ours means; there already is done."""
    return ActResult(status=ActStatus.DONE) if answer.reason == _EXISTS else result(answer)


def removal(answer: Answer) -> ActResult:
    """Return what an answer to a removal means; gone is done."""
    return ActResult(status=ActStatus.DONE) if answer.status == 404 else result(answer)


def _status(answer: Answer) -> ActStatus:
    if answer.status == 404:
        return ActStatus.GONE
    if answer.status == 422:
        return _invalid(answer.message)
    if answer.status == 409:
        is_other = _OTHER_UID.search(answer.message) is not None
        return ActStatus.GONE if is_other else ActStatus.CONFLICT
    return ActStatus.RETRY if _is_passing(answer.status) else ActStatus.REFUSED


def _invalid(message: str) -> ActStatus:
    """Return what a refused patch means: a foreign uid, or a pod that was bound meanwhile."""
    if "metadata.uid" in message:
        return ActStatus.GONE
    return ActStatus.CONFLICT if _BOUND in message else ActStatus.REFUSED


def _is_passing(status: int) -> bool:
    return status in {NO_ANSWER, 408, 429} or status >= 500
