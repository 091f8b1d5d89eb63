"""How long the local rules and the resources take for many pods by many nodes.

`python -m benchmarks.rules_speed --runs 5 --output json` makes a cluster of `--nodes` nodes that
differ in zone, pool, taints, features and free room, and `--classes` pods no two of which ask
alike: selectors, affinity by every operator, tolerations, requests, every tenth with a volume that
is bound to a zone. Per run, one JSON line; the last line has the median. Seconds are of one thread,
from objects to the names of the nodes of each class; memory is the process's peak, cluster
included.
"""

import argparse
import json
import random
import resource
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from restow.cluster.objects import Node, NodeSelectorTerm, Pod, Taint, Toleration
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import ClaimRef, PersistentVolume, PersistentVolumeClaim
from restow.cluster.terms import Operator, Requirement
from restow.cluster.volumes import PodVolume
from restow.core.frozen import Amounts, Labels
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.rules.board import Board
from restow.rules.feasibility import feasible

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
ZONES, POOLS, TEAMS = 3, 60, 20
MIB: Final = 1024 * 1024


def a_cluster(count: int, chance: random.Random) -> dict[NodeName, Node]:
    """Make the nodes."""
    nodes = (_a_node(index, chance) for index in range(count))
    return {node.name: node for node in nodes}


def _a_node(index: int, chance: random.Random) -> Node:
    name = NodeName(f"node-{index:05}")
    pool = index % POOLS
    labels = {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": f"zone-{index % ZONES}",
        "pool": f"pool-{pool}",
        "generation": str(pool % 9),
        "team": f"team-{chance.randrange(TEAMS)}",
    }
    taint = Taint(key="team", value=f"team-{pool % TEAMS}", effect="NoSchedule")
    return Node(
        name=name,
        labels=Labels(labels),
        allocatable=Amounts(
            {"cpu": 32_000, "memory": 128 << 30, "pods": 110, "nvidia.com/gpu": 8 * (pool % 2)}
        ),
        unschedulable=index % 97 == 0,
        taints=(taint,) if pool % 3 == 0 else (),
        declared_features=frozenset({"VolumeBindMountOptions"} if pool % 2 else ()),
    )


def running(nodes: dict[NodeName, Node], chance: random.Random) -> Iterator[Pod]:
    """Make two pods per node, so that hardly any two nodes have the same room."""
    for name in nodes:
        for index in range(2):
            yield _a_pod(f"{name}-{index}", _amounts(chance), node=name)


def waiting(count: int, chance: random.Random) -> list[Pod]:
    """Make pods no two of which ask alike."""
    return [_asking(index, chance) for index in range(count)]


def _asking(index: int, chance: random.Random) -> Pod:
    operators: tuple[tuple[Operator, tuple[str, ...]], ...] = (
        (Operator.IN, (f"pool-{index % POOLS}", f"pool-{(index * 7) % POOLS}")),
        (Operator.NOT_IN, (f"pool-{index % POOLS}",)),
        (Operator.EXISTS, ()),
    )
    operator, values = operators[index % len(operators)]
    expressions = (
        Requirement(key="pool", operator=operator, values=values),
        Requirement(key="generation", operator=Operator.GT, values=(str(index % 5),)),
        Requirement(
            key="kubernetes.io/hostname", operator=Operator.NOT_IN, values=(f"node-{index:05}",)
        ),
    )
    toleration = Toleration(key="team", value=f"team-{chance.randrange(TEAMS)}")
    return _a_pod(
        f"class-{index}",
        _amounts(chance),
        selector={"topology.kubernetes.io/zone": f"zone-{index % ZONES}"} if index % 4 == 0 else {},
        terms=(NodeSelectorTerm(expressions=expressions),),
        tolerations=(toleration,),
        features=frozenset({"VolumeBindMountOptions"} if index % 5 == 0 else ()),
        claim=f"claim-{index}" if index % 10 == 0 else None,
    )


def claims(pods: list[Pod]) -> list[PersistentVolumeClaim]:
    """Make the claims of the pods, all bound."""
    return [
        PersistentVolumeClaim(
            key=ObjectKey("default", volume.claim),
            uid=Uid(volume.claim),
            volume=f"volume-of-{volume.claim}",
            bound=True,
        )
        for pod in pods
        for volume in pod.volumes
        if volume.claim
    ]


def volume(claim: PersistentVolumeClaim, index: int) -> PersistentVolume:
    """Make the volume of a claim, in one zone."""
    zone = Requirement(
        key="topology.kubernetes.io/zone",
        operator=Operator.IN,
        values=(f"zone-{index % ZONES}",),
    )
    return PersistentVolume(
        name=claim.volume,
        node_affinity=(NodeSelectorTerm(expressions=(zone,)),),
        claim=ClaimRef(key=claim.key, uid=claim.uid),
    )


def _amounts(chance: random.Random) -> Amounts:
    return Amounts(
        {
            "cpu": chance.randrange(100, 15_000),
            "memory": chance.randrange(1 << 28, 60 << 30),
            "nvidia.com/gpu": chance.choice((0, 0, 1, 2)),
            "pods": 1,
        }
    )


def _a_pod(
    name: str,
    requests: Amounts,
    *,
    node: NodeName | None = None,
    selector: dict[str, str] | None = None,
    terms: tuple[NodeSelectorTerm, ...] | None = None,
    tolerations: tuple[Toleration, ...] = (),
    features: frozenset[str] = frozenset(),
    claim: str | None = None,
) -> Pod:
    return Pod(
        key=ObjectKey("default", name),
        uid=Uid(name),
        created_at=NOW,
        requests=requests,
        node=node,
        node_selector=Labels(selector or {}),
        node_affinity=terms,
        tolerations=tolerations,
        needed_features=features,
        volumes=(PodVolume(name="data", claim=claim),) if claim else (),
    )


def main() -> None:
    """Run, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--nodes", type=int, default=5000)
    options.add_argument("--classes", type=int, default=1000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--output", choices=("json",), default="json")
    asked = options.parse_args()
    chance = random.Random(asked.seed)
    nodes = a_cluster(asked.nodes, chance)
    pods = {pod.key: pod for pod in running(nodes, chance)}
    classes = waiting(asked.classes, chance)
    bound = claims(classes)
    volumes = [volume(claim, index) for index, claim in enumerate(bound)]
    snapshot = Snapshot(
        taken_at=NOW,
        nodes=nodes,
        pods=pods,
        claims={each.key: each for each in bound},
        volumes={each.name: each for each in volumes},
    )
    seconds = []
    for run in range(asked.runs):
        board = Board(snapshot)
        start = time.perf_counter()
        found = feasible(classes, tuple(nodes.values()), board, fitting=True)
        seconds.append(time.perf_counter() - start)
        print(json.dumps({"run": run, "seconds": round(seconds[-1], 3)}))
    print(
        json.dumps(
            {
                "nodes": asked.nodes,
                "classes": asked.classes,
                "median_s": round(statistics.median(seconds), 3),
                "feasible_pairs": sum(map(len, found.values())),
                "distinct_answers": len(set(found.values())),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MIB,
            }
        )
    )


if __name__ == "__main__":
    main()
