"""States of a search for devices from which nothing was found, so that none is searched twice."""

from collections import Counter
from collections.abc import Hashable, Sequence

from restow.cluster.devices import ResourceClaim
from restow.rules.devices.candidates import Candidates
from restow.rules.devices.kinds import Kinds
from restow.rules.devices.pools import Unit
from restow.rules.devices.wants import Want, Wants


class DeadEnds:
    """Remembers dead ends, each with what upstream, which remembers none, spends on it."""

    def __init__(
        self, claims: Sequence[ResourceClaim], asked: Wants, candidates: Candidates
    ) -> None:
        self.kinds = Kinds(claims, asked, candidates)
        self._candidates = candidates
        self._spent: dict[tuple[int, int], dict[Hashable, int]] = {}

    def at(self, claim: int, request: int) -> int | None:
        """Return what it took to find out, None if it is not known that this is a dead end."""
        known = self._spent.get((claim, request))
        return known.get(self._state(claim, request)) if known else None

    def add(self, claim: int, request: int, spent: int) -> None:
        """Remember that the requests from this one on cannot be satisfied as things are."""
        self._spent.setdefault((claim, request), {})[self._state(claim, request)] = spent

    def kind(self, want: Want, unit: Unit) -> Hashable:
        """Return what a device that the request may take has in common with those like it."""
        state = self._candidates.taken(unit, want.number)
        return self.kinds.of(want.number, want.place, unit), state

    def _state(self, claim: int, request: int) -> Hashable:
        """Return what of the search matters from this request on."""
        kinds, candidates = self.kinds, self._candidates
        units = {pick.unit.id: pick.unit for each in candidates.picks for pick in each}.values()
        taken = Counter(
            (kind, candidates.taken(unit, claim))
            for unit in units
            if (kind := kinds.of(claim, request, unit)) is not None
        )
        pools = {each.pool for each in units if each.device.consumes}
        drawn = [
            (each, candidates.drawn(each)) for each in pools if kinds.draws(claim, request, each)
        ]
        limits = zip(kinds.limits(claim, request), candidates.limits(claim), strict=True)
        return (
            frozenset(taken.items()),
            frozenset(drawn),
            len(candidates.picks[claim]),
            tuple(state for matters, state in limits if matters),
        )
