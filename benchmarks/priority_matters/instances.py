"""The generator of grid A: ReplicaSets of random size on equal nodes."""

import random
from dataclasses import dataclass

RESOURCES = ("cpu_m", "memory_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSet:
    """Equal pods; `demand` is (millicores, bytes), `priority` is 1 for the lowest."""

    name: str
    replicas: int
    demand: tuple[int, int]
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One draw; all nodes have the same `capacity` in (millicores, bytes)."""

    nodes: int
    pods_per_node: int
    priorities: int
    utilisation: float
    seed: int
    capacity: tuple[int, int]
    sets: tuple[ReplicaSet, ...]


def draw(
    *, nodes: int, pods_per_node: int, priorities: int, utilisation: float, seed: int
) -> Instance:
    """Return the instance of these axes and this seed.

    The pods depend on the seed and all axes but the utilisation, which only sets the capacity:
    the total request over nodes times utilisation, rounded up, so 1.0 has no slack to the byte.
    """
    rng = random.Random(f"{nodes}/{pods_per_node}/{priorities}/{seed}")
    left = nodes * pods_per_node
    sets: list[ReplicaSet] = []
    while left:
        replicas = min(rng.randint(1, 4), left)
        left -= replicas
        sets.append(
            ReplicaSet(
                name=f"rs-{len(sets):03d}",
                replicas=replicas,
                demand=(rng.randint(100, 1000), rng.randint(10**8, 10**9)),
                priority=rng.randint(1, priorities),
            )
        )
    percent = round(utilisation * 100)
    totals = [sum(each.replicas * each.demand[r] for each in sets) for r in range(2)]
    capacity = tuple(-(-total * 100 // (nodes * percent)) for total in totals)
    return Instance(
        nodes=nodes,
        pods_per_node=pods_per_node,
        priorities=priorities,
        utilisation=utilisation,
        seed=seed,
        capacity=(capacity[0], capacity[1]),
        sets=tuple(sets),
    )
