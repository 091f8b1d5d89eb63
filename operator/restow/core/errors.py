"""The exception tree. Expected results (no room, out of time) are values, not exceptions.

RestowError
├── InputError        a file, object, annotation or policy that cannot be used
├── SnapshotError     the cluster was not read in full, so nothing may be decided on it
├── ModelError        our own bug: a model the solver calls invalid, a plan the checker refuses
├── ApiError          the API server answered no; `retryable` says whether waiting may help
└── PlanStale         the cluster moved on; the plan must not be carried out any further
"""

from typing import Final

_READABLE: Final = 800
"""Characters of a line of which somebody still reads the end."""


class RestowError(Exception):
    """Base of everything restow raises on purpose."""


class InputError(RestowError):
    """Input that cannot be used.

    Parameters
    ----------
    where
        Object or file, as its owner would name it: `Pod default/a`, `dump.yaml, document 3`.
    field
        Path of the field, `spec.containers[0].resources.requests.cpu`; empty for the whole object.
    problem
        What is wrong with the value, quoting it.
    remedy
        What to write instead, as an imperative.
    """

    def __init__(self, *, where: str, field: str, problem: str, remedy: str) -> None:
        self.where, self.field, self.problem, self.remedy = where, field, problem, remedy
        place = f"{where}: {field}" if field else where
        super().__init__("; ".join((_one_line(f"{place}: {problem}"), remedy)))


def _one_line(text: str) -> str:
    """Return the text without line breaks, and without the middle of what is too long to read."""
    line = " ".join(text.split())
    return line if len(line) <= _READABLE else f"{line[: _READABLE // 2]}…{line[-_READABLE // 2 :]}"


class SnapshotError(RestowError):
    """The cluster could not be read in full."""


class ModelError(RestowError):
    """A bug in restow: an invalid model, or a plan that its own checker refuses."""


class ApiError(RestowError):
    """A call to the API server failed.

    Parameters
    ----------
    status
        HTTP status, 0 when no answer came.
    retryable
        True when the same call may succeed later (429, 5xx, no answer).
    """

    def __init__(self, message: str, *, status: int, retryable: bool) -> None:
        self.status, self.retryable = status, retryable
        super().__init__(message)


class PlanStale(RestowError):  # noqa: N818 - the name every document uses
    """The plan rests on a snapshot that the cluster has left behind."""
