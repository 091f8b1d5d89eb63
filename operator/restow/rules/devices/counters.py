"""What is left of the counters that partitions of devices share.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go: `checkAvailableCounters`, `deallocateCountersForDevice`.
"""

from collections.abc import Mapping, Sequence

from restow.rules.devices.held import Held
from restow.rules.devices.pools import Pool, PoolId, Unit

Left = Mapping[tuple[str, str], int]
"""By counter set and counter."""


class CountersLeft:
    """The counters of a node's pools in the course of a search."""

    def __init__(self, pools: Sequence[Pool], held: Held) -> None:
        self._pools = {each.id: each for each in pools}
        self._held = held
        self._first: dict[PoolId, Left] = {}
        self._drawn: dict[PoolId, dict[tuple[str, str], int]] = {}

    def ever_suffice(self, unit: Unit) -> bool:
        """Return whether they would suffice for the device alone."""
        return _suffice(self._at_first(unit.pool), {}, unit)

    def suffice(self, unit: Unit) -> bool:
        """Return whether no counter of the pool is overdrawn when the device is taken."""
        return _suffice(self._at_first(unit.pool), self._drawn.get(unit.pool, {}), unit)

    def draw(self, unit: Unit, times: int) -> None:
        """Take what the device needs; `times` is -1 to give it back."""
        drawn = self._drawn.setdefault(unit.pool, {})
        for name, amount in _needs(unit).items():
            drawn[name] = drawn.get(name, 0) + times * amount

    def drawn(self, pool: PoolId) -> frozenset[tuple[tuple[str, str], int]]:
        """Return what the search has drawn of the pool's counters."""
        return frozenset(each for each in self._drawn.get(pool, {}).items() if each[1])

    def _at_first(self, found: PoolId) -> Left:
        """Return what the pool has of its counters, those of allocated devices taken off."""
        if found not in self._first:
            pool = self._pools[found]
            left = {
                (each, name): amount
                for each, amounts in pool.counters.items()
                for name, amount in amounts.items()
            }
            for unit in (*pool.units, *pool.others):
                if unit.device.consumes and self._held.is_any(unit.id):
                    for name, amount in _needs(unit).items():
                        left[name] -= amount
            self._first[found] = left
        return self._first[found]


def _suffice(first: Left, drawn: Left, unit: Unit) -> bool:
    needs = _needs(unit)
    return all(amount >= drawn.get(name, 0) + needs.get(name, 0) for name, amount in first.items())


def _needs(unit: Unit) -> Left:
    needs: dict[tuple[str, str], int] = {}
    for each in unit.device.consumes:
        for name, amount in each.amounts.items():
            needs[each.set, name] = needs.get((each.set, name), 0) + amount
    return needs
