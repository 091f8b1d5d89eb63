"""Which devices kube-scheduler would give to the claims of a pod on a node.

An exhaustive search that ends with the first solution: claim after claim, request after request,
device after device, in the order in which upstream tries them. What is known to lead nowhere is
left out, so that it finds what upstream finds, and ends sooner where that finds nothing.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
allocator_incubating.go, the variant that kube-scheduler 1.37 uses by default.
"""

from collections.abc import Hashable, Sequence
from typing import Final

from restow.cluster.devices import Allocation, ResourceClaim
from restow.cluster.objects import Node
from restow.rules.devices.allocations import Pick, allocation
from restow.rules.devices.candidates import Candidates
from restow.rules.devices.dead_ends import DeadEnds
from restow.rules.devices.pools import INVALID, DeviceId
from restow.rules.devices.stock import Effort, Stock
from restow.rules.devices.wants import MOST, Place, UnknownError, Want, Wants, wants

DEEPEST: Final = 160
"""Devices of one pod: the search goes two calls deeper per device, and Python 1,000 in all."""


LONGEST: Final = 2_000_000
"""Devices that kube-scheduler may look at on a node: fewer than in its 10 s (`FilterTimeout`)."""


class HereOnlyError(Exception):
    """The allocation fails on this node, for a reason of its own."""


class _TooManyError(Exception):
    """More devices than a claim may have; some other alternative of a request needs fewer."""


class _TooFewError(Exception):
    """There are not enough devices, whatever is tried."""


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
    most = sum(max(each.count for each in found) for one in asked for found in one)
    if most > DEEPEST:
        raise UnknownError(f"its claims ask for more than {DEEPEST} devices together")
    search = _Search(claims, asked, Candidates(claims, pools, stock, only=only), stock.effort)
    if search.find():
        return tuple(allocation(each, node) for each in search.picks)
    if any(each.flaw == INVALID for each in pools):
        raise HereOnlyError("invalid resource pools were encountered")
    return None


class _Search:
    """Upstream's search, less what is known to lead nowhere: it finds what upstream finds."""

    def __init__(
        self, claims: Sequence[ResourceClaim], asked: Wants, candidates: Candidates, effort: Effort
    ) -> None:
        self._asked = asked
        self._candidates = candidates
        self._dead_ends = DeadEnds(claims, asked, candidates)
        self._effort = effort
        self._begun = effort.spent
        self._saved = 0
        self._counted = False

    @property
    def picks(self) -> list[list[Pick]]:
        return self._candidates.picks

    @property
    def _theirs(self) -> int:
        """Devices that upstream has looked at when it comes as far, about."""
        return self._effort.spent - self._begun + self._saved

    def find(self) -> bool:
        """Satisfy all claims.

        Raises
        ------
        UnknownError
            When upstream may not come as far in its time.
        """
        try:
            found = self._one(0, 0)
        except _TooFewError:
            return False
        if found and self._theirs > LONGEST:
            raise UnknownError("kube-scheduler may take too long to find devices")
        return found

    def _one(self, claim: int, request: int) -> bool:
        """Satisfy everything from this request on; False leaves all as it was."""
        if claim == len(self._asked):
            return True
        if request == len(self._asked[claim]):
            return self._one(claim + 1, 0)
        spent = self._dead_ends.at(claim, request)
        if spent is not None:
            self._saved += spent
            return False
        before = self._theirs
        done = self._any_of(self._asked[claim][request])
        if not done:
            self._dead_ends.add(claim, request, self._theirs - before)
        return done

    def _any_of(self, alternatives: Sequence[Want]) -> bool:
        if not alternatives[0].alternative:
            return self._device(alternatives[0], 0, 0)
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
            return want.units != () and self._one(want.number, want.place + 1)
        needed = want.count - number
        if needed > MOST - len(self.picks[want.number]):
            raise _TooManyError
        if want.units is not None:
            taken = self._candidates.must_take(want, want.units[number])
            return taken and self._go_on(want, number + 1, 0)
        if not sure and (there := self._candidates.count(want, start, needed)) < needed:
            self._saved += 2**there  # upstream tries all that are fewer
            return False
        return self._one_of(want, number, start)

    def _one_of(self, want: Want, number: int, start: int) -> bool:
        """Take one of the free devices, and everything that follows; of those alike only one."""
        sure = True  # as long as none of those counted has been passed over
        failed: dict[Hashable, int] = {}
        for place, unit in self._candidates.free(want, start):
            spent = failed.get(self._dead_ends.kind(want, unit)) if failed else None
            if spent is not None:
                self._saved += spent
                continue
            before = self._theirs
            if self._candidates.take(want, unit):
                if self._go_on(want, number + 1, place + 1, sure=sure):
                    return True
                self._check()
                failed[self._dead_ends.kind(want, unit)] = self._theirs - before
            sure = False
        return False

    def _check(self) -> None:
        """Count, the first time that something is given back, whether all that is needed exists."""
        if not self._counted:
            self._counted = True
            if self._dead_ends.kinds.are_too_few():
                raise _TooFewError

    def _go_on(self, want: Want, number: int, start: int, *, sure: bool = False) -> bool:
        """Take the further devices; give the last one back when that fails."""
        done = False
        try:
            done = self._device(want, number, start, sure=sure)
        finally:
            if not done:
                self._candidates.give_back(want.number)
        return done
