from datetime import timedelta

from restow.policies.conditions import Condition, ConditionStatus, put
from tests.support.objects import NOW

LATER = NOW + timedelta(minutes=1)
VALID = Condition(
    type="Valid", status=ConditionStatus.TRUE, reason="Checked", last_transition_time=NOW
)


def test_same_status_keeps_its_transition_time_and_takes_the_new_message() -> None:
    again = VALID.model_copy(update={"message": "still", "last_transition_time": LATER})
    (kept,) = put((VALID,), again)
    assert (kept.message, kept.last_transition_time) == ("still", NOW)


def test_changed_status_takes_the_new_time() -> None:
    broken = VALID.model_copy(
        update={"status": ConditionStatus.FALSE, "last_transition_time": LATER}
    )
    assert put((VALID,), broken) == (broken,)


def test_conditions_are_sorted_and_others_stay() -> None:
    active = VALID.model_copy(update={"type": "Active"})
    assert put((VALID,), active) == (active, VALID)
