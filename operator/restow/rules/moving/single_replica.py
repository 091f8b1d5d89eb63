"""The only pod of a workload is missed while it moves: nothing stands in for it.

Moved only if the policy allows it, or somebody says `restow.dev/movable: "true"`. What is wanted
counts, not what runs: a Deployment of three that has one pod left is a matter of its budget. The
pods of Jobs have a rule of their own; of a controller that is not in the snapshot nothing is known.
"""

from typing import Final

from restow.cluster.objects import OwnerRef, Pod, Workload, Workloads
from restow.core.reasons import Reason, Refusal

SERVING: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet"})
"""Kinds whose replicas stand in for one another."""


def refuse(pod: Pod, workloads: Workloads, *, allowed: bool) -> Refusal | None:
    """Return why `pod` is not to be moved, or None if it has siblings or nobody minds."""
    workload = None if allowed else _above(pod.owner, workloads)
    if workload is None or workload.kind not in SERVING:
        return None
    if workload.replicas is None or workload.replicas > 1:
        return None
    return Refusal(
        Reason.SINGLE_REPLICA,
        f"the pod is the only replica of {workload.kind} {workload.key.name}, which the policy "
        "does not move",
    )


def _above(owner: OwnerRef | None, workloads: Workloads) -> Workload | None:
    """Return what says how many replicas there are to be: of a ReplicaSet its Deployment."""
    workload = workloads.get(owner.uid) if owner is not None else None
    if workload is None or workload.owner is None:
        return workload
    return workloads.get(workload.owner.uid, workload)
