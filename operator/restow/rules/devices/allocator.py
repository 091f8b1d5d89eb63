"""Which devices kube-scheduler would give to the claims of a pod on a node.

An exhaustive search that ends with the first solution: claim after claim, request after request,
device after device, in the order in which upstream tries them.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go, the variant that kube-scheduler 1.37 uses by default.
"""

from collections.abc import Sequence
from typing import Final

from restow.cluster.devices import Allocation, ResourceClaim
from restow.cluster.objects import Node
from restow.rules.devices.allocations import Pick, allocation
from restow.rules.devices.candidates import Candidates
from restow.rules.devices.pools import INVALID, DeviceId
from restow.rules.devices.stock import Stock
from restow.rules.devices.wants import MOST, Place, UnknownError, Want, Wants, wants

DEEPEST: Final = 160
"""Devices of one pod: the search goes two calls deeper per device, and Python 1,000 in all."""


class HereOnlyError(Exception):
    """The allocation fails on this node, for a reason of its own."""


class _TooManyError(Exception):
    """More devices than a claim may have, whatever else is tried."""


def allocate(
    claims: Sequence[ResourceClaim],
    node: Node,
    stock: Stock,
    *,
    only: frozenset[DeviceId] | None = None,
) -> tuple[Allocation, ...] | None:
    """Return what each of the claims would get on the node, None when not all get enough.

    Parameters
    ----------
    only
        The devices to choose from, None for all.

    Raises
    ------
    AbortError
        When kube-scheduler ends its attempt for the pod.
    HereOnlyError
        When it passes the node over, for another reason than too few devices.
    UnknownError
        When restow cannot tell: a selector that it does not understand, or too long a search.
    """
    stock.effort.begin()
    pools = stock.inventory.pools(node)
    asked = wants(claims, Place(node, pools, stock.classes))
    if sum(max(each.count for each in found) for one in asked for found in one) > DEEPEST:
        raise UnknownError(f"its claims ask for more than {DEEPEST} devices together")
    search = _Search(asked, Candidates(claims, pools, stock, only=only))
    if search.one(0, 0):
        return tuple(allocation(each, node) for each in search.picks)
    if any(each.flaw == INVALID for each in pools):
        raise HereOnlyError("invalid resource pools were encountered")
    return None


class _Search:
    def __init__(self, asked: Wants, candidates: Candidates) -> None:
        self._asked = asked
        self._candidates = candidates

    @property
    def picks(self) -> list[list[Pick]]:
        return self._candidates.picks

    def one(self, claim: int, request: int) -> bool:
        """Satisfy everything from this request on; False leaves all as it was."""
        if claim == len(self._asked):
            return True
        if request == len(self._asked[claim]):
            try:
                return self.one(claim + 1, 0)
            except _TooManyError:
                return False
        alternatives = self._asked[claim][request]
        if not alternatives[0].alternative:
            return self._device(alternatives[0], 0, 0)
        return self._first_available(alternatives)

    def _first_available(self, alternatives: Sequence[Want]) -> bool:
        too_many = True
        for each in alternatives:
            try:
                done = self._device(each, 0, 0)
            except _TooManyError:
                continue
            if done:
                return True
            too_many = False
        if too_many:
            raise _TooManyError
        return False

    def _device(self, want: Want, number: int, start: int, *, sure: bool = False) -> bool:
        """Take the device `number` of the request, and everything that follows.

        `sure`: as many as it needs are known to be there from `start` on.
        """
        if number >= want.count:
            return want.units != () and self.one(want.number, want.place + 1)
        if want.count - number > MOST - len(self.picks[want.number]):
            raise _TooManyError
        if want.units is not None:
            taken = self._candidates.must_take(want, want.units[number])
            return taken and self._go_on(want, number + 1, 0)
        if not sure and not self._candidates.enough(want, start, want.count - number):
            return False
        sure = True  # as long as none of those counted has been passed over
        for place, unit in self._candidates.free(want, start):
            if self._candidates.take(want, unit) and self._go_on(
                want, number + 1, place + 1, sure=sure
            ):
                return True
            sure = False
        return False

    def _go_on(self, want: Want, number: int, start: int, *, sure: bool = False) -> bool:
        """Take the further devices; give the last one back when that fails."""
        done = False
        try:
            done = self._device(want, number, start, sure=sure)
        finally:
            if not done:
                self._candidates.give_back(want.number)
        return done
