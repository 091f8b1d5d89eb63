"""When fragmentation is looked at under a policy, and the plan against it."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from restow.app.orphans import die_with_parent
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.fragmentation.measure import fragmentation
from restow.fragmentation.shapes import TargetShape, largest, shape_of
from restow.packing.effort import Effort
from restow.planning.formulation import Usage
from restow.planning.reschedule import EMPTY, Goal, Rescheduled, Rescheduler, Solved, reschedule
from restow.policies.coverage import Policy, governing, refuses_node
from restow.policies.packing_plan import PackingPlan, PlanTrigger
from restow.policies.rescheduling import Objective
from restow.policies.rescheduling import Rescheduling as Asked
from restow.rescheduling.engine import Outcome, idle
from restow.rescheduling.engine import reschedule as solve
from restow.rescheduling.problem import Problem
from restow.rescheduling.reaching import reach
from restow.rules import leaving

STARTING_S = 10.0
"""How long the solver's process may take to start beyond its budget, on a busy machine."""

SETTLING = timedelta(seconds=10)
"""Pause after which a cluster that had not settled is looked at again."""


@dataclass(slots=True, kw_only=True)
class Rescheduling:
    """Asks for plans against fragmentation; remembers when it last did, policy by policy."""

    rescheduler: Rescheduler
    _next: dict[str, datetime] = field(default_factory=dict)

    def due_at(
        self, policy: Policy, plans: Iterable[PackingPlan], now: datetime
    ) -> datetime | None:
        """Return when to look next under the policy; None if it does not ask for that.

        A new leader goes on from the newest plan that was stored.
        """
        if policy.spec.rescheduling is None:
            self.forget(policy.name)
            return None
        if policy.name not in self._next:
            interval = timedelta(seconds=policy.spec.rescheduling.interval_seconds)
            made = [
                plan.spec.snapshot.taken_at
                for plan in plans
                if plan.spec.policy == policy.name and plan.spec.trigger is PlanTrigger.RESCHEDULING
            ]
            self._next[policy.name] = max(made) + interval if made else now
        return self._next[policy.name]

    def forget(self, policy: str) -> None:
        """Remember nothing of a policy that is gone."""
        self._next.pop(policy, None)

    def put_off(self, policy: Policy, now: datetime) -> None:
        """Look again soon: the cluster had not settled."""
        self._next[policy.name] = now + SETTLING

    async def decide(
        self,
        policy: Policy,
        policies: tuple[Policy, ...],
        snapshot: Snapshot,
        usage: Usage,
        now: datetime,
    ) -> Rescheduled | None:
        """Return the plan, without steps where it would gain less than the policy asks for.

        None where the policy leaves nothing to be moved, or no pod tells what to make room for.
        """
        asked = policy.spec.rescheduling
        if asked is None:
            return None
        self._next[policy.name] = now + timedelta(seconds=asked.interval_seconds)
        pods = _running(policy, policies, snapshot)
        limits = policy.spec.limits
        limit = min(
            asked.limit(len(pods)),
            limits.moves_per_plan,
            max(0, limits.moves_per_hour - usage.moves),
        )
        shapes = shapes_of(policy, pods)
        if limit == 0 or not shapes:
            return None
        spec = policy.spec.model_copy(
            update={"solve_time_limit_seconds": asked.solve_time_limit_seconds}
        )
        found = await asyncio.to_thread(
            reschedule,
            snapshot,
            Policy(name=policy.name, spec=spec),
            Goal(
                shapes=shapes,
                limit=limit,
                emptying=asked.objective is Objective.CONSOLIDATE,
                fragmentation=asked.until_fragmentation,
            ),
            self.rescheduler,
            now,
            usage=usage,
            others=tuple(each for each in policies if each.name != policy.name),
        )
        if not _pays(found, asked):
            found = replace(found, plan=replace(found.plan, steps=()), after=found.before)
        return found


def _pays(found: Rescheduled, asked: Asked) -> bool:
    """Return whether a plan gains what the policy wants for its moves."""
    fragments = found.plan.fragmentation
    if asked.objective is Objective.CONSOLIDATE and fragments is not None:
        return dict(fragments.after)[EMPTY] > dict(fragments.before)[EMPTY]
    return fragmentation(found.before) - fragmentation(found.after) >= asked.minimum_gain


def shapes_of(policy: Policy, pods: Iterable[Pod]) -> tuple[TargetShape, ...]:
    """Return what the policy wants room for; else the largest of the pods."""
    asked = policy.spec.rescheduling.shapes if policy.spec.rescheduling is not None else ()
    where = f"PackingPolicy {policy.name}"
    read = tuple(shape_of(text, where=where, field="rescheduling.shapes") for text in asked)
    return read or largest(pod.requests for pod in pods)


def unsettled(
    policy: Policy, policies: tuple[Policy, ...], snapshot: Snapshot, decided: frozenset[Uid]
) -> str:
    """Return why the cluster is no sight to plan on now; empty if it has settled.

    Nodes that come or go change what is fragmented, and pods that wait or end say that somebody is
    at work already: kube-scheduler, an autoscaler, a rollout, or the plan before.

    Parameters
    ----------
    decided
        Pods that wait although all was done for them that can be: they may wait for ever.
    """
    for node in snapshot.nodes.values():
        if refuses_node(policy, node) is None and (no := leaving.scaling(node)) is not None:
            return no.by(node.name).message
    for migration in snapshot.migrations.values():
        if not migration.over:
            return f"virtual machine {migration.key.namespace}/{migration.machine} is migrating"
    for pod in snapshot.pods.values():
        waits = pod.node is None and not pod.gates and pod.uid not in decided
        if (waits or pod.deleting) and governing(policies, pod, snapshot.namespaces) == policy:
            return f"{pod.key} " + ("is ending" if pod.deleting else "has no node yet")
    return ""


def _running(policy: Policy, policies: tuple[Policy, ...], snapshot: Snapshot) -> tuple[Pod, ...]:
    return tuple(
        pod
        for pod in snapshot.pods.values()
        if pod.node is not None and governing(policies, pod, snapshot.namespaces) == policy
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
