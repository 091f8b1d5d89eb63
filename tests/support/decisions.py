"""Decisions on test clusters: the real solver, deterministic, and the real explainer."""

from restow.cluster.snapshot import Snapshot
from restow.explain.unplaced import unplaced
from restow.packing.effort import Effort
from restow.packing.outcome import Outcome
from restow.packing.problem import Problem
from restow.packing.solve import solve
from restow.planning.decide import Decision, decide
from restow.planning.formulation import Usage
from restow.planning.goal import Solved
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits, Mode, Moving, PackingPolicySpec, Scope
from restow.policies.rescheduling import Rescheduling
from restow.rescheduling.engine import reschedule
from restow.rescheduling.problem import Problem as Migrations
from restow.rescheduling.reaching import reach
from tests.support.objects import NOW


def solver(problem: Problem, budget_s: float) -> Outcome:
    """Solve in this process, always the same way."""
    return solve(problem, budget_s=budget_s, deterministic=True)


def rescheduler(problem: Migrations, budget_s: float, goal: int | None) -> Solved:
    """Reschedule in this process, always the same way."""
    effort = Effort(seconds=None, work=budget_s, seed=0)
    if goal is None:
        return Solved(outcome=reschedule(problem, effort), wall_s=0.0)
    reached = reach(problem, goal, effort)
    return Solved(outcome=reached.outcome, least=reached.least, wall_s=0.0)


def a_policy(
    name: str = "default",
    *,
    grace_seconds: float = 0,
    limits: Limits | None = None,
    scope: Scope | None = None,
    moving: Moving | None = None,
    rescheduling: Rescheduling | None = None,
) -> Policy:
    """A policy that acts at once, on everything."""
    spec = PackingPolicySpec(
        mode=Mode.ACT,
        grace_seconds=grace_seconds,
        batch_window_seconds=0,
        limits=limits or Limits(),
        scope=scope or Scope(),
        moving=moving or Moving(single_replicas=True),
        rescheduling=rescheduling,
    )
    return Policy(name=name, spec=spec)


def decided(
    snapshot: Snapshot, policy: Policy | None = None, *, usage: Usage | None = None
) -> Decision:
    """The decision on the snapshot at its own moment."""
    return decide(
        snapshot,
        policy or a_policy(),
        solver,
        NOW,
        explainer=unplaced,
        usage=usage or Usage(),
    )


def shown(decision: Decision) -> list[str]:
    """The steps as short lines: wave, action, pod, from, to."""
    return [
        f"{s.wave} {s.action} {s.pod.key.name}: {s.source or '-'} > {s.target or '-'}"
        for s in decision.plan.steps
    ]
