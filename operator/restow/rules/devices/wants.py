"""The requests of claims, looked through once per node before any device is taken.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go: `validateDeviceRequest`, `isSelectable`, and `Allocate` up to the search.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from restow.cluster.devices import DeviceClass, DeviceRequest, DeviceWish, ResourceClaim
from restow.cluster.objects import Node
from restow.core.ids import ObjectKey
from restow.rules.devices import capacity
from restow.rules.devices.capacity import CapacityError
from restow.rules.devices.pools import DeviceId, Pool, Unit
from restow.rules.devices.selectors import Facts, SelectorError, UnreadableError, matches

MOST: Final = 32
"""Devices per claim (`AllocationResultsMaxSize`)."""


class AbortError(Exception):
    """kube-scheduler ends its attempt for the pod, whatever other nodes say."""


class UnknownError(Exception):
    """restow cannot tell what the allocator would do."""


@dataclass(slots=True, kw_only=True)
class Want:
    """A request of a claim, or one of its alternatives, on one node.

    Parameters
    ----------
    number, place
        Of its claim among those to be allocated, and of the request in the claim.
    request, alternative
        Names; `alternative` is empty for a request without any.
    count
        Devices it needs.
    units
        Those devices, when it asks for all; None otherwise.
    """

    claim: ObjectKey
    number: int
    place: int
    request: str
    alternative: str
    wish: DeviceWish
    found: DeviceClass
    node: Node
    count: int = 0
    units: tuple[Unit, ...] | None = None
    _takes: dict[DeviceId, bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name upstream uses in its texts."""
        return self.alternative or self.request

    def takes(self, unit: Unit) -> bool:
        """Return whether class and request select the device, and the node reaches it.

        Raises
        ------
        AbortError
            When a selector fails.
        UnknownError
            When restow cannot read one.
        """
        if unit.id not in self._takes:
            self._takes[unit.id] = (
                self._selects(unit, f"class {self.found.name}", self.found.selectors)
                and self._selects(unit, f"claim {self.claim}", self.wish.selectors)
                and unit.reached(self.node)
            )
        return self._takes[unit.id]

    def suffices(self, unit: Unit, used: Mapping[str, int]) -> bool:
        """Return whether the device has the capacity that is asked of it.

        Raises
        ------
        AbortError
            When upstream cannot represent an amount.
        """
        if not self.wish.capacity and not unit.device.shared:
            return True  # it is taken whole
        try:
            return capacity.suffices(self.wish.capacity, unit.device.capacity, used=used)
        except CapacityError as error:
            where = f"claim {self.claim}, request {self.name}: checking capacity for device"
            raise AbortError(f"{where} {unit.id}: {error}") from None

    def _selects(self, unit: Unit, whose: str, selectors: Sequence[str | None]) -> bool:
        return all(
            _asked(each, unit.facts, f"{whose}: selector #{number}", unit.id)
            for number, each in enumerate(selectors)
        )


def _asked(expression: str | None, device: Facts, where: str, device_id: DeviceId) -> bool:
    if expression is None:
        raise UnknownError(f"{where} is of a kind that restow does not know")
    try:
        return matches(expression, device)
    except SelectorError as error:
        raise AbortError(f"{where} on device {device_id}: CEL runtime error: {error}") from None
    except UnreadableError as error:
        raise UnknownError(f"{where} cannot be read: {error}") from None


Wants = tuple[tuple[tuple[Want, ...], ...], ...]
"""Per claim, per request, its alternatives; one without any is its own only one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node, the pools it reaches, and the classes that there are."""

    node: Node
    pools: Sequence[Pool]
    classes: Mapping[str, DeviceClass]


def wants(claims: Iterable[ResourceClaim], place: Place) -> Wants:
    """Return what the claims want in a place.

    Raises
    ------
    AbortError
        When kube-scheduler ends its attempt for it.
    UnknownError
        When restow cannot read a selector.
    """
    return tuple(tuple(_of_claim(each, number, place)) for number, each in enumerate(claims))


def _of_claim(claim: ResourceClaim, number: int, place: Place) -> Iterator[tuple[Want, ...]]:
    least = 0
    for position, request in enumerate(claim.requests):
        blank = _Blank(claim, number, position)
        found = tuple(_want(blank, wish, place) for wish in wishes(request))
        fewest = min((each.count for each in found), default=0)
        if fewest > MOST - least:
            raise AbortError(
                f"claim {claim.key}, request {request.name}: adding {fewest} devices exceeds the "
                f"claim limit of {MOST}, with {least} already accounted for"
            )
        least += fewest
        yield found
    for index, each in enumerate(claim.constraints):
        if each.match is None and each.distinct is None:
            what = "empty constraint (unsupported constraint type?)"
            raise AbortError(f"claim {claim.key}, constraint #{index}: {what}")


def wishes(request: DeviceRequest) -> tuple[DeviceWish, ...]:
    """Return the alternatives of a request in order of preference, or what it asks for exactly."""
    return request.first_available or (() if request.exactly is None else (request.exactly,))


class _Blank(NamedTuple):
    """A request of a claim, before it is looked at."""

    claim: ResourceClaim
    number: int
    place: int


def _want(blank: _Blank, wish: DeviceWish, place: Place) -> Want:
    claim = blank.claim
    request = claim.requests[blank.place]
    alternative = wish.name if request.first_available else ""
    where = f"claim {claim.key}, request {alternative or request.name}"
    if wish.derived:
        raise AbortError(
            f"{where}: cannot handle request with derived attributes, the feature is disabled"
        )
    for number, each in enumerate(wish.selectors):
        if each is None:
            what = "CEL expression empty (unsupported selector type?)"
            raise AbortError(f"{where}, selector #{number}: {what}")
    found = place.classes.get(wish.device_class)
    if found is None:
        missing = f'deviceclass.resource.k8s.io "{wish.device_class}" not found'
        what = f"could not retrieve device class {wish.device_class}: {missing}"
        raise AbortError(f"{where}: {what}")
    made = Want(
        claim=claim.key,
        number=blank.number,
        place=blank.place,
        request=request.name,
        alternative=alternative,
        wish=wish,
        found=found,
        node=place.node,
        count=wish.count,
    )
    if wish.mode == "All":
        made.units = tuple(_all(made, place.pools, where))
        made.count = len(made.units)
    elif wish.mode != "ExactCount":
        raise AbortError(f"{where}: unsupported count mode {wish.mode}")
    return made


def _all(want: Want, pools: Sequence[Pool], where: str) -> Iterator[Unit]:
    """Yield all devices that the request selects, those in use as well."""
    for pool in pools:
        if pool.flaw:
            what = f"asks for all devices, but resource pool {pool.id} is currently {pool.flaw}"
            raise AbortError(f"{where}: {what}")
        yield from (unit for unit in pool.units if want.takes(unit) and want.suffices(unit, {}))
