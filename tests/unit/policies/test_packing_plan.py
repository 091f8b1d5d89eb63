from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from restow.packing.outcome import Status
from restow.planning.plan import Action, Trigger
from restow.policies.invalid import checked, mistakes
from restow.policies.packing_plan import (
    FINISHED,
    PackingPlan,
    PlanAction,
    PlanPhase,
    PlanTrigger,
    SolveOutcome,
)

POD = {"namespace": "default", "name": "a", "uid": "1"}


def a_document(*steps: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPlan",
        "metadata": {"name": "p"},
        "spec": {
            "snapshot": {"digest": "sha256:00ff", "takenAt": "2026-11-23T12:00:00Z"},
            "steps": [{"wave": 0, "pod": POD, **step} for step in steps],
        },
    }


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(PlanTrigger, Trigger), (PlanAction, Action), (SolveOutcome, Status)],
)
def test_words_are_those_of_the_plan(ours: type[StrEnum], theirs: type[StrEnum]) -> None:
    assert {each.value for each in ours} == {each.value for each in theirs}


def test_document_in_the_published_form_is_read_and_written_back_the_same() -> None:
    steps: list[dict[str, Any]] = [
        {"action": "Evict", "from": "n1"},
        {"action": "Move", "from": "n1", "to": "n2"},
        {"action": "Migrate", "from": "n1", "to": "n2", "vmi": "vm"},
        {"action": "Place", "to": "n1", "wave": 1},
    ]
    status = {
        "solve": {
            "outcome": "Optimal",
            "wallSeconds": 1.23,
            "tiers": [
                {
                    "priority": 1000,
                    "pods": 40,
                    "placedBefore": 36,
                    "placed": 40,
                    "bound": 40,
                    "proven": True,
                }
            ],
            "disturbed": {"moves": 3, "evictions": 0, "bound": 3, "proven": True},
        },
        "fragmentation": {"before": {"x": 0.53}, "after": {"x": 0.31}},
    }
    document = a_document(*steps) | {"status": status}
    plan = checked(PackingPlan, document, where="PackingPlan p")
    written = plan.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert written == document


@pytest.mark.parametrize(
    ("step", "field", "problem"),
    [
        ({"action": "Place"}, "spec.steps[0].to", "Place needs a node here"),
        (
            {"action": "Place", "from": "a", "to": "b"},
            "spec.steps[0].from",
            "Place takes no node here",
        ),
        ({"action": "Evict"}, "spec.steps[0].from", "Evict needs a node here"),
        (
            {"action": "Evict", "from": "a", "to": "b"},
            "spec.steps[0].to",
            "Evict takes no node here",
        ),
        ({"action": "Move", "from": "a"}, "spec.steps[0].to", "Move needs a node here"),
        (
            {"action": "Move", "from": "a", "to": "a"},
            "spec.steps[0].to",
            "the pod is there already",
        ),
    ],
)
def test_step_whose_nodes_do_not_fit_its_action_is_refused(
    step: dict[str, str], field: str, problem: str
) -> None:
    (mistake,) = mistakes(PackingPlan, a_document(step), where="PackingPlan p")
    assert (mistake.field, mistake.problem) == (field, problem)


@pytest.mark.parametrize(
    "step",
    [
        {"action": "Migrate", "from": "a", "to": "b"},
        {"action": "Move", "from": "a", "to": "b", "vmi": "vm"},
        {"action": "Evict", "from": "a", "vmi": "vm"},
    ],
)
def test_a_machine_is_named_where_one_migrates_and_nowhere_else(step: dict[str, str]) -> None:
    (mistake,) = mistakes(PackingPlan, a_document(step), where="PackingPlan p")
    assert mistake.field == "spec.steps[0].vmi"


def test_waves_that_do_not_ascend_are_refused() -> None:
    late, early = {"action": "Evict", "from": "a", "wave": 1}, {"action": "Evict", "from": "a"}
    (mistake,) = mistakes(PackingPlan, a_document(late, early), where="PackingPlan p")
    assert mistake.field == "spec.steps"


def test_final_phases_are_those_without_a_way_out() -> None:
    assert set(PlanPhase) - FINISHED == {
        PlanPhase.PROPOSED,
        PlanPhase.APPROVED,
        PlanPhase.EXECUTING,
    }
