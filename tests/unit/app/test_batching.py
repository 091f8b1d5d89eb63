from datetime import datetime, timedelta

from restow.app.batching import Batch, gather
from restow.cluster.objects import Pod
from restow.core.ids import Uid
from tests.support.objects import NOW, a_pod

GRACE, WINDOW = timedelta(seconds=10), timedelta(seconds=3)


def pending(name: str, ago_s: float) -> Pod:
    return a_pod(name, unschedulable_since=NOW - timedelta(seconds=ago_s))


def at(*pods: Pod, decided: frozenset[Uid] = frozenset(), now: datetime = NOW) -> Batch:
    return gather(pods, decided=decided, grace=GRACE, window=WINDOW, now=now)


def test_nothing_pending_is_never_due() -> None:
    assert at() == Batch(ripe=(), fresh=False, opens_at=None)


def test_a_pod_in_grace_is_due_when_grace_and_window_are_over() -> None:
    batch = at(pending("a", 4))
    assert batch.ripe == ()
    assert batch.opens_at == NOW + timedelta(seconds=6) + WINDOW


def test_a_pod_past_grace_waits_for_others_until_the_window_closes() -> None:
    first, second = pending("a", 11), pending("b", 10)
    batch = at(second, first)
    assert [pod.key.name for pod in batch.ripe] == ["a", "b"]
    assert batch.opens_at == NOW + timedelta(seconds=2)


def test_after_the_window_it_is_due_now() -> None:
    assert at(pending("a", 14)).opens_at == NOW


def test_a_pod_decided_upon_before_opens_no_window_but_is_decided_upon_with_the_others() -> None:
    old, new = pending("old", 100), pending("new", 11)
    batch = at(old, new, decided=frozenset({old.uid}))
    assert [pod.key.name for pod in batch.ripe] == ["new", "old"]
    assert batch.opens_at == NOW + timedelta(seconds=2)
    assert batch.fresh
    alone = at(old, decided=frozenset({old.uid}))
    assert (alone.fresh, alone.opens_at) == (False, None)


def test_a_pod_without_a_time_of_its_verdict_is_passed_over() -> None:
    assert at(a_pod("a", unschedulable_since=None)).ripe == ()
