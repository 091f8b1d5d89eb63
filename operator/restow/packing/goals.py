"""Goals: the levels of the objective as linear functions of a placement, and holds on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from restow.packing import fill as fills
from restow.packing.fill import Fill
from restow.packing.outcome import LevelKind
from restow.packing.problem import Problem

PAPER_MOVE, PAPER_EVICT = 2, 3
"""Loss of a move and of an eviction against staying: stay +1, move -1, evict -2 in the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One level's objective: `constant + sum of weights`, over all placements.

    Parameters
    ----------
    placed
        Class index to weight of each of its pods that has a place.
    moved
        Class index to weight of each of its pods that is on another node than now.
    touched
        Weight of each node that a pod arrives at or leaves.
    """

    kind: LevelKind
    tier: int | None
    maximise: bool
    placed: Mapping[int, int] = field(default_factory=dict)
    moved: Mapping[int, int] = field(default_factory=dict)
    touched: int = 0
    constant: int = 0

    def value(self, problem: Problem, fill: Fill) -> int:
        """Return the value of `fill`."""
        total = self.constant
        total += sum(w * fills.placed(fill, c) for c, w in self.placed.items())
        total += sum(w * fills.moves(problem, fill, c) for c, w in self.moved.items())
        return total + (self.touched * len(fills.touched(problem, fill)) if self.touched else 0)

    def share(self, problem: Problem, fill: Fill, classes: Iterable[int]) -> int:
        """Return what of the value of `fill` is due to `classes`; nodes touched are due to all."""
        if self.touched:
            return self.value(problem, fill)
        return sum(
            self.placed.get(c, 0) * fills.placed(fill, c)
            + (self.moved[c] * fills.moves(problem, fill, c) if c in self.moved else 0)
            for c in classes
        )

    def better(self, a: int, b: int) -> bool:
        """Return whether value `a` is strictly better than `b`."""
        return a > b if self.maximise else a < b

    def tighter(self, a: int, b: int | None) -> int:
        """Return the stronger of two bounds; None says nothing."""
        if b is None:
            return a
        return min(a, b) if self.maximise else max(a, b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A goal kept within limits while later levels are improved; None for no limit."""

    goal: Goal
    at_least: int | None = None
    at_most: int | None = None

    def met(self, problem: Problem, fill: Fill) -> bool:
        """Return whether `fill` is within the limits."""
        value = self.goal.value(problem, fill)
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


def counting(kind: LevelKind, tier: int | None, classes: Iterable[int]) -> Goal:
    """Return the goal that counts the pods of `classes` that have a place."""
    return Goal(kind=kind, tier=tier, maximise=True, placed=dict.fromkeys(sorted(classes), 1))


def of_tier(problem: Problem, tier: int, *, pending: bool) -> list[int]:
    """Return the indices of the pending, or of the running, classes of the tier."""
    return [
        c
        for c, pods in enumerate(problem.classes)
        if pods.tier == tier and bool(pods.pending) == pending and pods.count
    ]


def keep(problem: Problem, tier: int) -> Goal:
    """Return KEEP: running pods of the tier that have a place."""
    return counting(LevelKind.KEEP, tier, of_tier(problem, tier, pending=False))


def place(problem: Problem, tier: int, *, preempts: bool) -> Goal:
    """Return PLACE: pending pods of the tier that get a place, of either preemption policy."""
    classes = of_tier(problem, tier, pending=True)
    chosen = [c for c in classes if problem.classes[c].preempts == preempts]
    return counting(LevelKind.PLACE, tier, chosen)


def place_all(problem: Problem, tier: int) -> Goal:
    """Return PLACE of order `paper`: pods of the tier with a place, running ones included."""
    classes = [c for c, pods in enumerate(problem.classes) if pods.tier == tier and pods.count]
    return counting(LevelKind.PLACE, tier, classes)


def disturb(problem: Problem, tier: int) -> Goal:
    """Return DISTURB of order `paper`: 2 per move and 3 per eviction of the tier's running pods.

    The paper maximises +1 for each running pod that stays, -1 for each moved, -2 for each evicted.
    """
    classes = of_tier(problem, tier, pending=False)
    return Goal(
        kind=LevelKind.DISTURB,
        tier=tier,
        maximise=False,
        placed=dict.fromkeys(classes, -PAPER_EVICT),
        moved=dict.fromkeys(classes, PAPER_MOVE),
        constant=PAPER_EVICT * sum(problem.classes[c].count for c in classes),
    )


def move(problem: Problem, tier: int) -> Goal:
    """Return MOVE: cost of the moves of the tier's running pods."""
    return Goal(
        kind=LevelKind.MOVE,
        tier=tier,
        maximise=False,
        moved={
            c: cost
            for c in of_tier(problem, tier, pending=False)
            if (cost := problem.classes[c].move_cost) and problem.classes[c].movable
        },
    )


def move_count(problem: Problem) -> Goal:
    """Return MOVE over all tiers: the number of running pods that change their node."""
    running = [c for c, pods in enumerate(problem.classes) if pods.running]
    return Goal(kind=LevelKind.MOVE, tier=None, maximise=False, moved=dict.fromkeys(running, 1))


def nodes() -> Goal:
    """Return NODES: nodes that a pod arrives at or leaves."""
    return Goal(kind=LevelKind.NODES, tier=None, maximise=False, touched=1)


def costs_differ(problem: Problem) -> bool:
    """Return whether the MOVE levels of the tiers leave the number of moves open."""
    costs: dict[int, set[int]] = {}
    for pods in problem.classes:
        if pods.running and pods.movable:
            costs.setdefault(pods.tier, set()).add(pods.move_cost)
    return any(len(each) > 1 or 0 in each for each in costs.values())
