"""A search for devices as plain as upstream's: everything is tried, nothing is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from restow.cluster.devices import DeviceConstraint, DeviceRequest, DeviceWish, ResourceClaim

SLOTS = 3
"""Of the one counter that devices draw on."""
MEMORY = 2
"""Of each device."""


class BrokenError(Exception):
    """What upstream ends its attempt with."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A device; without a model every selector fails on it."""

    model: str | None
    numa: int | None
    slots: int
    shared: bool
    sick: bool


@dataclass(kw_only=True)
class Backtracking:
    """Searches devices for claims, whose wishes name a model by a selector that ends with it."""

    things: Sequence[Thing]
    claims: Sequence[ResourceClaim]
    picks: list[tuple[int, str, DeviceWish, int]] = field(default_factory=list)
    """Claim, request, wish and device, in order."""

    def run(self) -> list[list[int]] | str | None:
        """Return the devices per claim, None if there are too few, `error` if that ends it."""
        try:
            for claim in self.claims:
                for request in claim.requests:
                    for wish in _wishes(request):
                        self._all(wish)
            if not self._claim(0, 0):
                return None
        except BrokenError:
            return "error"
        return [
            [device for claim, _, _, device in self.picks if claim == number]
            for number in range(len(self.claims))
        ]

    def _claim(self, number: int, place: int) -> bool:
        if number == len(self.claims):
            return True
        requests = self.claims[number].requests
        if place == len(requests):
            return self._claim(number + 1, 0)
        return any(self._wish(number, place, each, 0, 0) for each in _wishes(requests[place]))

    def _wish(self, number: int, place: int, wish: DeviceWish, got: int, start: int) -> bool:
        everything = self._all(wish)
        if everything is not None and not everything:
            return False
        if got == (wish.count if everything is None else len(everything)):
            return self._claim(number, place + 1)
        choice = range(start, len(self.things)) if everything is None else everything[got : got + 1]
        name = self.claims[number].requests[place].name
        for device in choice:
            if self._takes(number, name, wish, device):
                self.picks.append((number, name, wish, device))
                if self._wish(number, place, wish, got + 1, device + 1):
                    return True
                self.picks.pop()
        return False

    def _all(self, wish: DeviceWish) -> list[int] | None:
        if wish.mode != "All":
            return None
        return [each for each in range(len(self.things)) if self._suits(wish, each)]

    def _suits(self, wish: DeviceWish, device: int) -> bool:
        if not wish.selectors:
            return wish.capacity.get("mem", 0) <= MEMORY * 10**9
        if self.things[device].model is None:
            raise BrokenError
        asked = str(wish.selectors[0])
        named = asked.endswith(f'"{self.things[device].model}"')
        return named and wish.capacity.get("mem", 0) <= MEMORY * 10**9

    def _takes(self, number: int, name: str, wish: DeviceWish, device: int) -> bool:
        must = wish.mode == "All"
        thing = self.things[device]
        holders = [claim for claim, _, _, other in self.picks if other == device]
        if not thing.shared and (number in holders if wish.admin else holders):
            return False
        if not must and not (self._suits(wish, device) and self._has_memory(wish, device)):
            return False
        if not self._has_slots(device) or (thing.sick and not wish.tolerations):
            return False
        limits = self.claims[number].constraints
        if not all(self._agrees(each, number, name, device) for each in limits):
            if must:
                raise BrokenError
            return False
        return self._has_memory(wish, device)

    def _has_memory(self, wish: DeviceWish, device: int) -> bool:
        if not self.things[device].shared:
            return True
        asked = [wish, *(each for _, _, each, other in self.picks if other == device)]
        return sum(each.capacity.get("mem", MEMORY * 10**9) for each in asked) <= MEMORY * 10**9

    def _has_slots(self, device: int) -> bool:
        drawing = [other for _, _, _, other in self.picks]
        if device in drawing and self.things[device].shared:
            return True
        drawn = [each for each in drawing if not self.things[each].shared]
        drawn += {each for each in drawing if self.things[each].shared}
        return sum(self.things[each].slots for each in [*drawn, device]) <= SLOTS

    def _agrees(self, found: DeviceConstraint, number: int, name: str, device: int) -> bool:
        if found.requests and name not in found.requests:
            return True
        others = [
            self.things[each].numa
            for claim, request, _, each in self.picks
            if claim == number and (not found.requests or request in found.requests)
        ]
        numa = self.things[device].numa
        if numa is None:
            return False
        return not others or (numa == others[0] if found.match else numa not in others)


def _wishes(request: DeviceRequest) -> tuple[DeviceWish, ...]:
    return (request.exactly,) if request.exactly is not None else request.first_available
