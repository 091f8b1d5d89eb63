"""A cluster that churn has left scattered, the same for every peer."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from e2e.client import Json
from e2e.scenario import Scenario

CORES: Final = 16
LABEL: Final = "bench"
SIZES: Final = {"small": 1, "middle": 2, "large": 4}
"""Cores that a pod of each Deployment asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where pods are: per node, how many of each Deployment."""

    there: Mapping[str, Mapping[str, int]]

    @property
    def pods(self) -> int:
        """How many there are."""
        return sum(sum(counts.values()) for counts in self.there.values())


def draw(nodes: int, seed: int) -> Start:
    """Return a cluster of which between a fifth and three fifths of each node is in use."""
    chance = random.Random(seed)
    there: dict[str, dict[str, int]] = {}
    for n in range(nodes):
        room = chance.randint(CORES // 5, CORES * 3 // 5)
        counts = dict.fromkeys(SIZES, 0)
        while fitting := [app for app, cores in SIZES.items() if cores <= room]:
            app = chance.choice(fitting)
            counts[app] += 1
            room -= SIZES[app]
        there[f"node-{n:03}"] = counts
    return Start(there=there)


def stage(scenario: Scenario, start: Start) -> None:
    """Bring the pods there: only one node is open at a time, while Deployments grow."""
    scenario.apply(*(_node(name) for name in start.there))
    scenario.wait_nodes_ready()
    for name in start.there:
        _open(scenario, name, unschedulable=True)
    scenario.apply(*_workloads())
    total = dict.fromkeys(SIZES, 0)
    for name, counts in start.there.items():
        _open(scenario, name, unschedulable=False)
        for app, count in counts.items():
            if count:
                total[app] += count
                scenario.scale(app, total[app])
        scenario.wait_running(sum(total.values()))
        _open(scenario, name, unschedulable=True)
    for name in start.there:
        _open(scenario, name, unschedulable=False)


def _open(scenario: Scenario, node: str, *, unschedulable: bool) -> None:
    scenario.client.patch("Node", node, {"spec": {"unschedulable": unschedulable}})


def _node(name: str) -> Json:
    room = {"cpu": str(CORES), "memory": "64Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "type": "kwok", LABEL: "true"},
        },
        "status": {"allocatable": room, "capacity": room},
    }


def _workloads() -> Iterator[Json]:
    for app, cores in SIZES.items():
        labels = {"app": app, LABEL: "true"}
        yield {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": app},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "nodeSelector": {LABEL: "true"},
                        "containers": [
                            {
                                "name": "main",
                                "image": "registry.k8s.io/pause:3.10",
                                "resources": {"requests": {"cpu": str(cores), "memory": "1Gi"}},
                            }
                        ],
                    },
                },
            },
        }
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": app},
            "spec": {"maxUnavailable": 2, "selector": {"matchLabels": labels}},
        }
