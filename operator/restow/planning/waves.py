"""Waves: the order in which the changes of a plan happen, so that each finds its place.

No wave overfills a node, and kube-scheduler accepts every arrival at its wave: where rules between
pods are concerned, a `Referee` has the last word.

Within a wave every departure comes before every arrival, so a swap of two pods is one wave. A
virtual machine holds both of its places until its migration has ended: what it leaves is free from
the next wave on.

Otherwise, what splits a plan into several waves is the disruption budgets: a wave disrupts at most
as many pods of one budget as it allows at that moment, and pods left without a place keep drawing
on it. The pods of one controller that a wave may move are such a budget too, one that moves draw
on, and so are KubeVirt's limits, for migrations.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from restow.planning.plan import Step

FUEL = 4000
"""Sets tried per wave while looking for what must leave with an arrival; bounds the search."""

REFEREED = 20
"""What a set costs of it that the referee has to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step in integers.

    Parameters
    ----------
    step
        The step; its `wave` is not read.
    demand
        (resources,) what the pod takes.
    source, target
        Node indices; None where the step has none.
    budgets
        Indices of the budgets that the disruption draws on; empty for a pending pod.
    relations
        Indices of the problem's relations in which the pod has a role.
    holding
        Whether the pod stays where it is until the wave has ended: a live migration.
    """

    step: Step
    demand: tuple[int, ...]
    source: int | None = None
    target: int | None = None
    budgets: tuple[int, ...] = ()
    relations: frozenset[int] = frozenset()
    holding: bool = False

    @property
    def permanent(self) -> bool:
        """Whether the pod stays without a place, and so draws on its budgets for good."""
        return self.target is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the waves start.

    Parameters
    ----------
    room
        (nodes, resources) free room; negative where a node is overfull already.
    allowed
        (budgets,) disruptions allowed at one moment; controllers follow the disruption budgets.
    """

    room: tuple[tuple[int, ...], ...]
    allowed: tuple[int, ...]


Waves = tuple[tuple[int, ...], ...]


class Referee(Protocol):
    """Judges arrivals by all rules of kube-scheduler."""

    def blocked(self, done: frozenset[int], chosen: frozenset[int]) -> int | None:
        """Return a change that is refused if `chosen` follow `done`, or None."""


def order(
    changes: Sequence[Change], ground: Ground, referee: Referee | None = None
) -> Waves | None:
    """Return the waves as tuples of indices into `changes`, or None if no order was found.

    Pending pods are placed in the earliest wave that can hold them; what leaves their nodes leaves
    as late as that allows. Deterministic in the order of `changes`.
    """
    done: set[int] = set()
    waves: list[tuple[int, ...]] = []
    while len(done) < len(changes):
        wave = _Wave(changes, ground, frozenset(done), referee).fill()
        if not wave:
            return None
        waves.append(tuple(sorted(wave)))
        done |= wave
    return _late(changes, ground, tuple(waves), referee)


def fault(
    changes: Sequence[Change], ground: Ground, waves: Waves, referee: Referee | None = None
) -> str | None:
    """Return why the waves may not be carried out in this order, or None; the judge of `order`."""
    done: set[int] = set()
    for number, wave in enumerate(waves):
        state = _Wave(changes, ground, frozenset(done), referee)
        chosen = frozenset(wave)
        if (node := state.overfull(chosen)) is not None:
            return f"wave {number} overfills node {node}"
        if not state.within_budgets(chosen):
            return f"wave {number} exceeds a disruption budget"
        if (index := state.blocked(chosen)) is not None:
            return f"wave {number} has no place for {changes[index].step.pod}"
        done |= chosen
    return None if len(done) == len(changes) else "a change is in no wave"


class _Wave:
    """One wave in the making, after the changes `done`."""

    def __init__(
        self,
        changes: Sequence[Change],
        ground: Ground,
        done: frozenset[int],
        referee: Referee | None,
    ) -> None:
        self.changes, self.done, self.referee = changes, done, referee
        self.room: list[Sequence[int]] = list(ground.room)
        self.allowed = list(ground.allowed)
        self.fuel = FUEL
        self.hopeless: set[frozenset[int]] = set()
        room: dict[int, list[int]] = {}
        for index in done:
            self._apply(room, index)
            if changes[index].permanent:
                for budget in changes[index].budgets:
                    self.allowed[budget] -= 1
        for node, left in room.items():
            self.room[node] = left

    def fill(self) -> frozenset[int]:
        """Return a maximal set of changes that may happen together now; empty when stuck."""
        chosen: frozenset[int] = frozenset()
        for seed in self._seeds():
            if seed in chosen or self._overtakes(seed, chosen):
                continue
            if (grown := self._closed(chosen | {seed})) is not None:
                chosen = grown
        return chosen

    def _overtakes(self, index: int, chosen: frozenset[int]) -> bool:
        """Whether a pending pod would be placed before one of higher priority.

        A nomination holds nothing against a higher priority: that one would take the room.
        """
        change = self.changes[index]
        return change.source is None and any(
            other.source is None
            and other.step.priority > change.step.priority
            and place not in chosen
            and place not in self.done
            for place, other in enumerate(self.changes)
        )

    def overfull(self, chosen: Iterable[int]) -> int | None:
        """Return the first node that the chosen changes would overfill, or None."""
        room: dict[int, list[int]] = {}  # of the nodes where something changes
        arriving: set[int] = set()
        for index in chosen:
            self._apply(room, index, leaves=not self.changes[index].holding)
            target = self.changes[index].target
            if target is not None:
                arriving.add(target)
        return next((node for node in sorted(arriving) if min(room[node], default=0) < 0), None)

    def within_budgets(self, chosen: Iterable[int]) -> bool:
        """Whether the disruptions of the chosen changes are allowed together."""
        used: dict[int, int] = {}
        for index in chosen:
            for budget in self.changes[index].budgets:
                used[budget] = used.get(budget, 0) + 1
        return all(count <= self.allowed[budget] for budget, count in used.items())

    def _seeds(self) -> list[int]:
        return sorted(
            self._rest(frozenset()),
            key=lambda index: (
                self.changes[index].source is not None,
                self.changes[index].permanent,
                index,
            ),
        )

    def _closed(self, chosen: frozenset[int]) -> frozenset[int] | None:
        """Return the set grown by departures until it fits, or None if there is none."""
        if self.fuel <= 0 or chosen in self.hopeless or not self.within_budgets(chosen):
            return None
        self.fuel -= 1
        node = self.overfull(chosen)
        stuck = self.blocked(chosen) if node is None else None
        if node is None and stuck is None:
            return chosen
        for index in self._relief(chosen, node) if stuck is None else self._kin(chosen, stuck):
            if (closed := self._closed(chosen | {index})) is not None:
                return closed
        self.hopeless.add(chosen)
        return None

    def blocked(self, chosen: frozenset[int]) -> int | None:
        """Return the first of the chosen arrivals that a rule between pods refuses, or None."""
        if self.referee is None or not any(self.changes[index].relations for index in chosen):
            return None
        self.fuel -= REFEREED
        return self.referee.blocked(self.done, chosen)

    def _relief(self, chosen: frozenset[int], node: int | None) -> list[int]:
        """Return what may leave the node besides, the largest first."""
        leaving = [
            index
            for index in self._rest(chosen)
            if self.changes[index].source == node and not self.changes[index].holding
        ]
        return sorted(leaving, key=lambda index: (-sum(self.changes[index].demand), index))

    def _kin(self, chosen: frozenset[int], stuck: int) -> list[int]:
        """Return the changes that could let the stuck one in: what leaves before what only comes.

        They share a relation with it.
        """
        shared = self.changes[stuck].relations
        kin = [index for index in self._rest(chosen) if shared & self.changes[index].relations]
        kin = [index for index in kin if not self._overtakes(index, chosen)]
        return sorted(kin, key=lambda index: (self.changes[index].source is None, index))

    def _rest(self, chosen: frozenset[int]) -> list[int]:
        """Return the changes that are still to come."""
        taken = chosen | self.done
        return [index for index in range(len(self.changes)) if index not in taken]

    def _apply(self, room: dict[int, list[int]], index: int, *, leaves: bool = True) -> None:
        """Note what the change does to the nodes, of which `room` knows those that changed."""
        change = self.changes[index]
        for node, sign in ((change.source if leaves else None, 1), (change.target, -1)):
            if node is not None:
                there = room.get(node)
                if there is None:
                    there = room[node] = list(self.room[node])
                for r, need in enumerate(change.demand):
                    there[r] += sign * need


def _late(
    changes: Sequence[Change], ground: Ground, waves: Waves, referee: Referee | None
) -> Waves:
    """Put off evictions, and what leaves the node of a pending pod, to the last wave that works.

    The new pod of an evicted one looks for a hole at once, and would take one that a later wave
    counts on.
    """
    awaited = {change.target for change in changes if change.source is None}
    best = waves
    for index, change in enumerate(changes):
        if change.source is None or not (change.permanent or change.source in awaited):
            continue
        now = next(number for number, wave in enumerate(best) if index in wave)
        for later in range(len(best) - 1, now, -1):
            moved = tuple(
                tuple(sorted({*wave, index}))
                if number == later
                else tuple(each for each in wave if each != index)
                for number, wave in enumerate(best)
            )
            if all(moved) and fault(changes, ground, moved, referee) is None:
                best = moved
                break
    return best
