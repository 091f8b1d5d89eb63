"""`matchAttribute` and `distinctAttribute`: what the devices of a claim have in common, or not.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go: `matchAttributeConstraint`, `lookupAttribute`, and constraint.go.
"""

from collections.abc import Hashable

from restow.cluster.devices import Attribute, DeviceConstraint
from restow.rules.devices.pools import Unit


class Constraint:
    """A constraint of a claim, and the values of the devices that it is about."""

    def __init__(self, found: DeviceConstraint) -> None:
        self._found = found
        self._attribute = named(found)
        self._values: list[Hashable] = []

    def add(self, request: str, alternative: str, unit: Unit) -> bool:
        """Take the device in; return False, and leave everything as it is, when it does not fit."""
        if not applies(self._found, request, alternative):
            return True
        attribute = lookup(unit, self._attribute)
        if attribute is None:
            return False
        value = comparable(attribute)
        if not self._fits(value):
            return False
        self._values.append(value)
        return True

    def remove(self, request: str, alternative: str) -> None:
        """Take out the device that was taken in last."""
        if applies(self._found, request, alternative):
            self._values.pop()

    def state(self) -> Hashable:
        """Return what decides which devices still fit."""
        return tuple(self._values[:1]) if self._found.match else frozenset(self._values)

    def _fits(self, value: Hashable) -> bool:
        if not self._values:
            return True
        if value is None:
            return False
        if self._found.match is not None:
            return self._values[0] == value
        return value not in self._values


def named(found: DeviceConstraint) -> str:
    """Return the attribute that a constraint is about."""
    return found.match or found.distinct or ""


def applies(found: DeviceConstraint, request: str, alternative: str) -> bool:
    """Return whether a constraint is about the devices of a request, or of its alternative."""
    if not found.requests or request in found.requests:
        return True
    return bool(alternative) and f"{request}/{alternative}" in found.requests


def lookup(unit: Unit, name: str) -> Attribute | None:
    """Return the attribute; the driver's own may go without its domain."""
    found = {each.name: each for each in unit.device.attributes}
    if name in found:
        return found[name]
    domain, slash, rest = name.partition("/")
    return found.get(rest) if slash and domain == unit.id.driver else None


def comparable(attribute: Attribute) -> Hashable:
    """Return what equals exactly the same value of the same kind; None for an unknown kind."""
    value = attribute.value
    return None if value is None else (type(value).__name__, value)
