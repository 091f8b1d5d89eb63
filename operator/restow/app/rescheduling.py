"""When fragmentation is looked at under a policy, and the plan against it."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from multiprocessing.connection import Connection

from restow.app.churn import newest, setbacks
from restow.app.orphans import die_with_parent
from restow.app.telling import gain
from restow.cluster.objects import Node, Pod
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.marks import DRAIN
from restow.fragmentation.measure import fragmentation
from restow.fragmentation.shapes import TargetShape, largest, shape_of
from restow.packing.effort import Effort
from restow.planning.ceilings import Ceilings
from restow.planning.formulation import Usage
from restow.planning.goal import Goal, Rescheduler, Solved
from restow.planning.promise import rises
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.coverage import Policy, governing
from restow.policies.cron import next_time
from restow.policies.packing_plan import PackingPlan, PlanTrigger
from restow.policies.rescheduling import Objective
from restow.policies.rescheduling import Rescheduling as Asked
from restow.rescheduling.engine import Outcome, idle
from restow.rescheduling.engine import reschedule as solve
from restow.rescheduling.problem import Problem
from restow.rescheduling.reaching import reach

STARTING_S = 10.0
"""How long the solver's process may take to start beyond its budget, on a busy machine."""

SETTLING = timedelta(seconds=10)
"""Pause after which a cluster that had not settled is looked at again."""


LONGEST_PAUSE = timedelta(days=1)
"""After plans in vain, unless the interval itself is longer."""

NEVER = datetime.max.replace(tzinfo=UTC)


def _after(asked: Asked, moment: datetime, times: int = 1) -> datetime:
    """Return when to look next after a look, or so many pauses later."""
    if asked.schedule is None:
        pause = timedelta(seconds=asked.interval_seconds)
        return moment + min(pause * times, max(pause, LONGEST_PAUSE))
    at: datetime | None = moment
    for _ in range(times):
        at = None if at is None else next_time(asked.schedule, at)
        if at is None or at >= moment + LONGEST_PAUSE:
            break
    return at or NEVER


@dataclass(slots=True, kw_only=True)
class Rescheduling:
    """Asks for plans against fragmentation; remembers when it last did, policy by policy."""

    rescheduler: Rescheduler
    _next: dict[str, datetime] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)

    def due_at(
        self, policy: Policy, plans: Iterable[PackingPlan], now: datetime
    ) -> datetime | None:
        """Return when to look next under the policy; None if it does not ask for that.

        A new leader goes on from the newest plan that was stored. After plans that were in vain the
        pause is twice as long for each of them in a row.
        """
        if policy.spec.rescheduling is None:
            self.forget(policy.name)
            return None
        asked, stored = policy.spec.rescheduling, tuple(plans)
        if policy.name not in self._next:
            made = [
                plan.spec.snapshot.taken_at
                for plan in stored
                if plan.spec.policy == policy.name and plan.spec.trigger is PlanTrigger.RESCHEDULING
            ]
            if asked.schedule is not None:
                self._next[policy.name] = _after(asked, now)
            else:
                self._next[policy.name] = _after(asked, max(made)) if made else now
        at = self._next[policy.name]
        if at <= now and (vain := setbacks(stored, policy.name)):
            at = max(at, _after(asked, newest(stored, policy.name), 2**vain))
        return at

    def forget(self, policy: str) -> None:
        """Remember nothing of a policy that is gone."""
        self._next.pop(policy, None)
        self._waiting.discard(policy)

    def put_off(self, policy: Policy, now: datetime) -> bool:
        """Look again soon: the cluster had not settled. Return whether that is news."""
        self._next[policy.name] = now + SETTLING
        news = policy.name not in self._waiting
        self._waiting.add(policy.name)
        return news

    async def decide(  # noqa: PLR0913 - all of it decides
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        usage: Usage,
        now: datetime,
        *,
        learned: tuple[TargetShape, ...] = (),
    ) -> "Looked":
        """Return the plan, without steps where it would gain less than the policy asks for.

        Parameters
        ----------
        learned
            Shapes to make room for where the policy names none.
        """
        asked = policy.spec.rescheduling
        if asked is None:
            return Looked(result=Result.NOBODY, why="the policy asks for no rescheduling")
        self._next[policy.name] = _after(asked, now)
        self._waiting.discard(policy.name)
        pods = tuple(pod for pod in covered(policy, policies, snapshot) if pod.node is not None)
        limit = min(asked.limit(len(pods)), usage.moves_left(policy.spec.limits))
        shapes = shapes_of(policy, pods, learned)
        if not shapes:
            return Looked(result=Result.NOBODY, why="no pod that the policy covers is running")
        if limit == 0:
            return Looked(result=Result.LIMIT, why="the policy's limits have room for no move now")
        spec = policy.spec.model_copy(
            update={"solve_time_limit_seconds": asked.solve_time_limit_seconds}
        )
        found = await asyncio.to_thread(
            reschedule,
            snapshot,
            Policy(name=policy.name, spec=spec),
            goal_of(asked, shapes, limit, snapshot),
            self.rescheduler,
            now,
            usage=usage,
            others=tuple(each for each in policies if each.name != policy.name),
            ceilings=Ceilings.of(asked),
        )
        if _pays(found, asked):
            return Looked(result=Result.PLAN, found=found)
        why = f"no plan of at most {limit} moves gains anything"
        if found.plan.steps and found.plan.fragmentation is not None:
            why = (
                f"a plan would gain less than the policy asks for: {gain(found.plan.fragmentation)}"
            )
        plan = replace(found.plan, steps=())
        found = replace(found, plan=plan, after=found.before)
        return Looked(result=Result.NO_GAIN, found=found, why=why)


class Result(StrEnum):
    """What a look at the cluster came to."""

    PLAN = "Plan"
    NO_GAIN = "NoGain"
    LIMIT = "LimitReached"
    NOBODY = "NothingCovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of a look at the cluster.

    Parameters
    ----------
    found
        None where there was nothing to plan with.
    why
        Why there is no plan; empty if there is one.
    """

    result: Result
    found: Rescheduled | None = None
    why: str = ""


def goal_of(asked: Asked, shapes: tuple[TargetShape, ...], limit: int, snapshot: Snapshot) -> Goal:
    """Return what the policy wants, of so many moves."""
    drain = frozenset[NodeName]()
    if asked.objective is Objective.DRAIN:
        drain = frozenset(node.name for node in snapshot.nodes.values() if _drained(asked, node))
    return Goal(
        shapes=shapes,
        limit=limit,
        objective=asked.objective,
        fragmentation=asked.until_fragmentation,
        price=asked.price(),
        drain=drain,
        utilization=asked.until_utilization or 1.0,
    )


def _drained(asked: Asked, node: Node) -> bool:
    if node.annotations.get(DRAIN) == "true":
        return True
    return asked.drain is not None and matches(asked.drain.frozen(), node.labels)


def _pays(found: Rescheduled, asked: Asked) -> bool:
    """Return whether a plan gains what the policy wants for its moves."""
    fragments = found.plan.fragmentation
    if fragments is None:
        return False
    gain = dict(fragments.after)[fragments.metric] - dict(fragments.before)[fragments.metric]
    if not rises(fragments.metric):
        gain = -gain
    if asked.objective is not Objective.DEFRAGMENT:
        return gain > 0
    fell = fragmentation(found.before) - fragmentation(found.after)
    return gain > 0 and fell >= asked.minimum_gain


def shapes_of(
    policy: Policy, pods: Iterable[Pod], learned: tuple[TargetShape, ...]
) -> tuple[TargetShape, ...]:
    """Return what the policy wants room for; else what was learned, or the largest of the pods."""
    asked = policy.spec.rescheduling.shapes if policy.spec.rescheduling is not None else ()
    where = f"PackingPolicy {policy.name}"
    read = tuple(shape_of(text, where=where, field="rescheduling.shapes") for text in asked)
    return read or learned or largest(pod.requests for pod in pods)


def covered(policy: Policy, policies: tuple[Policy, ...], snapshot: Snapshot) -> tuple[Pod, ...]:
    """Return the pods that the policy governs."""
    return tuple(
        pod
        for pod in snapshot.pods.values()
        if governing(policies, pod, snapshot.namespaces) == policy
    )


def in_a_child(problem: Problem, budget_s: float, goal: int | None) -> Solved:
    """Solve in a process of its own, which is killed when it overruns its budget by far.

    Where it dies or is too late, nothing is to be done.
    """
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, problem, budget_s, goal), daemon=True)
    process.start()
    theirs.close()
    found: tuple[Outcome, int] = (idle(problem), 0)
    try:
        if ours.poll(budget_s + STARTING_S):
            found = ours.recv()
    except EOFError:
        pass  # it died
    finally:
        process.kill()
        process.join()
        ours.close()
    outcome, least = found
    return Solved(outcome=outcome, least=least, wall_s=time.monotonic() - began)


def _child(answers: Connection, problem: Problem, budget_s: float, goal: int | None) -> None:
    die_with_parent()
    effort = Effort(seconds=budget_s, work=None, seed=0)
    if goal is None:
        answers.send((solve(problem, effort), 0))
    else:
        reached = reach(problem, goal, effort)
        answers.send((reached.outcome, reached.least))
