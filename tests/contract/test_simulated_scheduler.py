"""The simulated scheduler puts pods where the real one puts them, where no tie decides."""

from dataclasses import replace
from functools import partial
from random import Random

import pytest

from e2e.client import Json
from e2e.nodes import a_node
from e2e.scenario import Scenario, node_of
from restow.simulation.traces.reading import parse
from tests.support.traces import HEADER, OPTIONS, replay_of, text_of

pytestmark = pytest.mark.cluster

NODES = [("4", "16Gi"), ("8", "10Gi"), ("16", "64Gi"), ("12", "24Gi"), ("6", "40Gi")]
PODS = 18


def sizes(seed: int) -> list[dict[str, str]]:
    dice = Random(seed)
    drawn = [(dice.randrange(150, 2600, 50), dice.randrange(200, 6000, 100)) for _ in range(PODS)]
    return [{"cpu": f"{cpu}m", "memory": f"{memory}Mi"} for cpu, memory in drawn]


def simulated(seed: int, dice: int) -> list[str]:
    nodes = [{"node": f"n{i}", "cpu": c, "memory": m} for i, (c, m) in enumerate(NODES)]
    pods = [{"at": i, "arrives": f"p{i}", **asked} for i, asked in enumerate(sizes(seed))]
    trace = parse(text_of(HEADER, *nodes, *pods), "t")
    replay = replay_of(trace, options=replace(OPTIONS, seed=dice))
    replay.run()
    return [trace.nodes[replay.cluster.running[pod].node].name for pod in range(PODS)]


def a_pod(number: int, requests: dict[str, str], run: str) -> Json:
    containers = [{"name": "c", "image": "x", "resources": {"requests": requests}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"p{number}"},
        "spec": {"nodeSelector": {"run": run}, "containers": containers},
    }


def all_placed(count: int, pods: list[Json]) -> bool:
    return len(pods) == count and all(map(node_of, pods))


@pytest.mark.parametrize("seed", [3, 6, 8])
def test_one_after_the_other_pods_get_the_nodes_that_the_real_one_gives_them(
    seed: int, scenario: Scenario
) -> None:
    expected = simulated(seed, 0)
    assert all(simulated(seed, dice) == expected for dice in range(1, 8)), "a tie would decide"
    run = scenario.namespace
    scenario.apply(
        *(a_node(f"n{i}", cpu=c, memory=m, labels={"run": run}) for i, (c, m) in enumerate(NODES))
    )
    scenario.wait_nodes_ready()
    found = []
    for number, requests in enumerate(sizes(seed)):
        scenario.apply(a_pod(number, requests, run))
        pods = scenario.wait_pods(
            partial(all_placed, number + 1),
            labels="",
            within_s=30,
            what=f"pod {number} has a node",
        )
        found.append({pod["metadata"]["name"]: node_of(pod) for pod in pods}[f"p{number}"])
    assert found == expected
