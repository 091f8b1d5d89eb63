"""The rescheduling section: what contradicts itself is refused with a remedy."""

from fractions import Fraction
from typing import Any

import pytest

from restow.policies.invalid import mistakes
from restow.policies.packing_policy import PackingPolicySpec
from restow.policies.rescheduling import Rescheduling


def told(section: dict[str, Any]) -> list[tuple[str, str]]:
    spec = {"rescheduling": section}
    found = mistakes(PackingPolicySpec, spec, where="PackingPolicy p", at="spec")
    return [(each.field, each.problem) for each in found]


@pytest.mark.parametrize(
    ("section", "field", "problem"),
    [
        (
            {"objective": "Consolidate", "untilFragmentation": 0.1},
            "untilFragmentation",
            "Consolidate has no use for it",
        ),
        ({"untilUtilization": 0.8}, "untilUtilization", "Defragment has no use for it"),
        ({"objective": "Balance"}, "untilUtilization", "Balance needs it"),
        (
            {"objective": "Balance", "untilUtilization": 0.8, "pricePerMigration": "1"},
            "pricePerMigration",
            "Balance has no use for it",
        ),
        ({"drain": {}}, "drain", "Defragment has no use for it"),
        ({"pricePerMigration": "much"}, "pricePerMigration", "'much' is no quantity"),
        ({"pricePerMigration": "-1"}, "pricePerMigration", "'-1' is below nothing"),
        (
            {"pricePerMigration": "1", "untilFragmentation": 0.1},
            "pricePerMigration",
            "a goal is to be reached whatever the migrations cost",
        ),
        (
            {"shapes": ["cpu=1"], "learnShapesDays": 7},
            "learnShapesDays",
            "shapes are written already",
        ),
        (
            {"schedule": {"cron": "0 3 * * *", "timeZone": "Mars/Olympus"}},
            "schedule.timeZone",
            "the time zone 'Mars/Olympus' is not known",
        ),
        (
            {"schedule": {"cron": "0 0 30 2 *"}},
            "schedule.cron",
            "'0 0 30 2 *' has a bad day-of-month",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(
    section: dict[str, Any], field: str, problem: str
) -> None:
    assert told(section) == [(f"spec.rescheduling.{field}", problem)]


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"objective": "Drain"},
        {"objective": "Drain", "drain": {"matchLabels": {"pool": "old"}}},
        {"objective": "Balance", "untilUtilization": 0.8},
        {"objective": "Consolidate", "pricePerMigration": "100m"},
        {"schedule": {"cron": "0 3 * * *", "timeZone": "Europe/Berlin"}, "movesPerNode": 2},
        {"learnShapesDays": 7},
    ],
)
def test_what_fits_together_is_taken(section: dict[str, Any]) -> None:
    assert told(section) == []


@pytest.mark.parametrize(
    ("text", "price"), [(None, Fraction(0)), ("2", Fraction(2)), ("500m", Fraction(1, 2))]
)
def test_a_price_is_exact(text: str | None, price: Fraction) -> None:
    assert Rescheduling(price_per_migration=text).price() == price


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"movesPerDay": 5}, "20 moves per plan cannot fit in 5 per day"),
        ({"concurrentMoves": 0}, "0 is too small"),
    ],
)
def test_limits_that_cannot_be_kept_are_named(limits: dict[str, Any], problem: str) -> None:
    found = mistakes(PackingPolicySpec, {"limits": limits}, where="p", at="spec")
    assert [each.problem for each in found] == [problem]
