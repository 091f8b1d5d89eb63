"""What of a node's devices is still free in the course of a search.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go: `allocateDevice`, `rollbackDevice`.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Final

from restow.cluster.devices import (
    NO_QUANTITIES,
    DeviceTaint,
    DeviceToleration,
    Quantities,
    ResourceClaim,
)
from restow.rules.devices import capacity
from restow.rules.devices.allocations import Pick
from restow.rules.devices.constraints import Constraint
from restow.rules.devices.counters import CountersLeft
from restow.rules.devices.pools import DeviceId, Pool, PoolId, Unit
from restow.rules.devices.stock import Stock
from restow.rules.devices.wants import AbortError, UnknownError, Want

_BLOCKING: Final = frozenset({"NoSchedule", "NoExecute"})


class Candidates:
    """The devices of a node, and those that the claims have taken so far."""

    def __init__(
        self,
        claims: Sequence[ResourceClaim],
        pools: Sequence[Pool],
        stock: Stock,
        *,
        only: frozenset[DeviceId] | None = None,
    ) -> None:
        self.picks: list[list[Pick]] = [[] for _ in claims]
        """Per claim, what it has taken, in order."""
        self.units: Sequence[Unit] = tuple(
            unit
            for each in pools
            if not each.flaw
            for unit in each.units
            if only is None or unit.id in only
        )
        """What there is to choose from, in order."""
        self._held = stock.held
        self._counters = CountersLeft(pools, stock.held)
        self._effort = stock.effort
        self._constraints = [[Constraint(one) for one in each.constraints] for each in claims]
        self._taken_by: dict[DeviceId, list[int]] = {}
        self._shares: dict[DeviceId, list[Quantities]] = {}

    def free(self, want: Want, start: int) -> Iterator[tuple[int, Unit]]:
        """Yield devices from place `start` on that the request selects and that are not in use."""
        for place in range(start, len(self.units)):
            self._effort.spend()
            unit = self.units[place]
            if self._serves(want, unit):
                yield place, unit

    def count(self, want: Want, start: int, most: int) -> int:
        """Return how many devices from `start` on may serve the request, `most` if it is more.

        Taking one never makes another one possible, so too few end the search at once, where
        upstream goes through all combinations. What fails on a device then fails here, as upstream
        comes to see all of them; otherwise it fails when it is that device's turn.

        Raises
        ------
        AbortError, UnknownError
            As `free`.
        """
        failed: AbortError | UnknownError | None = None
        found = 0
        for place in range(start, len(self.units)):
            if found >= most:
                return most
            self._effort.spend()
            try:
                found += self._serves(want, self.units[place])
            except (AbortError, UnknownError) as error:
                failed = failed or error
                found += 1
        if found < most and failed is not None:
            raise failed
        return found

    def ever_serves(self, want: Want, unit: Unit) -> bool:
        """Return whether the device could be taken for the request as the first of all.

        Raises
        ------
        AbortError, UnknownError
            As `free`.
        """
        held = self._held
        if held.is_whole(unit.id) and not want.wish.admin:
            return False
        serves = want.takes(unit) if want.units is None else unit in want.units
        if not serves or not want.suffices(unit, held.consumed(unit.id)):
            return False
        counted = unit.device.consumes and not (unit.device.shared and held.is_shared(unit.id))
        enough = not counted or self._counters.ever_suffice(unit)
        return enough and is_tolerated(unit, want.wish.tolerations)

    def sharing(self, unit: Unit) -> Hashable:
        """Return what tells a device that may be shared from another one, before the search."""
        if not unit.device.shared:
            return ()
        used = frozenset(self._held.consumed(unit.id).items())
        return unit.device.capacity, self._held.is_shared(unit.id), used

    def taken(self, unit: Unit, claim: int) -> Hashable:
        """Return what the search has taken of a device, as far as the claim sees it."""
        taken_by = self._taken_by.get(unit.id, ())
        shares = self._shares.get(unit.id)
        used = frozenset(self._used(unit.id).items()) if shares else None
        return bool(taken_by), claim in taken_by, used

    def drawn(self, pool: PoolId) -> Hashable:
        """Return what the search has drawn of the counters of a pool."""
        return self._counters.drawn(pool)

    def limits(self, claim: int) -> Sequence[Hashable]:
        """Return the state of each constraint of a claim."""
        return [each.state() for each in self._constraints[claim]]

    def _serves(self, want: Want, unit: Unit) -> bool:
        """Tell whether the device is free and selected, and has the capacity."""
        return (
            not self._in_use(want, unit)
            and want.takes(unit)
            and want.suffices(unit, self._used(unit.id))
        )

    def take(self, want: Want, unit: Unit) -> bool:
        """Take a device that `free` has just yielded; return False when that is not possible."""
        return self._admits(want, unit) and self._take(want, unit)

    def must_take(self, want: Want, unit: Unit) -> bool:
        """Take a device that the claim needs; return False when that is not possible.

        Raises
        ------
        AbortError
            When a constraint of the claim is against it.
        """
        if self._in_use(want, unit) or not self._admits(want, unit):
            return False
        if not self._constrained(want, unit):
            raise AbortError(
                f"claim {want.claim}, request {want.name}: cannot add device {unit.id} "
                "because a claim constraint would not be satisfied"
            )
        self._unconstrained(want)
        return want.suffices(unit, self._used(unit.id)) and self._take(want, unit)

    def _admits(self, want: Want, unit: Unit) -> bool:
        """Tell whether counters suffice for the device, and its taints are tolerated."""
        enough = not self._counted(unit) or self._counters.suffice(unit)
        return enough and is_tolerated(unit, want.wish.tolerations)

    def _take(self, want: Want, unit: Unit) -> bool:
        if not self._constrained(want, unit):
            return False
        self._pick(want, unit, counted=self._counted(unit))
        return True

    def give_back(self, claim: int) -> None:
        """Give back the device that the claim took last."""
        pick = self.picks[claim].pop()
        if pick.shared:
            self._shares[pick.unit.id].pop()
        else:
            self._taken_by[pick.unit.id].pop()
        self._unconstrained(pick.want)
        if pick.counted:
            self._counters.draw(pick.unit, -1)

    def _pick(self, want: Want, unit: Unit, *, counted: bool) -> None:
        taken = NO_QUANTITIES
        if unit.device.shared:
            taken = capacity.consumed(want.wish.capacity, unit.device.capacity)
            self._shares.setdefault(unit.id, []).append(taken)
        else:
            self._taken_by.setdefault(unit.id, []).append(want.number)
        if counted:
            self._counters.draw(unit, 1)
        self.picks[want.number].append(Pick(want, unit, taken, counted))

    def _in_use(self, want: Want, unit: Unit) -> bool:
        """Tell whether the device is in use; who has admin access minds only its own claim."""
        taken_by = self._taken_by.get(unit.id, ())
        if want.wish.admin:
            return want.number in taken_by
        return bool(taken_by) or self._held.is_whole(unit.id)

    def _used(self, device: DeviceId) -> Mapping[str, int]:
        shares = self._shares.get(device)
        used = self._held.consumed(device)
        if not shares:
            return used
        names = {name for each in (used, *shares) for name in each}
        return {
            name: used.get(name, 0) + sum(each.get(name, 0) for each in shares) for name in names
        }

    def _counted(self, unit: Unit) -> bool:
        """Tell whether taking the device draws on counters: a further share does not, again."""
        if not unit.device.consumes:
            return False
        shared = self._held.is_shared(unit.id) or bool(self._shares.get(unit.id))
        return not (unit.device.shared and shared)

    def _constrained(self, want: Want, unit: Unit) -> bool:
        """Take the device into the claim's constraints, into all of them or none."""
        for number, each in enumerate(self._constraints[want.number]):
            if not each.add(want.request, want.alternative, unit):
                for earlier in self._constraints[want.number][:number]:
                    earlier.remove(want.request, want.alternative)
                return False
        return True

    def _unconstrained(self, want: Want) -> None:
        for each in self._constraints[want.number]:
            each.remove(want.request, want.alternative)


def is_tolerated(unit: Unit, tolerations: Sequence[DeviceToleration]) -> bool:
    """Return whether no taint of the device keeps newcomers with these tolerations away."""
    return all(
        each.effect not in _BLOCKING or any(_tolerates(one, each) for one in tolerations)
        for each in unit.device.taints
    )


def _tolerates(toleration: DeviceToleration, taint: DeviceTaint) -> bool:
    """Tell whether it does (`resourceclaim/devicetoleration.go: ToleratesTaint`)."""
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator == "Equal" and toleration.value == taint.value
