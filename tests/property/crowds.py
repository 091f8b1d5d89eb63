"""Crowded clusters: little room anywhere, twins that wait, apps that ask about each other.

Much like those that `e2e.whole_plans.draw` gives to the real kube-scheduler.
"""

import random
from dataclasses import replace

from restow.cluster.objects import DisruptionBudget, HostPort, Pod, Workload
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection, SpreadConstraint
from restow.core.ids import Uid
from restow.simulation.cluster import Cluster, Habits
from tests.support.objects import (
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    owner_ref,
    selecting,
)

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
NODE_CPU = 8
RELATIONS = ("none",) * 6 + ("apart", "repels", "near", "spread") * 3 + ("port",) * 2


def habits(rng: random.Random, workloads: list[Uid], *, quick: bool) -> Habits:
    """A kube-scheduler that picks at random, preempts, and clears nominations; slow pods or not."""
    slow = rng.choice((0.0, 0.0, 2.0, 8.0))
    uneven = rng.random() < 0.4
    times = {uid: rng.choice((0.0, 1.0, 3.0)) for uid in workloads} if uneven else {}
    return Habits(
        leave_s={} if quick else times,
        leave_default_s=0.0 if quick else slow,
        forgets=lambda _: True,
        preempts=True,
        choose=rng.randrange,
    )


def crowd(rng: random.Random, *, quick: bool = False) -> Cluster:
    """Return one in which kube-scheduler has done what it could.

    `quick`: pods leave at once, and all have one priority.
    """
    count, zones = rng.randint(3, 6), rng.randint(2, 3)
    nodes = [
        a_node(f"n{n}", cpu_m=1000 * NODE_CPU, labels={ZONE: f"z{n % zones}"}) for n in range(count)
    ]
    snapshot = a_snapshot([], nodes)
    tiers = rng.choice(((0,), (0,), (0, 10)))
    tiers = (0,) if quick else tiers
    asked = 0
    names: list[str] = []
    workloads: list[Workload] = []
    pods: list[Pod] = []
    budgets: list[DisruptionBudget] = []
    while asked < 0.75 * count * NODE_CPU:
        names.append(f"a{len(names)}")
        cpu, replicas = rng.choice((1, 1, 2, 2, 3)), rng.randint(1, 3)
        workload, mine = _app(rng, names, cpu, replicas, rng.choice(tiers))
        workloads.append(workload)
        pods += mine
        if replicas > 1 and rng.random() < 0.3:
            budgets.append(a_budget(names[-1], selector=selecting(app=names[-1]), allowed=1))
        asked += cpu * replicas
    early = replace(
        snapshot,
        pods={pod.key: pod for pod in pods},
        workloads={each.uid: each for each in workloads},
    )
    placed = Cluster(early, Habits(choose=rng.randrange))
    for _ in range(3):
        placed.tick(1)
    late: list[Pod] = []
    for number in range(rng.randint(1, 2)):
        names.append(f"late{number}")
        workload, mine = _app(
            rng, names, rng.randint(3, 6), rng.choice((1, 1, 2)), rng.choice(tiers)
        )
        workloads.append(workload)
        late += mine
    return _settled(rng, placed, late, workloads, budgets, quick=quick)


def _settled(
    rng: random.Random,
    placed: Cluster,
    late: list[Pod],
    workloads: list[Workload],
    budgets: list[DisruptionBudget],
    *,
    quick: bool,
) -> Cluster:
    """Let the late ones come, and kube-scheduler do all it can."""
    base: Snapshot = replace(
        placed.snapshot(),
        workloads={each.uid: each for each in workloads},
        budgets={each.key: each for each in budgets},
    )
    pods = {**base.pods, **{pod.key: pod for pod in late}}
    owners = [each.uid for each in workloads]
    cluster = Cluster(replace(base, pods=pods), habits(rng, owners, quick=quick))
    for _ in range(40):
        cluster.tick(1)
    cluster.breaches.clear()
    return cluster


def _app(
    rng: random.Random, names: list[str], cpu: int, replicas: int, priority: int
) -> tuple[Workload, list[Pod]]:
    *others, own = names
    kind = rng.choice(("ReplicaSet",) * 5 + ("StatefulSet",))
    workload = a_workload(kind, own, replicas=replicas)
    relation = rng.choice(RELATIONS)
    if relation in {"repels", "near"} and not others:
        relation = "none"
    of = rng.choice(others) if relation in {"repels", "near"} else own
    key = rng.choice((HOST, ZONE)) if relation != "apart" else HOST
    meant = Selection(selector=selecting(app=of), namespaces=frozenset({"default"}))
    term = (PodTerm(topology_key=key, pods=meant),)
    template = a_pod(
        "t", cpu_m=1000 * cpu, labels={"app": own}, owner=owner_ref(workload), priority=priority
    )
    match relation:
        case "apart" | "repels":
            template = replace(template, anti_affinity=term)
        case "near":
            template = replace(template, affinity=term)
        case "spread":
            constraint = SpreadConstraint(
                topology_key=key, max_skew=1, selector=selecting(app=own), min_domains=None
            )
            template = replace(template, spread=(constraint,))
        case "port":
            template = replace(template, host_ports=(HostPort(ip="", protocol="TCP", port=8080),))
        case _:
            pass
    return workload, [
        replace(template, key=each.key, uid=each.uid)
        for each in (a_pod(f"{own}-{index}") for index in range(replicas))
    ]
