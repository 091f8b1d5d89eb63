"""The watches notice what they are there for."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from e2e.client import Json
from e2e.mirror import Change, Mirrors
from e2e.watches import GATE, BudgetWatch, GateWatch, covers, minimum

EVICTED = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
READY = {"type": "Ready", "status": "True"}


class Stage:
    """Mirrors without a cluster: the test says what changes."""

    def __init__(self, *objects: Json) -> None:
        self.objects = {item["metadata"]["uid"]: item for item in objects}
        self.listeners: list[Callable[[Change], None]] = []

    def __getitem__(self, kind: str) -> Any:
        return View(self, kind)

    def change(self, after: Json | None, before: Json, *, at: float = 0.0) -> None:
        uid = before["metadata"]["uid"]
        if after is None:
            self.objects.pop(uid, None)
        else:
            self.objects[uid] = after
        for listener in self.listeners:
            listener(Change(before["kind"], before, after, after or before, at))


class View:
    def __init__(self, stage: Stage, kind: str) -> None:
        self._stage = stage
        self._kind = kind

    @property
    def objects(self) -> dict[str, Json]:
        found = self._stage.objects.items()
        return {uid: item for uid, item in found if item["kind"] == self._kind}

    def all(self) -> list[Json]:
        return list(self.objects.values())

    def listen(self, listener: Callable[[Change], None], *, replay: bool = False) -> None:
        self._stage.listeners.append(listener)


def a_pod(name: str, *conditions: Json, gates: tuple[str, ...] = ()) -> Json:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "uid": name, "namespace": "team", "labels": {"app": "web"}},
        "spec": {"schedulingGates": [{"name": gate} for gate in gates]},
        "status": {"conditions": list(conditions)},
    }


def a_budget(**spec: Any) -> Json:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "uid": "budget", "namespace": "team"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}} | spec,
        "status": {"desiredHealthy": 2},
    }


def leaving(pod: Json, *conditions: Json) -> Json:
    metadata = pod["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    return pod | {"metadata": metadata, "status": {"conditions": [READY, *conditions]}}


@pytest.mark.parametrize(
    ("spec", "broken"), [({"minAvailable": 1}, 0), ({"minAvailable": 2}, 1), ({}, 1)]
)
def test_eviction_that_leaves_too_few_healthy_pods_is_noted(spec: Json, broken: int) -> None:
    stage = Stage(a_pod("a", READY), a_pod("b", READY), a_budget(**spec))
    watch = BudgetWatch(cast("Mirrors", stage))
    stage.change(leaving(a_pod("a"), EVICTED), a_pod("a", READY))
    assert watch.evictions == 1
    assert len(watch.violations) == broken


def test_deletion_that_is_no_eviction_is_not_the_watchs_business() -> None:
    stage = Stage(a_pod("a", READY), a_budget(minAvailable=1))
    watch = BudgetWatch(cast("Mirrors", stage))
    stage.change(leaving(a_pod("a")), a_pod("a", READY))
    assert watch.violations == []


def test_evicted_pod_that_was_not_ready_costs_its_budget_nothing() -> None:
    stage = Stage(a_pod("a"), a_budget(minAvailable=1))
    watch = BudgetWatch(cast("Mirrors", stage))
    stage.change(leaving(a_pod("a"), EVICTED), a_pod("a"))
    assert watch.violations == []


def test_gate_held_too_long_is_noted_and_a_short_one_is_not() -> None:
    stage = Stage()
    watch = GateWatch(cast("Mirrors", stage))
    for name, until in (("short", 4.0), ("long", 6.0)):
        gated = a_pod(name, gates=(GATE,))
        stage.change(gated, a_pod(name), at=0.0)
        stage.change(a_pod(name), gated, at=until)
    assert watch.gated == 2
    assert [text.split()[0] for text in watch.violations] == ["team/long"]


def test_gate_of_somebody_else_is_not_counted() -> None:
    stage = Stage()
    watch = GateWatch(cast("Mirrors", stage))
    stage.change(a_pod("a", gates=("kueue.x-k8s.io/admission",)), a_pod("a"))
    assert watch.gated == 0


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "api"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "DoesNotExist"}, True),
    ],
)
def test_budget_selects_by_expressions(expression: Json, fits: bool) -> None:
    budget = a_budget(selector={"matchExpressions": [expression]})
    assert covers(budget, a_pod("a")) is fits


def test_percentages_are_taken_as_the_disruption_controller_computed_them() -> None:
    assert minimum(a_budget(minAvailable="50%")) == 2
    assert minimum(a_budget(maxUnavailable=1)) == 2
