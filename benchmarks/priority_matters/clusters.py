"""Grid C: whole clusters as snapshots, of 100 to 10,000 nodes and some ten pods a node.

Workloads are drawn one after the other and scheduled at once by a deterministic stand-in for
kube-scheduler without preemption (least allocated and balanced, ties to the first node); what finds
no node stays pending. With `rules`, three in ten workloads have a disruption budget of one, and one
in ten each keeps its pods apart, spreads them over three zones, or is bound to one of four pools.
Budgets allow their disruption although a pod may be pending.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.priority_matters.places import Places
from benchmarks.priority_matters.workloads import ZONES, Site, Template, snapshot
from restow.cluster.snapshot import Snapshot

POOLS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which cluster to draw; `templates` of 0 gives each workload a size of its own."""

    nodes: int
    pods_per_node: int = 10
    utilisation: float
    priorities: int = 1
    templates: int = 0
    rules: bool = False
    seed: int = 0


def draw(shape: Shape) -> Snapshot:
    """Return the cluster when the stand-in has scheduled what it could."""
    rng = random.Random(repr(shape))
    sets = list(_workloads(shape, rng))
    totals = [sum(each.replicas * each.demand[r] for each in sets) for r in range(2)]
    percent = round(shape.utilisation * 100)
    room = tuple(-(-total * 100 // (shape.nodes * percent)) for total in totals)
    sites = [
        Site(room=room, zone=index % ZONES, pool=index // ZONES % POOLS)
        for index in range(shape.nodes)
    ]
    places = Places(sites)
    seats = [(each, n, places.seat(each)) for each in sets for n in range(each.replicas)]
    return snapshot(sites, sets, seats, healthy=lambda each: each.replicas)


def _workloads(shape: Shape, rng: random.Random) -> Iterator[Template]:
    left = shape.nodes * shape.pods_per_node
    sizes = [_size(rng) for _ in range(shape.templates)]
    weights = [1 / rank for rank in range(1, shape.templates + 1)]
    while left:
        replicas = min(rng.randint(1, 4), left)
        number = shape.nodes * shape.pods_per_node - left
        left -= replicas
        demand = rng.choices(sizes, weights)[0] if sizes else _size(rng)
        priority = rng.randint(1, shape.priorities)
        rule = _rule(rng.random()) if shape.rules else ""
        yield Template(
            name=f"rs-{number:06}",
            replicas=replicas,
            demand=demand,
            priority=priority,
            pool=sum(demand) % POOLS if rule == "pool" else None,
            spread=rule == "spread",
            apart=rule == "apart",
            budget=rule == "budget",
        )


def _size(rng: random.Random) -> tuple[int, int]:
    return rng.randint(100, 1000), rng.randint(100, 1000)


def _rule(chance: float) -> str:
    """Three in ten have a budget; one in ten each keeps apart, spreads, or has a pool."""
    for least, rule in ((0.9, "apart"), (0.8, "spread"), (0.7, "pool"), (0.4, "budget")):
        if chance >= least:
            return rule
    return ""
