"""Only a pod that somebody creates again may be removed.

ReplicaSets (so Deployments), StatefulSets and ReplicationControllers do. A Job does too, but its
work starts anew, so the policy decides. Of any other controller (a custom resource's) restow cannot
know; its pods stay unless somebody opted in: `restow.dev/movable: "true"` on the pod, its owners or
its namespace, or `descheduler.alpha.kubernetes.io/evict` on the pod. A pod without a controller
never moves, whatever its annotations say: nobody would create it again. Launchers of virtual
machines are judged by `machine` instead.
"""

from typing import Final

from restow.cluster.objects import OwnerRef, Pod
from restow.core.reasons import Reason, Refusal

RECREATING: Final = frozenset(
    {("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("", "ReplicationController")}
)
"""API groups and kinds of the controllers that replace a pod at once."""

JOB: Final = ("batch", "Job")


def refuse(pod: Pod, *, jobs: bool, opted_in: bool) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if its controller replaces it.

    `jobs` is the policy's word on pods of Jobs; `opted_in` whether somebody vouched for it.
    """
    if pod.owner is None:
        return Refusal(Reason.NO_CONTROLLER, "the pod has no controller that would replace it")
    kind = _group_kind(pod.owner)
    if kind == JOB:
        return None if jobs else _job(pod.owner)
    if kind in RECREATING or opted_in:
        return None
    return Refusal(
        Reason.NO_CONTROLLER,
        f"nothing says that {pod.owner.kind} {pod.owner.name} would replace the pod; annotate "
        'restow.dev/movable="true" if it does',
    )


def _job(owner: OwnerRef) -> Refusal:
    return Refusal(
        Reason.JOB_NOT_ALLOWED,
        f"the pod belongs to Job {owner.name} and the policy does not move pods of Jobs",
    )


def _group_kind(owner: OwnerRef) -> tuple[str, str]:
    group, slash, _ = owner.api_version.partition("/")
    return (group if slash else "", owner.kind)
