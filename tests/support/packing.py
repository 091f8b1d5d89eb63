"""Builders of packing problems, and an exact reference that tries every placement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from restow.packing.outcome import LevelKind
from restow.packing.problem import Order, PodClass, Problem

Plan = tuple[tuple[int, ...], ...]
"""Per class, the number of pods on each node."""

Score = Callable[[Plan], int]


def running(at: dict[int, int], demand: tuple[int, ...] = (1,), **more: Any) -> PodClass:
    """Return a running class, movable and evictable unless said otherwise."""
    defaults = {"tier": 0, "allowed": (0, 1), "movable": True, "evictable": True}
    return PodClass(demand=demand, running=tuple(sorted(at.items())), **{**defaults, **more})


def pending(count: int = 1, demand: tuple[int, ...] = (1,), **more: Any) -> PodClass:
    """Return a pending class."""
    return PodClass(demand=demand, pending=count, **{"tier": 0, "allowed": (0, 1), **more})


def problem(*classes: PodClass, rooms: Sequence[int] = (4, 4), **more: Any) -> Problem:
    """Return a problem with one resource; `rooms` is the capacity of each node.

    Nodes that are not there are taken out of what the classes allow.
    """
    nodes = range(len(more.get("capacity", rooms)))
    classes = tuple(
        replace(pods, allowed=tuple(n for n in pods.allowed if n in nodes)) for pods in classes
    )
    tiers = 1 + max((pods.tier for pods in classes), default=0)
    defaults: dict[str, Any] = {
        "resources": ("cpu",),
        "capacity": tuple((room,) for room in rooms),
        "tiers": tuple(range(10 * tiers, 0, -10)),
    }
    return Problem(classes=classes, **{**defaults, **more})


class Reference:
    """Every feasible placement of a small problem, filtered level by level."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.nodes = range(len(problem.capacity))
        self.home = [[dict(p.running).get(n, 0) for n in self.nodes] for p in problem.classes]
        self.plans = [plan for plan in self._all() if self._feasible(plan)]

    def _all(self) -> Iterator[Plan]:
        rows = []
        for c, pods in enumerate(self.problem.classes):
            most = [
                pods.count if n in pods.allowed else min(pods.count, self.home[c][n])
                for n in self.nodes
            ]
            least = 0 if pods.pending or pods.evictable else pods.count
            rows.append(
                [
                    row
                    for row in product(*(range(m + 1) for m in most))
                    if least <= sum(row) <= pods.count
                    and (pods.pending or pods.movable or list(row) == self.home[c])
                ]
            )
        yield from product(*rows)

    def moved(self, plan: Plan, c: int) -> int:
        if self.problem.classes[c].pending:
            return 0
        return sum(max(0, a - b) for a, b in zip(plan[c], self.home[c], strict=True))

    def lost(self, plan: Plan, c: int) -> int:
        pods = self.problem.classes[c]
        return 0 if pods.pending else pods.count - sum(plan[c])

    def _feasible(self, plan: Plan) -> bool:
        return (
            all(self._node_ok(plan, n) for n in self.nodes)
            and self._within(plan)
            and (self.problem.order is Order.PAPER or self._just(plan))
        )

    def _node_ok(self, plan: Plan, n: int) -> bool:
        classes = self.problem.classes
        arrives = any(plan[c][n] > self.home[c][n] for c in range(len(classes)))
        for r, room in enumerate(self.problem.capacity[n]):
            used = sum(p.demand[r] * plan[c][n] for c, p in enumerate(classes))
            before = sum(p.demand[r] * self.home[c][n] for c, p in enumerate(classes))
            if used > room and (arrives or before <= room):
                return False
        return True

    def _within(self, plan: Plan) -> bool:
        classes = range(len(self.problem.classes))
        moved = [self.moved(plan, c) for c in classes]
        lost = [self.lost(plan, c) for c in classes]
        for b, allowed in enumerate(self.problem.budgets):
            ours = [c for c in classes if b in self.problem.classes[c].budgets]
            m, e = sum(moved[c] for c in ours), sum(lost[c] for c in ours)
            serial = self.problem.sequential_budgets and allowed > 0
            if e + (min(m, 1) if serial else m) > allowed:
                return False
        limits = (self.problem.max_moves, self.problem.max_evictions)
        return all(
            most is None or total <= most
            for total, most in zip((sum(moved), sum(lost)), limits, strict=True)
        )

    def _just(self, plan: Plan) -> bool:
        """Match every evicted pod with a placed one that may take its place."""
        pods = self.problem.classes
        takers = [
            (p.tier, p.group, p.rank)
            for c, p in enumerate(pods)
            if p.pending and p.preempts
            for _ in range(sum(plan[c]))
        ]
        victims = [
            (p.tier, p.group, p.rank) for c, p in enumerate(pods) for _ in range(self.lost(plan, c))
        ]
        equals = [v for v in victims if not any(t[0] < v[0] for t in takers)]
        for tier, group, rank in sorted(equals, key=lambda v: -v[2]):
            fit = [t for t in takers if t[:2] == (tier, group) and t[2] > rank]
            if not fit:
                return False
            takers.remove(min(fit, key=lambda t: t[2]))
        return True

    def seated(self, classes: Sequence[int]) -> Score:
        return lambda plan: sum(sum(plan[c]) for c in classes)

    def of(self, tier: int, *, waiting: bool, **more: Any) -> list[int]:
        return [
            c
            for c, p in enumerate(self.problem.classes)
            if p.tier == tier
            and bool(p.pending) == waiting
            and all(getattr(p, key) == value for key, value in more.items())
        ]

    def levels(self) -> list[tuple[LevelKind, int]]:
        """Return (kind, value) of every level down to NODES."""
        if self.problem.order is Order.PAPER:
            return self._paper()
        found: list[tuple[LevelKind, int]] = []
        plans = self.plans
        tiers = range(len(self.problem.tiers))
        for tier in tiers:
            plans, values = self._tier(plans, tier)
            found += values
        for tier in tiers:
            ours = self.of(tier, waiting=False)
            plans, value = _least(plans, self._cost(ours))
            found.append((LevelKind.MOVE, value))
        return found

    def _paper(self) -> list[tuple[LevelKind, int]]:
        found, plans = [], self.plans
        for tier in range(len(self.problem.tiers)):
            ours = [*self.of(tier, waiting=True), *self.of(tier, waiting=False)]
            plans, value = _most(plans, self.seated(ours))
            found.append((LevelKind.PLACE, value))
            plans, value = _least(plans, self._upset(ours))
            found.append((LevelKind.DISTURB, value))
        return found

    def _cost(self, classes: list[int]) -> Score:
        pods = self.problem.classes
        return lambda plan: sum(pods[c].move_cost * self.moved(plan, c) for c in classes)

    def _upset(self, classes: list[int]) -> Score:
        return lambda plan: sum(2 * self.moved(plan, c) + 3 * self.lost(plan, c) for c in classes)

    def _ahead(self, plans: list[Plan], tier: int) -> Callable[[Plan], bool]:
        """What the lower tiers keep at best, as a condition."""
        floors = []
        for lower in range(tier + 1, len(self.problem.tiers)):
            score = self.seated(self.of(lower, waiting=False))
            plans, value = _most(plans, score)
            floors.append((score, value))
        return lambda plan: all(score(plan) >= value for score, value in floors)

    def _tier(
        self, before: list[Plan], tier: int
    ) -> tuple[list[Plan], list[tuple[LevelKind, int]]]:
        plans, kept = _most(before, self.seated(self.of(tier, waiting=False)))
        plans, bold = _most(plans, self.seated(self.of(tier, waiting=True, preempts=True)))
        meek_classes = self.of(tier, waiting=True, preempts=False)
        meek = 0
        if meek_classes:
            polite = list(filter(self._ahead(plans, tier), plans))
            _, meek = _most(polite, self.seated(meek_classes))
            plans = [p for p in plans if self.seated(meek_classes)(p) == meek]
        values = [(LevelKind.KEEP, kept), (LevelKind.PLACE, bold + meek)]
        everyone = [*self.of(tier, waiting=True), *self.of(tier, waiting=False)]
        total = sum(self.problem.classes[c].count for c in everyone)
        fought = self._fought(tier)
        if fought and kept + bold + meek < total:
            plans, more = self._ranked(before, plans, tier, fought)
            values += more
        return plans, values

    def _fought(self, tier: int) -> list[int]:
        ours = [p for p in self.problem.classes if p.tier == tier]
        return sorted(
            {
                p.group
                for p in ours
                for q in ours
                if p.pending and p.group == q.group and p.rank > q.rank
            }
        )

    def _ranked(
        self, before: list[Plan], plans: list[Plan], tier: int, fought: list[int]
    ) -> tuple[list[Plan], list[tuple[LevelKind, int]]]:
        pods = self.problem.classes
        both = [*self.of(tier, waiting=True), *self.of(tier, waiting=False)]
        groups = sorted({pods[c].group for c in both})
        for group in [g for g in groups if g <= fought[-1]]:
            plans, _ = _most(plans, self.seated(self.of(tier, waiting=False, group=group)))
            plans, _ = _most(plans, self.seated(self.of(tier, waiting=True, group=group)))
            if group in fought:
                for rank in sorted({pods[c].rank for c in both}, reverse=True):
                    plans, _ = _most(plans, self._kept(tier, group, rank))
        sample = plans[0]
        floors: list[tuple[Score, int]] = []
        for waiting in (False, True):
            rest = [c for c in self.of(tier, waiting=waiting) if pods[c].group not in fought]
            floors.append((self.seated(rest), self.seated(rest)(sample)))
        for group in fought:
            ours = [c for c in both if pods[c].group == group]
            floors.append((self.seated(ours), self.seated(ours)(sample)))
            for rank in {pods[c].rank for c in ours}:
                kept = self._kept(tier, group, rank)
                rivals = self.of(tier, waiting=True, group=group, preempts=True)
                above = self.seated([c for c in rivals if pods[c].rank > rank])
                floors.append(
                    (lambda p, k=kept, a=above: k(p) + a(p), kept(sample))  # type: ignore[misc]
                )
        meek = bool(self.of(tier, waiting=True, preempts=False))
        polite = self._ahead(plans, tier) if meek else None
        plans = [p for p in before if all(score(p) >= value for score, value in floors)]
        if polite:
            plans = list(filter(polite, plans))
        return self._by_rank(plans, tier, fought, both)

    def _by_rank(
        self, plans: list[Plan], tier: int, fought: list[int], both: list[int]
    ) -> tuple[list[Plan], list[tuple[LevelKind, int]]]:
        pods = self.problem.classes
        found = []
        for group in fought:
            ranks = {pods[c].rank for c in both if pods[c].group == group}
            for rank in sorted(ranks, reverse=True):
                same = {"group": group, "rank": rank}
                plans, kept = _most(plans, self.seated(self.of(tier, waiting=False, **same)))
                plans, new = _most(plans, self.seated(self.of(tier, waiting=True, **same)))
                found.append((LevelKind.RANK, kept + new))
        plans, total = _most(plans, self.seated(both))
        found.append((LevelKind.RANK, total))
        return plans, found

    def _kept(self, tier: int, group: int, rank: int) -> Score:
        ours = self.of(tier, waiting=False, group=group)
        return self.seated([c for c in ours if self.problem.classes[c].rank >= rank])


def _most(plans: list[Plan], score: Score) -> tuple[list[Plan], int]:
    best = max(map(score, plans))
    return [plan for plan in plans if score(plan) == best], best


def _least(plans: list[Plan], score: Score) -> tuple[list[Plan], int]:
    best = min(map(score, plans))
    return [plan for plan in plans if score(plan) == best], best
