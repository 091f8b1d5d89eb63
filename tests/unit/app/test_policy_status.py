from datetime import timedelta

import pytest

from restow.app.desk import SeenPolicy, read_policy
from restow.app.policy_status import Facts, status_of
from restow.core.ids import ObjectKey
from restow.planning.formulation import Usage
from restow.policies.coverage import Overlap
from restow.policies.packing_policy import PackingPolicyStatus
from tests.support.objects import NOW


def seen(**spec: object) -> SeenPolicy:
    return read_policy({"metadata": {"name": "p", "generation": 3}, "spec": spec})


def told(status: PackingPolicyStatus, kind: str) -> tuple[str, str]:
    (condition,) = [each for each in status.conditions if each.type == kind]
    return condition.status.value, condition.reason


WINDOW = {"cron": "0 13 * * *", "durationSeconds": 3600}


@pytest.mark.parametrize(
    ("spec", "usage", "expected"),
    [
        ({"mode": "Observe"}, Usage(), ("False", "Observing")),
        ({"mode": "Approve"}, Usage(), ("True", "Approving")),
        ({"mode": "Act"}, Usage(moves=99), ("True", "Acting")),
        ({"mode": "Act"}, Usage(moves=100), ("False", "LimitReached")),
        ({"mode": "Act"}, Usage(evictions=50), ("False", "LimitReached")),
        ({"mode": "Act", "windows": [WINDOW]}, Usage(), ("False", "WindowClosed")),
        ({"mode": "Banana"}, Usage(), ("False", "Invalid")),
    ],
)
def test_active_says_whether_plans_may_be_carried_out(
    spec: dict[str, object], usage: Usage, expected: tuple[str, str]
) -> None:
    assert told(status_of(seen(**spec), Facts(usage=usage), NOW), "Active") == expected


def test_an_unusable_policy_is_told_field_and_remedy() -> None:
    status = status_of(seen(mode="Banana"), Facts(), NOW)
    (valid,) = [each for each in status.conditions if each.type == "Valid"]
    assert valid.status.value == "False"
    assert valid.message.startswith("spec.mode: ")
    assert valid.observed_generation == 3


def test_overlaps_name_who_governs() -> None:
    shared = Overlap(governing="a", others=("p",), pods=4, example=ObjectKey("default", "x"))
    status = status_of(seen(), Facts(overlaps=(shared,)), NOW)
    assert told(status, "Overlaps") == ("True", "Overlapping")
    foreign = Overlap(governing="a", others=("b",), pods=4, example=ObjectKey("default", "x"))
    assert told(status_of(seen(), Facts(overlaps=(foreign,)), NOW), "Overlaps")[0] == "False"


def test_the_next_window_is_named_while_none_is_open() -> None:
    status = status_of(seen(windows=[WINDOW]), Facts(), NOW)
    assert status.next_window == NOW + timedelta(hours=1)
    assert status_of(seen(windows=[WINDOW]), Facts(), NOW + timedelta(hours=1)).next_window is None


def test_saying_the_same_again_changes_nothing() -> None:
    first = status_of(seen(), Facts(pending=2), NOW)
    again = read_policy(
        {
            "metadata": {"name": "p", "generation": 3},
            "spec": {},
            "status": first.model_dump(mode="json", by_alias=True, exclude_none=True),
        }
    )
    assert status_of(again, Facts(pending=2), NOW + timedelta(minutes=5)) == first
