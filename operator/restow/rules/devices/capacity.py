"""Consumable capacity: how much a request takes of a device, and whether that is left.

Amounts are integers in billionths.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
consumable_capacity.go. Ranges are counted in whole units, rounded up: the gate
DRAFractionalCapacityRange is off while kube-scheduler stays compatible with 1.36, its default.
"""

from collections.abc import Iterable, Mapping

from restow.cluster.devices import NO_QUANTITIES, Capacity, Policy, Quantities, Range
from restow.core.quantity import LARGEST

_WHOLE = 10**9


class CapacityError(Exception):
    """Upstream ends the attempt: a request that its arithmetic cannot hold."""


def consumed(request: Quantities, capacity: Iterable[Capacity]) -> Quantities:
    """Return what a request takes of each capacity of a device.

    Raises
    ------
    CapacityError
        When an amount cannot be represented, or is negative.
    """
    return Quantities({each.name: _taken(request.get(each.name), each) for each in capacity})


def suffices(
    request: Quantities,
    capacity: tuple[Capacity, ...],
    *,
    used: Mapping[str, int] = NO_QUANTITIES,
) -> bool:
    """Return whether the device has the capacity beside what is used, in amounts it gives.

    Raises
    ------
    CapacityError
        When an amount cannot be represented, or is negative.
    """
    if not request.keys() <= {each.name for each in capacity}:
        return False
    taken = consumed(request, capacity)
    return all(
        not _violates(taken[each.name], each.policy)
        and used.get(each.name, 0) + taken[each.name] <= each.value
        for each in capacity
    )


def _taken(asked: int | None, capacity: Capacity) -> int:
    amount = _rounded(asked, capacity)
    if amount < 0:
        raise CapacityError(f'capacity "{capacity.name}": capacity value is negative')
    return amount


def _rounded(asked: int | None, capacity: Capacity) -> int:
    policy = capacity.policy
    if asked is None:
        return capacity.value if policy is None or policy.default is None else policy.default
    if policy is None:
        return asked
    if policy.range is not None and policy.range.least is not None:
        return _to_step(asked, policy.range.least, policy.range, capacity.name)
    return next((each for each in policy.values if asked <= each), asked)


def _to_step(asked: int, least: int, span: Range, name: str) -> int:
    if asked < least:
        return least
    if span.step is None:
        return asked
    if asked > LARGEST * _WHOLE:
        raise _unrepresentable(name)
    first, step = _whole(least), _whole(span.step)
    steps = -(-(_whole(asked) - first) // step)
    if steps > (LARGEST - first) // step:
        raise _unrepresentable(name)
    return (first + step * steps) * _WHOLE


def _unrepresentable(name: str) -> CapacityError:
    text = "capacity request cannot be represented in the device's range arithmetic"
    return CapacityError(f'capacity "{name}": {text}')


def _violates(amount: int, policy: Policy | None) -> bool:
    if policy is None or amount == policy.default:
        return False
    if policy.range is not None:
        return _outside(amount, policy.range)
    return bool(policy.values) and amount not in policy.values


def _outside(amount: int, span: Range) -> bool:
    if span.most is not None and amount > span.most:
        return True
    if span.step is None:
        return False
    return (_whole(amount) - _whole(span.least or 0)) % _whole(span.step) != 0


def _whole(amount: int) -> int:
    return -(-amount // _WHOLE)
