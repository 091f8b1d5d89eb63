from pathlib import Path
from typing import Any

import pytest
import yaml

from restow.core.errors import InputError
from restow.policies.invalid import checked, mistakes
from restow.policies.packing_policy import Mode, PackingPolicy, PackingPolicySpec

ROOT = Path(__file__).parents[3]
WHERE = "PackingPolicy p"


def only_mistake(spec: dict[str, Any]) -> InputError:
    (mistake,) = mistakes(PackingPolicySpec, spec, where=WHERE, at="spec")
    return mistake


def test_empty_spec_is_valid_and_touches_nothing() -> None:
    spec = checked(PackingPolicySpec, {}, where=WHERE)
    assert spec.mode is Mode.OBSERVE
    assert not spec.moving.jobs
    assert not spec.moving.local_storage
    assert spec.scope.scheduler_names == ("default-scheduler",)


@pytest.mark.parametrize(
    ("spec", "field", "problem", "remedy"),
    [
        (
            {"mode": "Banana"},
            "spec.mode",
            "'Banana' is not known",
            "use Observe, Approve or Act",
        ),
        (
            {"limits": {"movesPerHour": 3}},
            "spec.limits.movesPerPlan",
            "20 moves per plan cannot fit in 3 per hour",
            "lower movesPerPlan to at most 3 or raise movesPerHour",
        ),
        (
            {"limits": {"evictionsPerPlan": 1, "evictionsPerHour": 0}},
            "spec.limits.evictionsPerPlan",
            "1 evictions per plan cannot fit in 0 per hour",
            "lower evictionsPerPlan to at most 0 or raise evictionsPerHour",
        ),
        (
            {"limits": {"movesPerPlan": -1}},
            "spec.limits.movesPerPlan",
            "-1 is too small",
            "use 0 or more",
        ),
        (
            {"limits": {"movesPerPlan": "5"}},
            "spec.limits.movesPerPlan",
            "'5' has the wrong type",
            "write a whole number, without quotes",
        ),
        (
            {"limits": {"movesPerPlan": None}},
            "spec.limits.movesPerPlan",
            "None has the wrong type",
            "write a whole number, without quotes",
        ),
        (
            {"moving": {"jobs": "yes"}},
            "spec.moving.jobs",
            "'yes' has the wrong type",
            "write true or false",
        ),
        (
            {"graceSecond": 3},
            "spec.graceSecond",
            "is not a field here",
            "use graceSeconds, or remove it",
        ),
        (
            {"grace_seconds": 3},
            "spec.grace_seconds",
            "is not a field here",
            "use graceSeconds, or remove it",
        ),
        (
            {"moving": {"cooldownSeconds": 7200}},
            "spec.moving.cooldownSeconds",
            "plans that tell of a move 7200 s ago are kept for 3600 s only",
            "raise finishedPlanTtlSeconds to 7200 or lower the cooldown",
        ),
        (
            {"moving": {"zebra": True}},
            "spec.moving.zebra",
            "is not a field here",
            "remove it; the fields here are cooldownSeconds, deviceClaims, "
            "honorPreferNoEviction, jobs, localStorage, machines, minimumAgeSeconds, "
            "singleReplicas or workloadCooldownSeconds",
        ),
        (
            {"graceSeconds": float("inf")},
            "spec.graceSeconds",
            "inf has the wrong type",
            "write a finite number",
        ),
        (
            {"solveTimeLimitSeconds": 0},
            "spec.solveTimeLimitSeconds",
            "0 is too small",
            "use more than 0.0",
        ),
        (
            {"solveTimeLimitSeconds": 301},
            "spec.solveTimeLimitSeconds",
            "301 is too large",
            "use 300.0 or less",
        ),
        (
            {"windows": [{"cron": "0 22 * * *"}]},
            "spec.windows[0].durationSeconds",
            "is missing",
            "add it",
        ),
        (
            {"windows": [{"cron": "0 25 * * *", "durationSeconds": 60}]},
            "spec.windows[0].cron",
            "'0 25 * * *' has a bad hour",
            'write minute, hour, day of month, month, day of week, as in "0 22 * * MON"',
        ),
        (
            {"windows": [{"cron": "0 0 0 * * *", "durationSeconds": 60}]},
            "spec.windows[0].cron",
            "'0 0 0 * * *' has 6 fields, not 5",
            'write minute, hour, day of month, month, day of week, as in "0 22 * * MON"',
        ),
        (
            {"windows": [{"cron": "0 0 30 2 *", "durationSeconds": 60}]},
            "spec.windows[0].cron",
            "'0 0 30 2 *' has a bad day-of-month",
            'write minute, hour, day of month, month, day of week, as in "0 22 * * MON"',
        ),
        (
            {"windows": [{"cron": "0 0 */31 2 MON#5", "durationSeconds": 60}]},
            "spec.windows[0].cron",
            "'0 0 */31 2 MON#5' names a time that never comes",
            'write minute, hour, day of month, month, day of week, as in "0 22 * * MON"',
        ),
        (
            {
                "windows": [
                    {"cron": "0 22 * * *", "durationSeconds": 60},
                    {"cron": "0 22 * * *", "durationSeconds": 60, "timeZone": "Berlin"},
                ]
            },
            "spec.windows[1].timeZone",
            "the time zone 'Berlin' is not known",
            "use a name of the tz database, such as UTC or Europe/Berlin",
        ),
        (
            {"scope": {"pods": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
            "spec.scope.pods.matchExpressions[0].values",
            "operator In on key 'a' has no values",
            "list at least one value, or use operator Exists or DoesNotExist",
        ),
        (
            {
                "scope": {
                    "pods": {
                        "matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]
                    }
                }
            },
            "spec.scope.pods.matchExpressions[0].values",
            "operator Exists on key 'a' takes no values",
            "remove the values, or use operator In or NotIn",
        ),
        (
            {
                "scope": {
                    "nodes": {
                        "matchLabels": {"a": "b"},
                        "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}],
                    }
                }
            },
            "spec.scope.nodes",
            "no object can meet all requirements on the label 'a'",
            "remove one of the requirements on it",
        ),
        (
            {
                "scope": {
                    "nodes": {
                        "matchExpressions": [
                            {"key": "a", "operator": "In", "values": ["x", "y"]},
                            {"key": "a", "operator": "NotIn", "values": ["y", "x"]},
                        ],
                    }
                }
            },
            "spec.scope.nodes",
            "no object can meet all requirements on the label 'a'",
            "remove one of the requirements on it",
        ),
        (
            {"scope": {"pods": {"matchExpressions": [{"key": "a", "operator": "Gt"}]}}},
            "spec.scope.pods.matchExpressions[0].operator",
            "'Gt' is not known",
            "use In, NotIn, Exists or DoesNotExist",
        ),
        (
            {"scope": {"schedulerNames": []}},
            "spec.scope.schedulerNames",
            "[] is too short",
            "give at least 1 entries",
        ),
        (
            {"priorities": [{"namespaces": {}, "maxPriority": 1_000_000_001}]},
            "spec.priorities[0].maxPriority",
            "1000000001 is too large",
            "use 1000000000 or less",
        ),
        (
            {"priorities": [{"maxPriority": 1}]},
            "spec.priorities[0].namespaces",
            "is missing",
            "add it",
        ),
        (
            {"scope": {"pods": {"matchLabels": {"-bad": "x"}}}},
            "spec.scope.pods.matchLabels.-bad",
            "'-bad' has the wrong form",
            None,
        ),
        ({"scope": 3}, "spec.scope", "3 has the wrong type", "write a mapping of fields"),
        ({"windows": {}}, "spec.windows", "{} has the wrong type", "write a list"),
    ],
)
def test_bad_policy_is_told_field_problem_and_remedy(
    spec: dict[str, Any], field: str, problem: str, remedy: str | None
) -> None:
    mistake = only_mistake(spec)
    assert (mistake.where, mistake.field, mistake.problem) == (WHERE, field, problem)
    assert remedy is None or mistake.remedy == remedy
    assert "\n" not in str(mistake)


def test_all_mistakes_are_listed_and_the_first_is_raised_with_their_number() -> None:
    spec = {"mode": "Banana", "moving": {"jobs": 1}, "graceSeconds": -1}
    found = mistakes(PackingPolicySpec, spec, where=WHERE, at="spec")
    assert [each.field for each in found] == ["spec.mode", "spec.graceSeconds", "spec.moving.jobs"]
    with pytest.raises(InputError, match=r"^PackingPolicy p: spec\.mode: .*\(2 more mistakes here"):
        checked(PackingPolicySpec, spec, where=WHERE, at="spec")


def test_opposite_requirements_on_different_labels_are_no_contradiction() -> None:
    selector = {
        "matchLabels": {"a": "b"},
        "matchExpressions": [
            {"key": "c", "operator": "DoesNotExist"},
            {"key": "a", "operator": "NotIn", "values": ["x"]},
        ],
    }
    assert not mistakes(PackingPolicySpec, {"scope": {"pods": selector}}, where=WHERE)


@pytest.mark.parametrize("value", [None, [], "x"])
def test_whole_object_of_the_wrong_shape_is_refused_in_one_line(value: object) -> None:
    (mistake,) = mistakes(PackingPolicy, value, where="p.yaml, document 1")
    assert mistake.field == ""
    assert str(mistake).startswith("p.yaml, document 1: ")


def test_foreign_kind_is_refused() -> None:
    document = {"apiVersion": "restow.dev/v2", "kind": "PackingPolicy", "metadata": {}}
    (mistake,) = mistakes(PackingPolicy, document, where="x")
    assert (mistake.field, mistake.remedy) == ("apiVersion", "use restow.dev/v1alpha1")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "manifests/samples").glob("policy-*.yaml")), ids=lambda path: path.stem
)
def test_sample_policies_are_valid(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        policy = checked(PackingPolicy, document, where=path.name)
        assert policy.spec.mode.value.lower() in path.stem
