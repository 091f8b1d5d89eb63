"""Consumable capacity is rounded and refused as upstream does it.

After `TestConsumableCapacity` in k8s.io/dynamic-resource-allocation v0.37.2,
structured/internal/incubating/consumable_capacity_test.go.
"""

import pytest

from restow.cluster.devices import Capacity, Policy, Range
from restow.core.quantity import value_nano
from restow.rules.devices.capacity import CapacityError, consumed, suffices
from tests.support.devices import quantities


def policy(
    *, default: str, least: str = "", most: str = "", step: str = "", values: tuple[str, ...] = ()
) -> Policy:
    def nano(text: str) -> int | None:
        return value_nano(text) if text else None

    span = Range(least=nano(least), most=nano(most), step=nano(step)) if least else None
    return Policy(default=nano(default), values=tuple(map(value_nano, values)), range=span)


STEPS = policy(default="1", least="1", most="8", step="2")
MILLI = policy(default="500m", least="500m", step="250m")
LISTED = policy(default="4", values=("2", "4", "8"))


def memory(found: Policy | None = None, value: str = "10") -> tuple[Capacity, ...]:
    return (Capacity(name="memory", value=value_nano(value), text=value, policy=found),)


@pytest.mark.parametrize(
    ("found", "asked", "taken"),
    [
        (None, None, "10"),
        (None, "3", "3"),
        (STEPS, None, "1"),
        (STEPS, "500m", "1"),
        (STEPS, "1", "1"),
        (STEPS, "2", "3"),
        (STEPS, "4", "5"),
        (MILLI, "500m", "1"),
        (MILLI, "600m", "1"),
        (MILLI, "1200m", "2"),
        (LISTED, None, "4"),
        (LISTED, "3", "4"),
        (LISTED, "9", "9"),
        (policy(default="2", least="1"), "3", "3"),
    ],
)
def test_a_request_takes_the_next_amount_that_is_given(
    found: Policy | None, asked: str | None, taken: str
) -> None:
    request = quantities() if asked is None else quantities(memory=asked)
    assert consumed(request, memory(found)) == quantities(memory=taken)


@pytest.mark.parametrize(
    ("found", "asked", "used", "enough"),
    [
        (None, "10", "0", True),
        (None, "10", "1", False),
        (None, "11", "0", False),
        (STEPS, "7", "0", True),
        (STEPS, "8", "0", False),  # 9 is over the range
        (STEPS, "7", "3", True),
        (STEPS, "7", "3500m", False),
        (LISTED, "8", "2", True),
        (LISTED, "9", "0", False),
    ],
)
def test_a_device_suffices_for_what_is_left(
    found: Policy | None, asked: str, used: str, enough: bool
) -> None:
    left = quantities(memory=used)
    assert suffices(quantities(memory=asked), memory(found), used=left) is enough


def test_a_device_without_the_capacity_does_not_suffice() -> None:
    assert not suffices(quantities(slots="1"), memory())


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        (policy(default="1", least="1", step="1"), "100u"),
        (policy(default="1", least="1", step="1u"), str(2**63)),
    ],
)
def test_small_requests_are_raised_and_the_largest_are_not_lost(found: Policy, asked: str) -> None:
    assert consumed(quantities(memory=asked), memory(found))["memory"] > 0


def test_what_cannot_be_represented_ends_the_attempt() -> None:
    with pytest.raises(CapacityError, match='capacity "memory": capacity request cannot'):
        consumed(quantities(memory="9E"), memory(policy(default="1", least="1", step="7E")))
    with pytest.raises(CapacityError, match="capacity value is negative"):
        consumed(quantities(memory="-1"), memory())
