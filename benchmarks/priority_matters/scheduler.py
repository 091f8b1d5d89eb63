"""A deterministic stand-in for kube-scheduler on equal nodes without labels, taints or affinity.

Not the real one. It follows kube-scheduler 1.37's defaults where they can matter here: fit of CPU
and memory; scores LeastAllocated (weight 1), BalancedAllocation (1) and the default topology spread
over host names (2); ties go to the first node by name, and one pod is scheduled at a time.
Preemption removes every lower pod of a node, puts back what still fits, and picks the node by the
highest victim, the sum of priorities, then the number of victims, then its name. Victims are
created anew by their ReplicaSet at once.
"""

import math
from collections import Counter, deque
from dataclasses import dataclass, field

from benchmarks.priority_matters.instances import Instance, ReplicaSet

SPREAD_WEIGHT = 2
SPREAD_SKEW = 3


@dataclass(kw_only=True)
class Cluster:
    """Where the pods of each ReplicaSet are; pods of one set are not told apart."""

    instance: Instance
    at: list[Counter[int]] = field(default_factory=list)
    pending: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.at = [Counter() for _ in range(self.instance.nodes)]

    def placed(self) -> list[int]:
        """Return pods with a node per priority, highest first."""
        totals = [0] * self.instance.priorities
        for node in self.at:
            for index, count in node.items():
                totals[self.instance.priorities - self.instance.sets[index].priority] += count
        return totals

    def used(self, node: int) -> tuple[int, int]:
        sets = self.instance.sets
        cpu = sum(sets[i].demand[0] * k for i, k in self.at[node].items())
        return cpu, sum(sets[i].demand[1] * k for i, k in self.at[node].items())


def schedule(instance: Instance, *, preemption: bool) -> Cluster:
    """Create the ReplicaSets one by one and return the cluster when it has come to rest."""
    cluster = Cluster(instance=instance)
    for index, each in enumerate(instance.sets):
        _settle(cluster, deque([index] * each.replicas), preemption=preemption)
    return cluster


def _settle(cluster: Cluster, queue: deque[int], *, preemption: bool) -> None:
    sets = cluster.instance.sets
    while queue:
        index = max(queue, key=lambda i: (sets[i].priority, -i))
        queue.remove(index)
        node = _filter_and_score(cluster, index)
        if node is not None:
            cluster.at[node][index] += 1
            continue
        chosen = _preempt(cluster, index) if preemption else None
        if chosen is None:
            cluster.pending[index] += 1
            continue
        node, victims = chosen
        cluster.at[node] = +(cluster.at[node] - victims)
        cluster.at[node][index] += 1
        queue.extend(victims.elements())
        queue.extend(cluster.pending.elements())  # a deleted pod wakes the unschedulable ones
        cluster.pending.clear()


def _fits(instance: Instance, used: tuple[int, int], each: ReplicaSet) -> bool:
    return all(u + d <= c for u, d, c in zip(used, each.demand, instance.capacity, strict=True))


def _filter_and_score(cluster: Cluster, index: int) -> int | None:
    instance, each = cluster.instance, cluster.instance.sets[index]
    nodes = [n for n in range(instance.nodes) if _fits(instance, cluster.used(n), each)]
    if not nodes:
        return None
    weight = math.log(len(nodes) + 2)
    crowd = {n: round(cluster.at[n][index] * weight + SPREAD_SKEW - 1) for n in nodes}
    most, least = max(crowd.values()), min(crowd.values())
    scores = {}
    for n in nodes:
        after = [u + d for u, d in zip(cluster.used(n), each.demand, strict=True)]
        shares = [a / c for a, c in zip(after, instance.capacity, strict=True)]
        free = sum(
            (c - a) * 100 // c for a, c in zip(after, instance.capacity, strict=True)
        ) // len(shares)
        balanced = int((1 - abs(shares[0] - shares[1]) / 2) * 100)
        spread = 100 * (most + least - crowd[n]) // most if most else 100
        scores[n] = free + balanced + SPREAD_WEIGHT * spread
    return min(nodes, key=lambda n: (-scores[n], n))


def _preempt(cluster: Cluster, index: int) -> tuple[int, Counter[int]] | None:
    sets, best = cluster.instance.sets, None
    for node in range(cluster.instance.nodes):
        victims = _victims(cluster, node, index)
        if victims is None:
            continue
        ranks = [sets[i].priority for i in victims.elements()]
        key = (max(ranks), sum(rank + 2**31 for rank in ranks), len(ranks), node)
        if best is None or key < best[0]:
            best = (key, node, victims)
    return None if best is None else (best[1], best[2])


def _victims(cluster: Cluster, node: int, index: int) -> Counter[int] | None:
    instance, each = cluster.instance, cluster.instance.sets[index]
    lower = [i for i in cluster.at[node].elements() if instance.sets[i].priority < each.priority]
    used = list(cluster.used(node))
    for i in lower:
        used = [u - d for u, d in zip(used, instance.sets[i].demand, strict=True)]
    if not lower or not _fits(instance, (used[0], used[1]), each):
        return None
    used = [u + d for u, d in zip(used, each.demand, strict=True)]
    victims: Counter[int] = Counter()
    for i in sorted(lower, key=lambda i: (-instance.sets[i].priority, i)):
        if _fits(instance, (used[0], used[1]), instance.sets[i]):
            used = [u + d for u, d in zip(used, instance.sets[i].demand, strict=True)]
        else:
            victims[i] += 1
    return victims
