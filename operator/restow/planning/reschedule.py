"""A plan of rescheduling: moves of running pods, at most so many, towards a goal.

It is one of Move steps like those of any other plan, and is carried out like one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from restow.cluster.serde import digest as digest_of
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import Uid
from restow.fragmentation.measure import Measured, measure
from restow.packing.check import keeps_the_rules
from restow.packing.outcome import Placement, Status
from restow.packing.problem import Problem
from restow.packing.relations import involved
from restow.planning.answering import in_waves
from restow.planning.ceilings import Ceilings
from restow.planning.clashing import learn
from restow.planning.concretise import concretise
from restow.planning.decide import named
from restow.planning.execution.rehearsal import stuck
from restow.planning.formulate import standing
from restow.planning.formulation import Formulation, Usage
from restow.planning.goal import Goal, Rescheduler
from restow.planning.judge import Judge
from restow.planning.migrating import (
    Terrain,
    Translated,
    free_of,
    placement_after,
    routes_of,
    stepping_aside,
    translate,
)
from restow.planning.plan import Disturbed, Plan, Solve, Step, Trigger
from restow.planning.promise import Sight, promised
from restow.planning.terrain import left, ranked, running, terrain_of, utilization
from restow.planning.zones import Crowding
from restow.policies.coverage import Policy
from restow.policies.rescheduling import Objective
from restow.rescheduling.engine import Outcome
from restow.rescheduling.volume import UNBOUNDED
from restow.rules.move_cost import ORDINARY
from restow.rules.wishes import Complaint

ATTEMPTS = 6
"""How often a plan that cannot be carried out is replaced by one that moves less."""


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
    ceilings: Ceilings = Ceilings(),  # noqa: B008 - frozen
) -> Rescheduled:
    """Return the plan that comes nearest to the goal on the policy's nodes.

    Pods that the rehearsal shows not to be able to leave, those whose moves would break what pods
    ask of where others are, and those beyond a ceiling are made to stay, and the rest is solved
    anew.
    """
    asked = tuple(shape.requests for shape in goal.shapes)
    formulation = standing(snapshot, policy, now, usage=usage, others=others, shapes=asked)
    goal = replace(
        goal,
        shapes=tuple(
            replace(shape, served=None if taken == shape.requests else taken)
            for shape, taken in zip(goal.shapes, formulation.shapes, strict=True)
        ),
    )
    judge = Judge(snapshot=snapshot, policy=policy, now=now, others=tuple(others))
    terrain = terrain_of(formulation, goal, judge)
    attempt = _Attempt(
        judge=judge,
        formulation=ranked(
            replace(formulation, problem=replace(formulation.problem, max_moves=goal.limit)),
            terrain.costs,
            frozenset(),
        ),
        goal=goal,
        terrain=terrain,
        ceilings=ceilings,
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
    terrain: Terrain
    ceilings: Ceilings
    rescheduler: Rescheduler
    limit_s: float
    most: Fraction | None = None
    least: int | None = None
    reached: bool = False
    whole: bool = True
    spent_s: float = 0.0
    placement: Placement = ()

    @property
    def problem(self) -> Problem:
        return self.formulation.problem

    @property
    def present(self) -> Placement:
        return tuple(pods.running for pods in self.problem.classes)

    def run(self) -> Plan:
        """Return the first plan that can be carried out, or one that changes nothing."""
        fixed, held, crowding = frozenset[int](), frozenset[Uid](), Crowding()
        for round_ in range(ATTEMPTS):
            asked = crowding.narrowed(self.formulation)
            staying = held | crowding.held
            translated = translate(asked, self.goal, self.terrain, fixed=fixed, held=staying)
            outcome = self._solved(translated)
            self.whole = not fixed and not held and crowding.empty
            self.placement = placement_after(self.problem, translated, outcome.steps)
            if not outcome.steps:
                break
            if not keeps_the_rules(self.problem, self.placement):
                fixed |= self._related()
                continue
            ordered = ranked(self.formulation, self.terrain.costs, staying)
            routes = routes_of(translated, outcome.steps)
            concrete = concretise(ordered, self.placement, routes)
            if crowding.learn(self.judge.snapshot, ordered, concrete):
                continue
            lesson = learn(self.judge.snapshot, ordered, concrete)
            if lesson is not None:  # there are devices enough, and no way to give them out
                fixed |= lesson.classes
                continue
            more = self._beyond([change.step for change in concrete.changes], last=round_ > 0)
            if more:
                held |= more
                continue
            steps = in_waves(self.judge.snapshot, ordered, concrete)
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

    def _beyond(self, steps: Sequence[Step], *, last: bool) -> frozenset[Uid]:
        """Return who has to stay so that no ceiling is broken.

        Who leaves the same node counts together: half of them are mostly worth nothing.
        """
        costs = self.terrain.costs
        pods = sorted(running(self.formulation), key=lambda pod: (costs[pod.uid], pod.key))
        moving = {step.pod.uid for step in steps}
        leaving: Counter[str] = Counter()
        for pod in pods:
            if pod.uid in moving:
                leaving[pod.node or ""] += costs[pod.uid]
        moved = [pod for pod in pods if pod.uid in moving]
        moved.sort(key=lambda pod: (leaving[pod.node or ""], pod.node))
        return self.ceilings.held(moved, pods, self.judge.snapshot, all_of=last)

    def _solved(self, translated: Translated) -> Outcome:
        left_s = max(self.limit_s - self.spent_s, 0.2 * self.limit_s)
        goal = None
        if self.goal.objective is Objective.BALANCE:
            goal = translated.below
        elif self.goal.reaching:
            goal = self.goal.worth(self.measured(self.present), translated.unit)
        solved = self.rescheduler(translated.migrations, left_s, goal)
        self.spent_s += solved.wall_s
        self.reached = goal is not None and solved.outcome.after >= goal
        if self.least is None:  # later problems have less to choose from
            self.least = solved.least
        gain = solved.outcome.bound - solved.outcome.before
        if self.most is None and gain < UNBOUNDED:
            self.most = gain * translated.unit
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
        status, least = Status.UNCHANGED, self.least or 0
        if outcome is not None:
            proven = outcome.proven and self.whole
            status = Status.OPTIMAL if proven else Status.FEASIBLE
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
                        bound=least,
                        proven=self.goal.reaching and self.reached and len(steps) <= least,
                    ),
                ),
                fragmentation=promised(
                    self.goal,
                    self._sight(self.present, ()),
                    self._sight(self.placement, steps),
                    self._most(),
                ),
            )
        )

    def _sight(self, placement: Placement, steps: Sequence[Step]) -> Sight:
        cost = sum(self.terrain.costs[step.pod.uid] for step in steps)
        above, largest = 0, 0.0
        if self.goal.objective is Objective.BALANCE:
            above, largest = utilization(self.formulation, self.goal, self.terrain, placement)
        held = {node for there in placement for node, _ in there}
        return Sight(
            measured=self.measured(placement),
            empty=len(self.terrain.removable - held),
            left=left(self.formulation, self.terrain, placement, self.judge),
            above=above,
            largest=largest,
            cost=Fraction(cost, ORDINARY),
        )

    def _most(self) -> Fraction | None:
        """Return what no plan within the limit gains more than; None if that is not known."""
        if self.goal.objective is not Objective.CONSOLIDATE:
            return self.most
        held = {node for there in self.present for node, _ in there}
        possible = Fraction(len(self.terrain.removable & held))
        return possible if self.most is None else min(possible, self.most)
