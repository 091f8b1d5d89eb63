"""A decision asked for by a person: the operator's own, without its clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from restow.app.collecting import uncollected
from restow.app.deciding import pending_of, solver_of
from restow.app.rescheduling import in_a_child
from restow.app.worker import Worker
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.errors import InputError
from restow.core.reasons import Reason
from restow.explain.pod import Explanation, explain
from restow.explain.unplaced import unplaced
from restow.fragmentation.shapes import largest
from restow.planning.ceilings import Ceilings
from restow.planning.decide import Decision, decide
from restow.planning.goal import Goal
from restow.planning.plan import Unplaced
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.coverage import Policy, governing
from restow.policies.packing_policy import PackingPolicySpec
from restow.policies.rescheduling import Objective
from restow.rules.pending import why_not_pending


def moment(snapshot: Snapshot, now: datetime) -> datetime:
    """Return `now`, or when the last pod became Unschedulable if that machine's clock is ahead."""
    times = (pod.unschedulable_since for pod in snapshot.pods.values())
    return max((at for at in times if at is not None and at > now), default=now)


def choose(
    policies: Sequence[Policy], name: str | None, snapshot: Snapshot, now: datetime
) -> Policy:
    """Return the policy to plan under.

    The one of that name; without a name the only one, or the only one that governs pending pods;
    without any policy one of defaults, whose name is empty.

    Raises
    ------
    InputError
        When there is none of that name, or a name is needed to choose.
    """
    if name is not None:
        return _named(policies, name)
    if not policies:
        return Policy(name="", spec=PackingPolicySpec())
    everyone = tuple(policies)
    asked = [each for each in everyone if pending_of(each, everyone, snapshot, now)]
    if len(asked) <= 1:
        return next(iter(asked or sorted(everyone, key=lambda each: each.name)))
    raise InputError(
        where="command line",
        field="--policy",
        problem=f"pods wait under {len(asked)} policies: {', '.join(p.name for p in asked)}",
        remedy="choose one of them by --policy NAME",
    )


def _named(policies: Sequence[Policy], name: str) -> Policy:
    found = next((each for each in policies if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in policies) or "none"
        raise InputError(
            where="command line",
            field="--policy",
            problem=f"there is no PackingPolicy {name!r} (read: {known}) and no such file",
            remedy="name one that was read, or a file",
        )
    return found


def explain_by_hand(  # noqa: PLR0913 - half of them by name
    pod: Pod,
    snapshot: Snapshot,
    policies: Sequence[Policy],
    name: str | None,
    *,
    worker: Worker,
    time_limit_s: float | None,
    now: datetime,
) -> Explanation:
    """Return what is to be said of `pod`.

    Parameters
    ----------
    name
        Of the only policy to think of; None for all.
    time_limit_s
        Time to look for each change; None for the policy's.

    Raises
    ------
    InputError
        When there is no policy of that name.
    """
    asked = tuple(policies) if name is None else (_named(policies, name),)
    if not asked:
        asked = (Policy(name="", spec=PackingPolicySpec()),)
    changes = {} if time_limit_s is None else {"solve_time_limit_seconds": time_limit_s}
    timed = tuple(
        Policy(name=each.name, spec=each.spec.model_copy(update=changes)) for each in asked
    )
    return explain(pod, snapshot, timed, solver_of(worker, from_warm=True), now)


def plan_by_hand(  # noqa: PLR0913 - half of them by name
    snapshot: Snapshot,
    policy: Policy,
    policies: Sequence[Policy],
    *,
    worker: Worker,
    time_limit_s: float | None,
    now: datetime,
    work: float | None = None,
) -> Decision:
    """Return what the operator would decide about all pods that kube-scheduler has given up on.

    Grace, batch window and maintenance windows are about when, and do not count here; neither
    does what was moved within the last hour. Pods that no policy governs are listed as unplaced.

    Parameters
    ----------
    time_limit_s
        Time to solve; None for the policy's.
    work
        How much to search, in units of about a second on an idle machine, instead of a time: equal
        snapshots then give equal plans whatever the machine does beside. None to go by time.
    """
    changes: dict[str, float] = {"grace_seconds": 0.0}
    if work is not None:
        changes["solve_time_limit_seconds"] = work
    elif time_limit_s is not None:
        changes["solve_time_limit_seconds"] = time_limit_s
    spec = policy.spec.model_copy(update=changes)
    decision = uncollected()(decide)(
        snapshot,
        Policy(name=policy.name, spec=spec),
        solver_of(worker, deterministic=work is not None, from_warm=True),
        now,
        explainer=unplaced,
        others=tuple(each for each in policies if each.name != policy.name),
    )
    pending = (*decision.plan.unplaced, *_ungoverned(policy, policies, snapshot, now))
    listed = tuple(sorted(pending, key=lambda each: each.pod))
    return replace(decision, plan=replace(decision.plan, unplaced=listed))


def reschedule_by_hand(  # noqa: PLR0913 - half of them by name
    snapshot: Snapshot,
    policy: Policy,
    policies: Sequence[Policy],
    *,
    goal: Goal,
    time_limit_s: float,
    now: datetime,
) -> Rescheduled:
    """Return the plan that makes the most room, whatever the hourly limits have left.

    Parameters
    ----------
    goal
        Without shapes, it is about the largest pods of the cluster.

    Raises
    ------
    InputError
        When no pod says what there should be room for.
    """
    asked = goal.shapes or largest(
        pod.requests
        for pod in snapshot.pods.values()
        if governing((*policies, policy), pod, snapshot.namespaces) is not None or not policies
    )
    if not asked and goal.objective not in {Objective.CONSOLIDATE, Objective.DRAIN}:
        raise InputError(
            where="command line",
            field="--shape",
            problem="there is no pod to tell what there should be room for",
            remedy="name it, as in --shape cpu=16,memory=64Gi",
        )
    if goal.copies is not None and len(asked) > 1:
        raise InputError(
            where="command line",
            field="--copies",
            problem=f"it says nothing of which of {len(asked)} shapes",
            remedy="name one shape by --shape, or use --fragmentation",
        )
    spec = policy.spec.model_copy(update={"solve_time_limit_seconds": time_limit_s})
    return reschedule(
        snapshot,
        Policy(name=policy.name, spec=spec),
        replace(goal, shapes=asked),
        in_a_child,
        now,
        others=tuple(each for each in policies if each.name != policy.name),
        ceilings=Ceilings.of(policy.spec.rescheduling),
    )


def _ungoverned(
    policy: Policy, policies: Sequence[Policy], snapshot: Snapshot, now: datetime
) -> tuple[Unplaced, ...]:
    """Return the pods that `policy` would place if it, or any other, covered them."""
    names = policy.spec.scope.scheduler_names
    return tuple(
        Unplaced(
            pod=pod.ref,
            reason=Reason.NO_POLICY,
            message="no PackingPolicy covers the pod; widen the scope of one",
            proven=False,
        )
        for pod in snapshot.pods.values()
        if why_not_pending(pod, scheduler_names=names, grace_s=0, now=now) is None
        and governing((*policies, policy), pod, snapshot.namespaces) is None
    )
