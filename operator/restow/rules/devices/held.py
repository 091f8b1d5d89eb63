"""Which devices allocated claims hold, whole or in shares.

Source: `plugins/dynamicresources/allocateddevices.go: foreachAllocatedDevice`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from restow.cluster.devices import AllocatedDevice, Allocation
from restow.rules.devices.pools import DeviceId


@dataclass(slots=True)
class Counts:
    """Claims per device that they hold whole, or a share of; and what shares consume of it."""

    whole: dict[DeviceId, int] = field(default_factory=dict)
    shares: dict[DeviceId, int] = field(default_factory=dict)
    consumed: dict[DeviceId, dict[str, int]] = field(default_factory=dict)

    def copy(self) -> "Counts":
        """Return independent counts."""
        consumed = {device: dict(found) for device, found in self.consumed.items()}
        return Counts(dict(self.whole), dict(self.shares), consumed)

    def count(self, found: AllocatedDevice, change: int) -> None:
        """Count a device; admin access holds none."""
        if found.admin:
            return
        device = DeviceId(found.driver, found.pool, found.device)
        if found.share is None:
            self.whole[device] = self.whole.get(device, 0) + change
            return
        self.shares[device] = self.shares.get(device, 0) + change
        consumed = self.consumed.setdefault(device, {})
        for name, amount in found.consumed.items():
            consumed[name] = consumed.get(name, 0) + change * amount


class Held:
    """What is held; a copy costs what has changed since `of`."""

    def __init__(self, below: Counts, changed: Counts) -> None:
        self._below = below
        self._changed = changed

    @classmethod
    def of(cls, allocations: Iterable[Allocation]) -> Self:
        """Return what these allocations hold."""
        below = Counts()
        for each in allocations:
            for device in each.devices:
                below.count(device, 1)
        return cls(below, Counts())

    def copy(self) -> "Held":
        """Return an independent one in the same state."""
        return Held(self._below, self._changed.copy())

    def add(self, allocation: Allocation) -> None:
        """Hold the devices of an allocation."""
        for each in allocation.devices:
            self._changed.count(each, 1)

    def remove(self, allocation: Allocation) -> None:
        """Free the devices of an allocation."""
        for each in allocation.devices:
            self._changed.count(each, -1)

    def is_whole(self, device: DeviceId) -> bool:
        """Return whether a claim holds the whole device."""
        return self._below.whole.get(device, 0) + self._changed.whole.get(device, 0) > 0

    def is_shared(self, device: DeviceId) -> bool:
        """Return whether a claim holds a share of the device."""
        return self._below.shares.get(device, 0) + self._changed.shares.get(device, 0) > 0

    def is_any(self, device: DeviceId) -> bool:
        """Return whether a claim holds the device or a share of it."""
        return self.is_whole(device) or self.is_shared(device)

    def consumed(self, device: DeviceId) -> Mapping[str, int]:
        """Return what shares have consumed of each capacity."""
        below = self._below.consumed.get(device, {})
        changed = self._changed.consumed.get(device)
        if changed is None:
            return below
        return {name: below.get(name, 0) + changed.get(name, 0) for name in {*below, *changed}}
