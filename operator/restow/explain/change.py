"""The least disturbing change that gives one pod a place, within what is allowed and beyond it.

A pod of a group gets its place together with the group's other waiting pods, or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason
from restow.explain.unplaced import Verdict, verdicts
from restow.planning.answering import Solver
from restow.planning.decide import Decision, decide
from restow.planning.plan import Plan, Unplaced
from restow.planning.relating import groups
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits

_MANY = 1_000_000
"""Most that a limit of a policy can be."""


class Leeway(StrEnum):
    """What a change may ignore; each includes the one before."""

    NONE = "None"  # nothing: the policy's limits and the disruption budgets hold
    LIMITS = "Limits"  # the policy's limits on moves and evictions
    BUDGETS = "Budgets"  # also that disruption budgets are used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A plan that gives the pod a place.

    Parameters
    ----------
    leeway
        What had to be ignored for it; anything but NONE is what restow would do, not what it does.
    """

    leeway: Leeway
    plan: Plan

    @property
    def disturbed(self) -> int:
        """Number of pods moved or left without a place."""
        return self.plan.solve.disturbed.moves + self.plan.solve.disturbed.evictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """What would be decided if no other pod waited, but those of the pod's group.

    Parameters
    ----------
    party
        The pod, and the waiting pods of its group.
    decision
        Within limits and budgets.
    changes
        The least disturbing change within them, if there is one, then those that disturb less, or
        are the first to exist, with more leeway.
    tried
        With how much leeway one was looked for.
    waits
        Set when the pod needs no change: room for it is about to become free.
    verdict
        Why there is no change within limits and budgets, None if there is one or none is needed.
    """

    party: tuple[Pod, ...]
    decision: Decision
    changes: tuple[Change, ...]
    tried: tuple[Leeway, ...]
    waits: Unplaced | None
    verdict: Verdict | None


def decide_alone(  # noqa: PLR0913 - as `decide`
    pod: Pod,
    snapshot: Snapshot,
    policy: Policy,
    solver: Solver,
    now: datetime,
    *,
    others: Iterable[Policy] = (),
) -> Alone:
    """Return what would be decided for `pod`, which the policy covers, if no other pod waited.

    Those of its group wait with it. Scheduling gates on them and the policy's grace are passed
    over. Nominations of others hold.
    """
    party = groups.waiting(snapshot, ObjectKey(pod.key.namespace, pod.group)) if pod.group else ()
    party = party or (pod,)
    lone, others = _alone(party, snapshot, now), tuple(others)
    teller = _Teller()
    decisions: dict[Leeway, Decision] = {}
    changes: list[Change] = []
    for leeway in Leeway:
        if leeway is not Leeway.NONE and not _worth_asking(
            leeway, decisions[Leeway.NONE], changes, teller.first
        ):
            continue
        decision = decisions[leeway] = decide(
            _with_budgets(lone) if leeway is Leeway.BUDGETS else lone,
            _eager(policy, unlimited=leeway is not Leeway.NONE),
            solver,
            now,
            explainer=teller,
            others=others,
            whole=True,
        )
        change = Change(leeway=leeway, plan=decision.plan)
        if pod.key in decision.plan.placed and _gentler(change, changes):
            changes.append(change)
    first = decisions[Leeway.NONE]
    waiting = first.formulation.waiting
    return Alone(
        party=party,
        decision=first,
        changes=tuple(changes),
        tried=tuple(decisions),
        waits=next((each for each in waiting if each.pod == pod.ref), None),
        verdict=teller.first,
    )


class _Teller:
    """The explainer of plans, which keeps the first verdict as it is before it is cut."""

    def __init__(self) -> None:
        self.first: Verdict | None = None

    def __call__(self, pods: Sequence[Pod], **facts: Any) -> tuple[Unplaced, ...]:
        found = verdicts(pods, **facts)
        self.first = self.first or next(iter(found), None)
        return tuple(verdict.on(pod) for pod, verdict in zip(pods, found, strict=True))


def _alone(party: Iterable[Pod], snapshot: Snapshot, now: datetime) -> Snapshot:
    """Return the cluster as if kube-scheduler had given up on the party and on nobody else."""
    pods = {
        key: each if each.node is not None else replace(each, unschedulable_since=None)
        for key, each in snapshot.pods.items()
    }
    for pod in party:
        since = pod.unschedulable_since or now
        pods[pod.key] = replace(pod, gates=(), unschedulable_since=since)
    return replace(snapshot, pods=pods)


def _eager(policy: Policy, *, unlimited: bool) -> Policy:
    """Return the policy without its grace, and without its limits if `unlimited`."""
    changes: dict[str, object] = {"grace_seconds": 0.0}
    if unlimited:
        changes["limits"] = Limits(
            moves_per_plan=_MANY,
            evictions_per_plan=_MANY,
            moves_per_hour=_MANY,
            evictions_per_hour=_MANY,
        )
    return Policy(name=policy.name, spec=policy.spec.model_copy(update=changes))


def _with_budgets(snapshot: Snapshot) -> Snapshot:
    budgets = {
        key: replace(budget, disruptions_allowed=len(snapshot.pods), observed=True)
        for key, budget in snapshot.budgets.items()
    }
    return replace(snapshot, budgets=budgets)


def _worth_asking(
    leeway: Leeway, first: Decision, changes: Sequence[Change], verdict: Verdict | None
) -> bool:
    """Whether more leeway can bring a change that disturbs less, or the first one.

    A pod that waits for room that is about to become free needs none.
    """
    if not first.pending or (changes and changes[-1].disturbed <= 1):
        return False
    if leeway is Leeway.LIMITS:
        return not changes and verdict is not None and not verdict.impossible
    return any(no.reason is Reason.BUDGET_EXHAUSTED for no in first.formulation.fixed.values())


def _gentler(change: Change, before: list[Change]) -> bool:
    return not before or change.disturbed < before[-1].disturbed
