"""Everything there is to say of one pod: why it waits, or why it may or may not be moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason, Refusal
from restow.explain.aside import Aside, standing_aside
from restow.explain.change import Alone, decide_alone
from restow.explain.obstacles import Inquest, Obstacles
from restow.explain.staying import Staying, staying
from restow.planning.answering import Solver
from restow.planning.judge import Judge
from restow.policies.coverage import Policy, governing, refuses_pod
from restow.policies.packing_policy import PackingPolicySpec

ELSEWHERE = frozenset({Reason.FOREIGN_SCHEDULER, Reason.ALREADY_LEAVING})
"""Reasons for which no node is asked: nobody looks for one, or not kube-scheduler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is to be said of one pod.

    Parameters
    ----------
    policy
        The policy that governs it; None when none does, and what follows is said as if one with
        the defaults did.
    no_work
        Why it is no work for restow now; None when it is.
    obstacles
        What keeps it off the nodes; None for a pod on a node, or one that looks for none.
    alone
        What would be decided for it; None likewise.
    staying
        What is to be said of moving it; None for a pod without a node.
    rivals
        Number of other pods that wait for a node and are not of the pod's group.
    aside
        Rules that say nothing in this cluster, because it does not serve what they are about.
    """

    pod: Pod
    policy: Policy | None
    no_work: Refusal | None
    obstacles: Obstacles | None = None
    alone: Alone | None = None
    staying: Staying | None = None
    rivals: int = 0
    aside: tuple[Aside, ...] = ()


def explain(
    pod: Pod,
    snapshot: Snapshot,
    policies: Sequence[Policy],
    solver: Solver,
    now: datetime,
) -> Explanation:
    """Return what is to be said of `pod` of the snapshot; changes nothing.

    Parameters
    ----------
    policies
        All of them; the one that governs the pod counts.
    """
    governs = governing(policies, pod, snapshot.namespaces)
    policy = governs or Policy(name="", spec=PackingPolicySpec())
    others = tuple(each for each in policies if governs is not None and each is not governs)
    ungoverned = _ungoverned(governs, policies, pod, snapshot)
    judge = Judge(snapshot=snapshot, policy=policy, now=now, others=others)
    if pod.node is not None:
        return Explanation(
            pod=pod,
            policy=governs,
            no_work=ungoverned,
            staying=staying(pod, judge),
            aside=standing_aside(snapshot),
        )
    no_work = judge.not_pending(pod) or ungoverned
    if no_work is not None and no_work.reason in ELSEWHERE:
        return Explanation(pod=pod, policy=governs, no_work=no_work)
    alone = decide_alone(pod, snapshot, policy, solver, now, others=others)
    inquest = Inquest.of(snapshot, policy, alone.decision.formulation)
    return Explanation(
        pod=pod,
        policy=governs,
        no_work=no_work,
        obstacles=inquest.obstacles(pod),
        alone=alone,
        rivals=sum(_waits(each) for each in snapshot.pods.values() if each not in alone.party),
        aside=standing_aside(snapshot),
    )


def _ungoverned(
    governs: Policy | None, policies: Sequence[Policy], pod: Pod, snapshot: Snapshot
) -> Refusal | None:
    if governs is not None:
        return None
    if len(policies) == 1:
        no = refuses_pod(policies[0], pod, snapshot.namespaces)
        if no is not None:
            return Refusal(Reason.NO_POLICY, no.message)
    return Refusal(Reason.NO_POLICY, "no PackingPolicy covers the pod; widen the scope of one")


def _waits(pod: Pod) -> bool:
    return pod.node is None and not pod.deleting and pod.unschedulable_since is not None
