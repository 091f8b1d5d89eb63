"""Grids D and E: churned clusters with rules, as snapshots.

D has three node sizes (1, 2 and 4 parts of the total room), three pools by label (one of them
tainted), zone spread and disruption budgets. E has nodes of 8 GPUs and pods of 1, 2, 4 or 8 with
CPU and memory in varying proportion, and budgets. In both, workloads are created up to the final
demand and then deleted at random and replaced, until each has been replaced twice on average; the
stand-in scheduler without preemption places them all along.
"""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from benchmarks.priority_matters.churn import Cluster
from benchmarks.priority_matters.workloads import ZONES, Site, Template, snapshot
from restow.cluster.snapshot import Snapshot

GPUS: Final = 8
GPU_NODE: Final = (GPUS * 12_000, GPUS * 96 * 1024, GPUS)
TURNS: Final = 2
"""How often a workload is replaced, on average."""

Make = Callable[[random.Random, str, int, int], Template]
"""From a name, the priorities and what is left of the final demand to a workload within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which cluster to draw; `pods_per_node` is not used for grid E, where GPUs set the number."""

    grid: str
    nodes: int
    pods_per_node: int
    priorities: int
    utilisation: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A churned cluster, and what the stand-in with preemption would make of it.

    `default` is pods with a node per priority, highest first; `default_breaches` how many
    evictions for it no budget allowed; `default_lost` how many pods of a workload it leaves
    without a node that had one.
    """

    snapshot: Snapshot
    default: list[int]
    default_breaches: int
    default_lost: dict[str, int]


def draw(shape: Shape) -> Start:
    """Return the cluster of this shape; equal shapes give equal clusters."""
    rng = random.Random(repr(shape))
    make, total, weigh = (
        (_gpu_pods, round(shape.utilisation * GPUS * shape.nodes), _gpus)
        if shape.grid == "E"
        else (_mixed_pods, shape.nodes * shape.pods_per_node, _pods)
    )
    events = list(_events(rng, shape.priorities, total, make, weigh))
    gone = {event for event in events if isinstance(event, str)}
    kept = [event for event in events if isinstance(event, Template) and event.name not in gone]
    sites = _gpu_nodes(shape) if shape.grid == "E" else _mixed_nodes(shape, rng, kept)
    cluster = Cluster(sites)
    for event in events:
        if isinstance(event, str):
            cluster.delete(event)
        else:
            cluster.create(event)
    default = deepcopy(cluster)
    default.preemption = True
    default.retry()
    return Start(
        snapshot=snapshot(sites, kept, cluster.seats(), healthy=cluster.running),
        default=default.placed(shape.priorities),
        default_breaches=default.breaches,
        default_lost={
            each.name: max(0, cluster.running(each) - default.running(each)) for each in kept
        },
    )


def _events(
    rng: random.Random, priorities: int, total: int, make: Make, weigh: Callable[[Template], int]
) -> Iterator[Template | str]:
    """Yield workloads created and names of those deleted; what is left weighs `total`."""
    living: list[Template] = []
    weight = count = deletions = most = 0
    while True:
        while weight < total:
            each = make(rng, f"rs-{count:05}", priorities, total - weight)
            count += 1
            weight += weigh(each)
            living.append(each)
            yield each
        most = most or TURNS * len(living)
        if deletions >= most:
            return
        for _ in range(min(rng.randint(1, 4), len(living))):
            each = living.pop(rng.randrange(len(living)))
            weight -= weigh(each)
            deletions += 1
            yield each.name


def _pods(each: Template) -> int:
    return each.replicas


def _gpus(each: Template) -> int:
    return each.replicas * each.demand[2]


def _mixed_pods(rng: random.Random, name: str, priorities: int, left: int) -> Template:
    """Of 20: ten go where no taint is, three ask for pool 1, three for the tainted pool 2."""
    pool, tolerates = rng.choices(
        [(None, False), (1, False), (2, True), (None, True)], [10, 3, 3, 4]
    )[0]
    return Template(
        name=name,
        replicas=min(rng.randint(1, 4), left),
        demand=(rng.randint(100, 1000), rng.randint(100, 1000)),
        priority=rng.randint(1, priorities),
        pool=pool,
        tolerates=tolerates,
        spread=rng.random() < 0.3,
        budget=rng.random() < 0.4,
    )


def _gpu_pods(rng: random.Random, name: str, priorities: int, left: int) -> Template:
    sizes, weights = zip(
        *[each for each in ((1, 4), (2, 3), (4, 2), (8, 1)) if each[0] <= left], strict=True
    )
    gpus = rng.choices(sizes, weights)[0]
    return Template(
        name=name,
        replicas=min(rng.randint(1, 4), left // gpus),
        demand=(gpus * rng.randint(4000, 16_000), gpus * rng.randint(32, 128) * 1024, gpus),
        priority=rng.randint(1, priorities),
        budget=rng.random() < 0.3,
    )


def _mixed_nodes(shape: Shape, rng: random.Random, kept: list[Template]) -> list[Site]:
    """Return nodes whose room is the total request over the utilisation; of four one is tainted."""
    parts = [(1, 2, 4)[index % 3] for index in range(shape.nodes)]
    rng.shuffle(parts)
    totals = [sum(each.replicas * each.demand[r] for each in kept) for r in range(2)]
    percent = round(shape.utilisation * 100)
    units = [-(-total * 100 // (sum(parts) * percent)) for total in totals]
    pools = (0, 0, 1, 2)
    return [
        Site(
            room=tuple(part * unit for unit in units),
            zone=index % ZONES,
            pool=pools[index % 4],
            tainted=pools[index % 4] == 2,
        )
        for index, part in enumerate(parts)
    ]


def _gpu_nodes(shape: Shape) -> list[Site]:
    return [Site(room=GPU_NODE, zone=index % ZONES, pool=0) for index in range(shape.nodes)]
