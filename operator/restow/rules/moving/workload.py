"""Which workload a pod is of: a Deployment's pods are its own, not those of its ReplicaSets."""

from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid


def top_of(owner: Uid, snapshot: Snapshot) -> Uid:
    """Return the topmost known owner, the controller itself where nobody is known above it."""
    seen: set[Uid] = set()
    while owner not in seen:
        seen.add(owner)
        workload = snapshot.workloads.get(owner)
        if workload is None or workload.owner is None:
            break
        owner = workload.owner.uid
    return owner
