"""A plan that undoes fragmentation: moves of running pods, at most so many, that make room.

It is one of Move steps like those of any other plan, and is carried out like one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import Protocol

from restow.cluster.serde import digest as digest_of
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import Uid
from restow.fragmentation.measure import Measured, fragmentation, measure
from restow.fragmentation.shapes import TargetShape
from restow.packing.check import keeps_the_rules
from restow.packing.outcome import Placement, Status
from restow.packing.problem import Problem
from restow.packing.relations import involved
from restow.planning.answering import in_waves
from restow.planning.concretise import concretise
from restow.planning.decide import named
from restow.planning.execution.rehearsal import stuck
from restow.planning.formulate import standing
from restow.planning.formulation import Formulation, Usage
from restow.planning.judge import Judge
from restow.planning.migrating import (
    Translated,
    free_of,
    placement_after,
    routes_of,
    stepping_aside,
    translate,
)
from restow.planning.plan import Disturbed, Fragmentation, Plan, Solve, Step, Trigger
from restow.policies.coverage import Policy
from restow.rescheduling.engine import Outcome
from restow.rescheduling.problem import Problem as Migrations
from restow.rules.wishes import Complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a solver answers.

    Parameters
    ----------
    least
        No plan with fewer moves reaches the goal; 0 where there is none.
    """

    outcome: Outcome
    least: int = 0
    wall_s: float


class Rescheduler(Protocol):
    """Solves within a time budget in seconds; never raises for lack of time."""

    def __call__(self, problem: Migrations, budget_s: float, goal: int | None) -> Solved:
        """Return the plan that gains most, or the cheapest one that makes room worth `goal`."""


ATTEMPTS = 4
"""How often a plan that cannot be carried out is replaced by one that moves less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What rescheduling is to reach.

    Parameters
    ----------
    shapes
        What there should be room for.
    limit
        Most pods that may move.
    emptying
        Objective Consolidate: as many nodes as possible are to be left with nothing that keeps an
        autoscaler from removing them; the shapes then do not count.
    fragmentation, copies
        Objective Reach: as few moves as possible to bring fragmentation that low, or to have room
        for so many copies of the only shape. None for as much room as possible.
    """

    shapes: tuple[TargetShape, ...]
    limit: int
    emptying: bool = False
    fragmentation: float | None = None
    copies: int | None = None

    @property
    def reaching(self) -> bool:
        """Whether as few moves as possible are wanted."""
        return self.fragmentation is not None or self.copies is not None

    def worth(self, measured: Sequence[Measured], unit: int) -> int | None:
        """Return what room must be worth, in units of the problem of rescheduling; None for most.

        Raises
        ------
        ValueError
            Copies of several shapes are asked for.
        """
        if self.copies is not None:
            (shape,) = self.shapes
            return self.copies * shape.weight * shape.requests.of(shape.main) // unit
        if self.fragmentation is None:
            return None
        free = sum(each.shape.weight * each.free for each in measured)
        return ceil((1 - self.fragmentation) * free / unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled:
    """What was decided.

    Parameters
    ----------
    plan
        Always there; without steps where nothing can be gained.
    before, after
        What free room is worth to each shape.
    """

    plan: Plan
    before: tuple[Measured, ...]
    after: tuple[Measured, ...]
    complaints: tuple[Complaint, ...]


def reschedule(  # noqa: PLR0913 - by name, most with defaults
    snapshot: Snapshot,
    policy: Policy,
    goal: Goal,
    rescheduler: Rescheduler,
    now: datetime,
    *,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    others: Iterable[Policy] = (),
) -> Rescheduled:
    """Return the plan that makes the most room for the goal's shapes on the policy's nodes.

    Pods that the rehearsal shows not to be able to leave, and those whose moves would break what
    pods ask of where others are, are made to stay, and the rest is solved anew.
    """
    beside = {name for shape in goal.shapes for name in shape.requests}
    formulation = standing(snapshot, policy, now, usage=usage, others=others, beside=beside)
    attempt = _Attempt(
        judge=Judge(snapshot=snapshot, policy=policy, now=now, others=tuple(others)),
        formulation=replace(
            formulation, problem=replace(formulation.problem, max_moves=goal.limit)
        ),
        goal=goal,
        rescheduler=rescheduler,
        limit_s=policy.spec.solve_time_limit_seconds,
    )
    found = attempt.run()
    return Rescheduled(
        plan=found,
        before=attempt.measured(attempt.present),
        after=attempt.measured(attempt.placement),
        complaints=formulation.complaints,
    )


@dataclass(kw_only=True)
class _Attempt:
    judge: Judge
    formulation: Formulation
    goal: Goal
    rescheduler: Rescheduler
    limit_s: float
    bound: int | None = None
    least: int = 0
    spent_s: float = 0.0
    placement: Placement = ()

    @property
    def problem(self) -> Problem:
        return self.formulation.problem

    @cached_property
    def removable(self) -> frozenset[int]:
        """The nodes that could be removed once all that may move has left."""
        if not self.goal.emptying:
            return frozenset()
        snapshot, fixed = self.judge.snapshot, self.formulation.fixed
        return frozenset(
            n
            for n, name in enumerate(self.formulation.nodes)
            if all(
                pod.uid not in fixed or (pod.owner is not None and pod.owner.kind in OF_THE_NODE)
                for pod in snapshot.pods_by_node[name]
            )
        )

    def empty(self, placement: Placement) -> int:
        """Return how many removable nodes a placement leaves empty."""
        held = {node for there in placement for node, _ in there}
        return len(self.removable - held)

    @property
    def present(self) -> Placement:
        return tuple(pods.running for pods in self.problem.classes)

    def run(self) -> Plan:
        """Return the first plan that can be carried out, or one that changes nothing."""
        fixed: frozenset[int] = frozenset()
        for _ in range(ATTEMPTS):
            translated = translate(
                self.problem,
                () if self.goal.emptying else self.goal.shapes,
                self.goal.limit,
                fixed=fixed,
                emptying=self.removable,
            )
            outcome = self._solved(translated)
            self.placement = placement_after(self.problem, translated, outcome.steps)
            if not outcome.steps:
                break
            if not keeps_the_rules(self.problem, self.placement):
                fixed |= self._related()
                continue
            routes = routes_of(translated, outcome.steps)
            concrete = concretise(self.formulation, self.placement, routes)
            steps = in_waves(self.judge.snapshot, self.formulation, concrete)
            if steps is None:
                aside = stepping_aside(translated, outcome.steps)
                fixed |= self._related() or aside or self._moved()
                continue
            plan = self._plan(steps, outcome)
            immobile = stuck(plan, self.judge)
            if not immobile:
                return plan
            fixed |= self._classes(immobile)
        self.placement = self.present
        return self._plan((), None)

    def measured(self, placement: Placement) -> tuple[Measured, ...]:
        """Return what a placement leaves to each shape."""
        names = self.problem.resources
        rows = free_of(self.problem, placement)
        return measure(
            self.goal.shapes,
            [Amounts(dict(zip(names, row, strict=True))) for row in rows],
        )

    def _solved(self, translated: Translated) -> Outcome:
        left_s = max(self.limit_s - self.spent_s, 0.2 * self.limit_s)
        goal = self.goal.worth(self.measured(self.present), translated.unit)
        solved = self.rescheduler(translated.migrations, left_s, goal)
        self.spent_s += solved.wall_s
        self.least = max(self.least, solved.least)
        if self.bound is None:
            self.bound = solved.outcome.bound * translated.unit
        return solved.outcome

    def _related(self) -> frozenset[int]:
        """Return the classes that moved and ask something of where others are."""
        asking = frozenset(c for relation in self.problem.relations for c in involved(relation))
        return self._moved() & asking

    def _moved(self) -> frozenset[int]:
        pairs = zip(self.present, self.placement, strict=True)
        return frozenset(c for c, (now, then) in enumerate(pairs) if now != then)

    def _classes(self, pods: frozenset[Uid]) -> frozenset[int]:
        return frozenset(
            c
            for c, members in enumerate(self.formulation.members)
            for _, there in members.running
            if any(pod.uid in pods for pod in there)
        )

    def _plan(self, steps: Sequence[Step], outcome: Outcome | None) -> Plan:
        before, after = self.measured(self.present), self.measured(self.placement)
        status = Status.UNCHANGED
        if outcome is not None:
            status = Status.OPTIMAL if outcome.proven else Status.FEASIBLE
        return named(
            Plan(
                name="",
                trigger=Trigger.RESCHEDULING,
                policy=self.judge.policy.name,
                snapshot_digest=digest_of(self.judge.snapshot),
                taken_at=self.judge.snapshot.taken_at,
                steps=tuple(steps),
                unplaced=(),
                solve=Solve(
                    outcome=status,
                    wall_s=self.spent_s,
                    engine="migrations",
                    tiers=(),
                    disturbed=Disturbed(
                        moves=len(steps),
                        evictions=0,
                        bound=min(self.least, len(steps)),
                        proven=self.goal.reaching and len(steps) <= self.least,
                    ),
                ),
                fragmentation=self._fragmentation(before, after),
            )
        )

    def _emptied(self) -> Fragmentation:
        before, after = self.empty(self.present), self.empty(self.placement)
        most = max(after, min(self.bound or 0, len(self.removable)))
        return Fragmentation(
            before=((EMPTY, float(before)),),
            after=((EMPTY, float(after)),),
            bound=float(most),
            proven=after >= most,
        )

    def _fragmentation(
        self, before: tuple[Measured, ...], after: tuple[Measured, ...]
    ) -> Fragmentation:
        if self.goal.emptying:
            return self._emptied()
        free = sum(each.shape.weight * each.free for each in before)
        least = 1 - self.bound / free if free and self.bound is not None else 0.0
        reached = fragmentation(after)
        return Fragmentation(
            before=_metrics(before),
            after=_metrics(after),
            bound=max(0.0, min(least, reached)),
            proven=reached <= least + ROUNDING,
        )


WHOLE, EMPTY = "fragmentation", "empty nodes"
"""Metrics: over all shapes, and of Consolidate."""

OF_THE_NODE = frozenset({"DaemonSet", "Node"})
"""Owners of pods that go with their node."""

ROUNDING = 1e-9
"""What floating point may add to a ratio."""


def _metrics(measured: Iterable[Measured]) -> tuple[tuple[str, float], ...]:
    each = tuple(measured)
    found = {WHOLE: fragmentation(each)}
    for shape in each:
        found[f"copies of {shape.shape.name}"] = float(shape.copies)
        if len(each) > 1:
            found[f"fragmentation for {shape.shape.name}"] = shape.fragmentation
    return tuple(sorted(found.items()))
