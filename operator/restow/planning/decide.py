"""One decision: the same cycle for the operator, the command line, simulations and benchmarks."""

import hashlib
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from restow.cluster.objects import Pod
from restow.cluster.serde import digest as digest_of
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.packing.outcome import Outcome, Status
from restow.packing.problem import Order
from restow.planning.answering import Answer, Solver, answered
from restow.planning.beyond import with_elsewhere
from restow.planning.execution.rehearsal import stuck
from restow.planning.formulate import formulate
from restow.planning.formulation import Formulation, Usage
from restow.planning.judge import Judge
from restow.planning.plan import Disturbed, Plan, Solve, Trigger, Unplaced
from restow.planning.recall import Recall
from restow.planning.result import summary
from restow.policies.coverage import Policy
from restow.rules.machines import is_launcher
from restow.rules.wishes import Complaint

REHEARSALS = 3
"""How often a plan that gets stuck is replaced by one that moves less."""

NO_SOLVE = Solve(
    outcome=Status.UNCHANGED,
    wall_s=0,
    engine="none",
    tiers=(),
    disturbed=Disturbed(moves=0, evictions=0, bound=0, proven=True),
)


class Explainer(Protocol):
    """Says why pods got no place; `explain.unplaced` is the one."""

    def __call__(  # noqa: PLR0913 - all but one by name
        self,
        pods: Sequence[Pod],
        *,
        snapshot: Snapshot,
        policy: Policy,
        formulation: Formulation,
        outcome: Outcome,
        ordered: bool,
        clashing: Container[Uid],
    ) -> tuple[Unplaced, ...]:
        """Return one answer per pod, in order; `ordered` and `clashing` as in `Answer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided.

    Parameters
    ----------
    plan
        Always there; without steps when there is nothing to do or nothing can be done.
    pending
        The pods that asked for a place, the waiting ones not included.
    formulation, outcome
        What was solved, and the answer; `outcome` is None when nothing had to be.
    complaints
        Annotations that could not be used.
    """

    plan: Plan
    pending: tuple[Pod, ...]
    formulation: Formulation
    outcome: Outcome | None
    complaints: tuple[Complaint, ...]


def decide(  # noqa: PLR0913 - by name, most with defaults
    snapshot: Snapshot,
    policy: Policy,
    solver: Solver,
    now: datetime,
    *,
    explainer: Explainer,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    others: Iterable[Policy] = (),
    order: Order = Order.RESTOW,
    trigger: Trigger = Trigger.PENDING_PODS,
    digest: str | None = None,
    whole: bool = False,
    recall: Recall | None = None,
) -> Decision:
    """Return the plan for the policy's pending pods.

    Parameters
    ----------
    others
        The other policies, which may govern some of the pods.
    digest
        Digest of the snapshot, if the caller has it already.
    whole
        Whether all of the policy's nodes are looked at, however many they are.
    recall
        What the last decision under the policy was formulated as; it serves again where nothing
        that it rests on has changed.

    Nothing is solved when nothing is pending. Pods that the rehearsal shows not to be able to leave
    are made to stay, and the rest is solved anew.
    """
    asked = partial(
        formulate,
        snapshot,
        policy,
        now,
        usage=usage,
        others=tuple(others),
        order=order,
        whole=whole,
    )
    formulation = asked(recall=recall)
    blank = Plan(
        name="",
        trigger=trigger,
        policy=policy.name,
        snapshot_digest=digest or digest_of(snapshot),
        taken_at=snapshot.taken_at,
        steps=(),
        unplaced=formulation.waiting,
        solve=NO_SOLVE,
    )
    if not formulation.pending:
        return _decision(named(blank), formulation, None)
    judge = Judge(snapshot=snapshot, policy=policy, now=now, others=tuple(others))
    answer = _rehearsed(blank, judge, formulation, asked, solver)
    solved = answer.formulation if answer.ordered else formulation
    if answer.unplaced and not solved.whole:  # what keeps them out is asked of all nodes
        solved = replace(asked(whole=True), problem=solved.problem)
    explained = explainer(
        answer.unplaced,
        snapshot=snapshot,
        policy=policy,
        formulation=solved,
        outcome=answer.outcome,
        ordered=answer.ordered,
        clashing=answer.clashing,
    )
    plan = replace(
        blank,
        steps=answer.steps,
        unplaced=tuple(sorted((*formulation.waiting, *explained), key=lambda each: each.pod)),
        solve=summary(answer.formulation, answer.outcome, answer.steps, wall_s=answer.wall_s),
    )
    return _decision(named(plan), answer.formulation, answer.outcome)


def _rehearsed(
    blank: Plan,
    judge: Judge,
    formulation: Formulation,
    asked: Callable[..., Formulation],
    solver: Solver,
) -> Answer:
    """Return an answer that does not get stuck; without steps if none is found."""
    limit = judge.policy.spec.solve_time_limit_seconds
    answer = answered(judge.snapshot, with_elsewhere(formulation, judge), solver, limit)
    staying: frozenset[Uid] = frozenset()
    for _ in range(REHEARSALS):
        immobile = stuck(replace(blank, steps=answer.steps), judge)
        if not answer.steps and not answer.ordered:
            immobile |= _machines(formulation) - staying
        if not immobile:
            return answer
        staying |= immobile
        left = max(limit - answer.spent, 0.1)
        again = answered(
            judge.snapshot, with_elsewhere(asked(staying=staying), judge), solver, left
        )
        answer = replace(
            again,
            ordered=False,
            spent=again.spent + answer.spent,
            wall_s=again.wall_s + answer.wall_s,
        )
    return replace(answer, steps=(), unplaced=formulation.pending)


def _machines(formulation: Formulation) -> frozenset[Uid]:
    """Return the launchers that may move: they hold two places on their way, which needs room."""
    return frozenset(
        pod.uid
        for members in formulation.members
        for _, pods in members.running
        for pod in pods
        if is_launcher(pod)
    )


def named(plan: Plan) -> Plan:
    """Name the plan after what it rests on and what it does."""
    text = "\n".join(
        [plan.policy, plan.trigger, plan.snapshot_digest]
        + [
            f"{s.wave} {s.action} {s.pod.key} {s.pod.uid} {s.source or ''} {s.target or ''}"
            for s in plan.steps
        ]
    )
    return replace(plan, name=f"plan-{hashlib.sha256(text.encode()).hexdigest()[:12]}")


def _decision(plan: Plan, formulation: Formulation, outcome: Outcome | None) -> Decision:
    return Decision(
        plan=plan,
        pending=formulation.pending,
        formulation=formulation,
        outcome=outcome,
        complaints=formulation.complaints,
    )
