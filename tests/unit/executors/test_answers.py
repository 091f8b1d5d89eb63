"""What each answer of the API server means; the messages are Kubernetes 1.37.2's and KubeVirt's."""

import json

import pytest

from restow.executors import answers
from restow.executors.answers import Answer
from restow.planning.acts import ActStatus


def an_answer(status: int, message: str = "", cause: str = "") -> Answer:
    body = {"kind": "Status", "message": message}
    if cause:
        body |= {"details": {"causes": [{"message": cause}]}}  # type: ignore[dict-item]
    return Answer(status=status, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (an_answer(200), ActStatus.DONE),
        (an_answer(201), ActStatus.DONE),
        (an_answer(404, 'pods "a" not found'), ActStatus.GONE),
        (an_answer(409, "the object has been modified"), ActStatus.CONFLICT),
        (
            an_answer(409, "Precondition failed: UID in precondition: x, UID in object meta: y"),
            ActStatus.GONE,
        ),
        (
            an_answer(409, "the UID in the precondition (x) does not match the UID in record (y)"),
            ActStatus.GONE,
        ),
        (
            an_answer(
                422, 'Pod "a" is invalid: metadata.uid: Invalid value: "x": field is immutable'
            ),
            ActStatus.GONE,
        ),
        (
            an_answer(422, "may not be set on pods that are already bound to a node"),
            ActStatus.CONFLICT,
        ),
        (an_answer(422, "spec: Forbidden"), ActStatus.REFUSED),
        (an_answer(403, "forbidden"), ActStatus.REFUSED),
        (an_answer(429, "too many requests"), ActStatus.RETRY),
        (an_answer(500), ActStatus.RETRY),
        (an_answer(503), ActStatus.RETRY),
        (an_answer(0), ActStatus.RETRY),
    ],
)
def test_answer_means(answer: Answer, status: ActStatus) -> None:
    assert answers.result(answer).status is status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (
            an_answer(
                429,
                "Cannot evict pod as it would violate the pod's disruption budget.",
                "The disruption budget web needs 4 healthy pods and has 3 currently",
            ),
            ActStatus.BUDGET,
        ),
        (
            an_answer(429, 'admission webhook denied: Eviction triggered evacuation of VMI "a/b"'),
            ActStatus.DONE,
        ),
        (an_answer(429, 'Evacuation in progress: VMI "a/b"'), ActStatus.DONE),
        (an_answer(429, "the server has received too many requests"), ActStatus.RETRY),
        (
            an_answer(500, "This pod has more than one PodDisruptionBudget, which the eviction"),
            ActStatus.REFUSED,
        ),
        (an_answer(500, "etcd is away"), ActStatus.RETRY),
    ],
)
def test_answer_to_an_eviction_means(answer: Answer, status: ActStatus) -> None:
    assert answers.eviction(answer).status is status


def test_spent_budget_is_named() -> None:
    answer = an_answer(429, "it would violate the disruption budget.", "The disruption budget web")
    assert "The disruption budget web" in answers.eviction(answer).message


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (an_answer(409, 'pod a is already assigned to node "n1"'), ActStatus.DONE),
        (an_answer(409, 'pod a is already assigned to node "n2"'), ActStatus.CONFLICT),
        (an_answer(409, "pod a has non-empty .spec.schedulingGates"), ActStatus.CONFLICT),
    ],
)
def test_bound_as_planned_is_done(answer: Answer, status: ActStatus) -> None:
    assert answers.binding(answer, "n1").status is status


def test_removing_what_is_gone_is_done() -> None:
    assert answers.removal(an_answer(404)).status is ActStatus.DONE


def test_answer_that_is_no_status_is_quoted() -> None:
    assert Answer(status=502, body=b"<html>bad gateway").message == "<html>bad gateway"


@pytest.mark.parametrize(
    ("status", "retryable"), [(0, True), (429, True), (503, True), (403, False)]
)
def test_error_says_whether_waiting_helps(status: int, retryable: bool) -> None:
    error = an_answer(status, "no").error("list plans")
    assert (error.status, error.retryable) == (status, retryable)
    assert "list plans" in str(error)
