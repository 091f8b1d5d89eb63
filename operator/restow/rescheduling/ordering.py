"""In which order: waves of migrations, each of which fits while everybody still holds their place.

A choice of columns says how many leave a node and which holes open there; who fills which hole is
free among those that need the same, and is settled here, wave by wave, so that each wave frees what
the next one needs. Where nothing fits any more, somebody steps aside first, if the limit allows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from restow.rescheduling.occupancy import Occupancy
from restow.rescheduling.problem import Ints, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One migration: the mover's index, where it goes, how it stands there, and in which wave."""

    mover: int
    node: int
    mode: int
    wave: int


@dataclass(slots=True, kw_only=True, eq=False)
class Leaving:
    """One of `candidates`, which are the same and on the same node, leaves it for a hole.

    Parameters
    ----------
    needs
        Which holes will do: those of the same number.
    """

    node: int
    needs: int
    candidates: list[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hole:
    """Room that opens on a node.

    Parameters
    ----------
    place
        (resources,) the room.
    """

    node: int
    needs: int
    place: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Waves of migrations.

    Parameters
    ----------
    stuck
        Nodes of holes that were not filled, and of pods that did not leave.
    """

    steps: tuple[Step, ...]
    stuck: frozenset[int]


def order(problem: Problem, leaving: Iterable[Leaving], holes: Iterable[Hole]) -> Order:
    """Return the waves in which pods leave for the holes."""
    return _Ordering(problem, list(leaving), list(holes)).run()


class _Ordering:
    def __init__(self, problem: Problem, leaving: list[Leaving], holes: list[Hole]) -> None:
        self._problem = problem
        self._now = Occupancy(problem)
        self._leaving, self._holes = leaving, holes
        self._spare = problem.limit - len(leaving)
        self._steps: list[Step] = []
        self._wave = 0

    def run(self) -> Order:
        while self._holes and self._leaving:
            if not (self._fill() or self._step_aside()):
                break
            self._now.settle()
            self._wave += 1
        stuck = {hole.node for hole in self._holes} | {one.node for one in self._leaving}
        return Order(steps=tuple(self._steps), stuck=frozenset(stuck))

    def _fill(self) -> bool:
        """Fill every hole that is open and finds somebody; return whether there was one."""
        blocked = self._blocked()
        matched = self._match(blocked)
        filled = False
        for hole, one in matched.items():
            mover = self._suits(one, hole)
            if mover is None:
                continue
            mode = self._mode(mover, hole)
            if self._now.fits(mover, hole.node, mode):
                self._go(mover, hole.node, mode)
                self._leaving.remove(one)
                self._holes.remove(hole)
                for other in self._leaving:
                    if other.node == one.node and mover in other.candidates:
                        other.candidates.remove(mover)
                filled = True
        return filled

    def _match(self, blocked: set[int]) -> dict[Hole, Leaving]:
        """Return who fills which hole: as many holes as possible, the open ones first.

        Who leaves a node on which holes wait for room is the first to be asked.
        """
        open_first = sorted(self._holes, key=lambda h: (h.node in blocked, -int(h.place.sum())))
        asked = sorted(self._leaving, key=lambda one: one.node not in blocked)
        by_needs: dict[int, list[Leaving]] = defaultdict(list)
        for one in asked:
            by_needs[one.needs].append(one)
        taken: dict[int, tuple[Leaving, Hole]] = {}
        for hole in open_first:
            _augment(hole, by_needs[hole.needs], taken, self._suits, set())
        return {hole: one for one, hole in taken.values()}

    def _suits(self, one: Leaving, hole: Hole) -> int | None:
        """Return a mover that may fill the hole; None if no candidate may."""
        for mover in one.candidates:
            if self._now.welcome(mover, hole.node) and (
                one.node != hole.node or self._mode(mover, hole) != self._now.mode(mover)
            ):
                return mover
        return None

    def _blocked(self) -> set[int]:
        """Return the nodes that have no room yet for all of their holes."""
        asked: dict[int, Ints] = {}
        for hole in self._holes:
            asked[hole.node] = asked.get(hole.node, 0) + hole.place
        return {node for node, place in asked.items() if not self._now.has_room(node, place)}

    def _mode(self, mover: int, hole: Hole) -> int:
        kind = self._problem.movers[mover].kind
        modes = range(len(self._problem.kinds[kind].modes))
        return next(mode for mode in modes if (self._problem.needs(kind, mode) <= hole.place).all())

    def _go(self, mover: int, node: int, mode: int) -> None:
        self._now.move(mover, node, mode)
        self._steps.append(Step(mover=mover, node=node, mode=mode, wave=self._wave))

    def _step_aside(self) -> bool:
        """Let somebody wait elsewhere so that a hole opens; return whether that was possible."""
        if self._spare <= 0:
            return False
        pending: dict[int, Ints] = {}
        for hole in self._holes:
            pending[hole.node] = pending.get(hole.node, 0) + hole.place
        for hole in self._holes:
            for one in self._leaving:
                mover = one.candidates[0]
                freed = self._now.size(mover)
                if one.node != hole.node or not self._now.has_room(hole.node, hole.place - freed):
                    continue
                found = self._shelter(mover, pending)
                if found is not None:
                    self._go(mover, *found)
                    one.node, one.candidates = found[0], [mover]
                    self._spare -= 1
                    return True
        return False

    def _shelter(self, mover: int, pending: dict[int, Ints]) -> tuple[int, int] | None:
        """Return a node and mode where the mover is in nobody's way."""
        kind = self._problem.movers[mover].kind
        for node in range(len(self._problem.free)):
            for mode in range(len(self._problem.kinds[kind].modes)):
                place = self._problem.needs(kind, mode) + pending.get(node, 0)
                if (
                    node != self._now.node(mover)
                    and self._now.has_room(node, place)
                    and self._problem.may_be_on(kind, node)
                    and self._now.welcome(mover, node)
                ):
                    return node, mode
        return None


def _augment(
    hole: Hole,
    asked: list[Leaving],
    taken: dict[int, tuple[Leaving, Hole]],
    suits: Callable[[Leaving, Hole], int | None],
    seen: set[int],
) -> bool:
    """Find somebody for a hole, letting others change theirs (Kuhn's augmenting path)."""
    for one in asked:
        if id(one) in seen:
            continue
        if suits(one, hole) is None:
            continue
        seen.add(id(one))
        if id(one) not in taken or _augment(taken[id(one)][1], asked, taken, suits, seen):
            taken[id(one)] = (one, hole)
            return True
    return False
