"""What one migration costs, in hundredths of an ordinary one.

`restow.dev/move-cost` is the whole cost where somebody wrote it. Else it is the sum of

====================  ==============================================================================
1, or 10              an ordinary move; of a pod with the descheduler's `prefer-no-eviction`
                      (kubernetes-sigs/descheduler, README, *prefer-no-eviction*), as in packing
d / 2²⁷ + p / 2²⁵     `controller.kubernetes.io/pod-deletion-cost` d and priority p, as Karpenter
                      weighs them (`pkg/utils/disruption/disruption.go: EvictionCost`), 10 at most
log₂(1 + hours) / 10  time since the start, 1 at most: caches are warm, and work is under way; on
                      a logarithmic scale as in kube-controller-manager's choice of pods to delete
                      (`pkg/controller/controller_utils.go: ActivePodsWithRanks`)
1 / replicas          the part of its workload that is away meanwhile; 1 where nobody knows
GiB to pull           of the pod's images, on the average node of the policy, weighed by how many
                      nodes have them, as by kube-scheduler's ImageLocality (`scaledImageScore`)
GiB / 4               to copy, of a virtual machine's pod: its memory, and what it writes meanwhile
                      where that is known (`rules.copying`); KubeVirt gives a migration 150 s
                      per GB (`completionTimeoutPerGiB`); other pods start anew
====================  ==============================================================================

It is never below nothing: no move pays for itself.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.rules import copying, machines, migration_policies
from restow.rules.wishes import HIGHEST_MOVE_COST, Wishes

ORDINARY: Final = 100
"""An ordinary move, such as `restow.dev/move-cost: "1"` asks for."""

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
DELETION_SCALE: Final = 2**27
PRIORITY_SCALE: Final = 2**25
DEAREST_BY_RANK: Final = 10.0
"""Karpenter's, as is its opposite."""

GIB: Final = 2**30
"""So much to pull costs as much as an ordinary move."""

COPIED: Final = 4 * GIB
"""So much memory to copy does."""

INT32: Final = 2**31


def pulls(nodes: Collection[Node]) -> dict[str, float]:
    """Return the bytes to pull of each image on the average of some nodes.

    Of an image that no node has nobody knows the size: it is not among them.
    """
    size: dict[str, int] = {}
    have: Counter[str] = Counter()
    for node in nodes:
        for name, amount in node.images.items():
            size[name] = max(amount, size.get(name, 0))
            have[name] += 1
    return {name: amount * (1 - have[name] / len(nodes)) for name, amount in size.items()}


def of(
    pod: Pod, snapshot: Snapshot, wishes: Wishes, now: datetime, to_pull: Mapping[str, float]
) -> int:
    """Return what moving the pod once costs, from 0 to `ORDINARY` times `HIGHEST_MOVE_COST`.

    Parameters
    ----------
    to_pull
        What `pulls` says of the nodes where it may go.
    """
    if wishes.cost_asked:
        return wishes.move_cost * ORDINARY
    pulled = sum(to_pull.get(name, 0.0) for name in pod.images) / GIB
    cost = wishes.move_cost + _rank(pod) + _age(pod, now) + _share(pod, snapshot)
    cost += pulled + _copied(pod, snapshot)
    return min(max(0, round(cost * ORDINARY)), ORDINARY * HIGHEST_MOVE_COST)


def with_copying(wishes: Wishes, pod: Pod, snapshot: Snapshot) -> Wishes:
    """Return the wishes with the move cost that packing counts: dearer by what is to be copied.

    In whole ordinary moves, rounded up, so that machines stay alike; not where somebody wrote the
    cost.
    """
    if wishes.cost_asked or not machines.is_launcher(pod):
        return wishes
    cost = wishes.move_cost + math.ceil(_copied(pod, snapshot))
    return replace(wishes, move_cost=min(cost, HIGHEST_MOVE_COST))


def deletion_cost(pod: Pod) -> int:
    """Return what the annotation says, 0 where it is missing or no 32-bit integer, as upstream."""
    text = pod.annotations.get(DELETION_COST, "0")
    try:
        value = int(text)
    except ValueError:
        return 0
    return value if -INT32 <= value < INT32 else 0


def _rank(pod: Pod) -> float:
    cost = deletion_cost(pod) / DELETION_SCALE + pod.priority / PRIORITY_SCALE
    return min(max(cost, -DEAREST_BY_RANK), DEAREST_BY_RANK)


def _age(pod: Pod, now: datetime) -> float:
    hours = max(0.0, (now - (pod.started_at or pod.created_at)).total_seconds() / 3600)
    return min(1.0, math.log2(1 + hours) / 10)


def _share(pod: Pod, snapshot: Snapshot) -> float:
    uid: Uid | None = None if pod.owner is None else pod.owner.uid
    workload = None if uid is None else snapshot.workloads.get(uid)
    return 1 / max(1, (workload.replicas if workload is not None else None) or 1)


def _copied(pod: Pod, snapshot: Snapshot) -> float:
    if not machines.is_launcher(pod):
        return 0.0
    machine, memory = machines.of(pod, snapshot), pod.requests.of("memory")
    copied: float = memory
    if machine is not None:
        terms = migration_policies.terms(machine, snapshot)
        copied = copying.copied_bytes(memory, machine, terms)
    return min(copied / COPIED, HIGHEST_MOVE_COST)
