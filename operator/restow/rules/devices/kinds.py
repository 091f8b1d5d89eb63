"""Which devices are alike for what a search still has to find, and what it can never find.

Two devices of one kind can trade places in whatever is chosen from some request on. Of several that
are alike a search tries one, and a state that differs from another one by such a trade has its end.
"""

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

from restow.cluster.devices import DeviceConstraint, ResourceClaim
from restow.rules.devices.candidates import Candidates
from restow.rules.devices.constraints import applies, comparable, lookup, named
from restow.rules.devices.pools import DeviceId, PoolId, Unit
from restow.rules.devices.wants import AbortError, UnknownError, Want, Wants

_FAILS: Final = "fails"
"""The use of a device that ends the search when its turn comes."""

_Use = Hashable
"""What a want sees of a device, None when it can never have it."""


class _Need(NamedTuple):
    """Devices that a request takes at least, and all that may serve it."""

    number: int
    units: frozenset[DeviceId]


class Kinds:
    """Tells devices apart by what the requests of a search can do with them."""

    def __init__(
        self, claims: Sequence[ResourceClaim], asked: Wants, candidates: Candidates
    ) -> None:
        self._constraints = [each.constraints for each in claims]
        self._asked = asked
        self._candidates = candidates
        self._uses: dict[DeviceId, tuple[_Use, ...]] = {}
        self._wants = [want for claim in asked for found in claim for want in found]
        self._draws: dict[tuple[int, int, PoolId], bool] = {}
        self._first: dict[tuple[int, int], int] = {}
        for number, want in enumerate(self._wants):
            self._first.setdefault((want.number, want.place), number)

    def of(self, claim: int, request: int, unit: Unit) -> Hashable:
        """Return the kind of a device from this request on, None when nothing can use it."""
        uses = self._of(unit)[self._first[claim, request] :]
        if all(each is None for each in uses):
            return None
        drawing = (unit.pool, unit.device.consumes) if unit.device.consumes else ()
        return uses, drawing, self._candidates.sharing(unit)

    def draws(self, claim: int, request: int, pool: PoolId) -> bool:
        """Return whether something from this request on can draw on the counters of the pool."""
        key = (claim, request, pool)
        if key not in self._draws:
            self._draws[key] = any(
                each.device.consumes
                and each.pool == pool
                and self.of(claim, request, each) is not None
                for each in self._candidates.units
            )
        return self._draws[key]

    def limits(self, claim: int, request: int) -> list[bool]:
        """Return which of the claim's constraints are about this request or a later one."""
        rest = [want for found in self._asked[claim][request:] for want in found]
        return [
            any(applies(each, want.request, want.alternative) for want in rest)
            for each in self._constraints[claim]
        ]

    def are_too_few(self) -> bool:
        """Return whether the devices do not suffice, whatever is chosen; False when in doubt.

        Where a device may end the search with an error, that is left to the search.
        """
        if self._may_fail():
            return False
        alone: list[_Need] = []
        for found in (each for claim in self._asked for each in claim):
            first = self._first[found[0].number, found[0].place]
            needs = map(self._need, range(first, first + len(found)))
            able = [each for each in needs if each is not None]
            if not able:
                return True
            units = frozenset[DeviceId]().union(*(each.units for each in able))
            if not self._is_shared(units) and not any(each.wish.admin for each in found):
                alone.append(_Need(min(each.number for each in able), units))
        return any(
            sum(each.number for each in alone if each.units <= units) > len(units)
            for units in {each.units for each in alone}
        )

    def _may_fail(self) -> bool:
        forced = any(want.units is not None and self._limits(want) for want in self._wants)
        return forced or any(
            use == _FAILS for unit in self._candidates.units for use in self._of(unit)
        )

    def _need(self, number: int) -> _Need | None:
        """Return what a want needs, None when it cannot have that even alone."""
        want = self._wants[number]
        units = [unit.id for unit in self._candidates.units if self._of(unit)[number] is not None]
        if want.units == () or want.count > len(units):
            return None
        return _Need(want.count, frozenset(units))

    def _is_shared(self, units: frozenset[DeviceId]) -> bool:
        return any(each.device.shared for each in self._candidates.units if each.id in units)

    def _limits(self, want: Want) -> list[DeviceConstraint]:
        found = self._constraints[want.number]
        return [each for each in found if applies(each, want.request, want.alternative)]

    def _of(self, unit: Unit) -> tuple[_Use, ...]:
        if unit.id not in self._uses:
            self._uses[unit.id] = tuple(self._use(each, unit) for each in self._wants)
        return self._uses[unit.id]

    def _use(self, want: Want, unit: Unit) -> _Use:
        try:
            serves = self._candidates.ever_serves(want, unit)
        except (AbortError, UnknownError):
            return _FAILS
        if not serves:
            return None
        limits = self._limits(want)
        if want.units is not None and limits:
            return unit.id  # their order tells whether a constraint ends the search
        found = [lookup(unit, named(each)) for each in limits]
        if any(each is None for each in found):
            return None
        return tuple(comparable(each) for each in found if each is not None)
