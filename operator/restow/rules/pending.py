"""Which pods are work for restow: those that kube-scheduler has given up on for a while."""

from collections.abc import Collection
from datetime import datetime, timedelta

from restow.cluster.objects import Pod
from restow.core.reasons import Reason, Refusal
from restow.rules import machines
from restow.rules.placement import scheduling_gates


def why_not_pending(
    pod: Pod, *, scheduler_names: Collection[str], grace_s: float, now: datetime
) -> Refusal | None:
    """Return why `pod` is not (yet) for restow to place, or None when it is.

    `grace_s` is how long, in seconds, kube-scheduler and the autoscalers have it to themselves
    after it became Unschedulable. Whether a policy covers the pod is not asked here.
    """
    if pod.scheduler_name not in scheduler_names:
        return Refusal(
            Reason.FOREIGN_SCHEDULER, f"the pod is for scheduler {pod.scheduler_name}, not ours"
        )
    return _busy(pod) or _not_given_up(pod, grace_s=grace_s, now=now)


def _busy(pod: Pod) -> Refusal | None:
    if pod.node is not None:
        return Refusal(Reason.NOT_UNSCHEDULABLE, f"the pod is bound to node {pod.node}")
    if pod.deleting:
        return Refusal(Reason.ALREADY_LEAVING, "the pod is being deleted")
    if machines.awaits_migration(pod):
        return Refusal(
            Reason.MIGRATION_TARGET, "KubeVirt made the pod to migrate a virtual machine to it"
        )
    return scheduling_gates.refuse(pod)


def _not_given_up(pod: Pod, *, grace_s: float, now: datetime) -> Refusal | None:
    if pod.unschedulable_since is None:
        return Refusal(
            Reason.NOT_UNSCHEDULABLE, "kube-scheduler has not called the pod Unschedulable"
        )
    if now - pod.unschedulable_since < timedelta(seconds=grace_s):
        return Refusal(
            Reason.IN_GRACE, f"the pod has not been Unschedulable for the {grace_s:g} s of grace"
        )
    return None
