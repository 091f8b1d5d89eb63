"""A cluster fragmented by pods and machines that came and went is put right, run by run.

Which of them move follows from where kube-scheduler put them: now and then no machine does, and
the scenario has nothing to show. So it is run on request, with `RESTOW_CHURNED=1`.
"""

import os
from itertools import cycle, pairwise
from random import Random
from typing import Final

import pytest

from e2e.ambush import Moment
from e2e.client import Json
from e2e.kubevirt.manifests import a_machine
from e2e.kubevirt.virt_controller import MIGRATIONS, VirtController
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import phase, wait_plan
from e2e.scenario import Scenario
from e2e.scenarios.test_killed import kill_at
from e2e.scenarios.test_machines import (
    OURS,
    all_is_well,
    machines,
    migration_in,
    migrations,
    steps,
    virt_api,
    where,
)
from e2e.waiting import eventually, steadily
from e2e.watches import has_gate

__all__ = ["machines", "virt_api"]  # fixtures

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.skipif("RESTOW_CHURNED" not in os.environ, reason="run on request"),
]

NODES: Final = 100
DEPLOYMENTS: Final = 80
CAME: Final = 12
STAYED: Final = 10
"""Replicas of each Deployment at first, and after some have gone: 800 pods in the end."""

MACHINES: Final = 50
SHAPE: Final = "cpu=8"
SLOW_S: Final = 240


def deployment(name: str, cpu: int, replicas: int, *, stays: bool) -> Json:
    container = {
        "name": "main",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"cpu": str(cpu), "memory": "1Gi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "annotations": {"restow.dev/movable": "false"} if stays else {},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, **OURS}},
                "spec": {"nodeSelector": OURS, "containers": [container]},
            },
        },
    }


def budget(name: str) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": STAYED - 2, "selector": {"matchLabels": {"app": name}}},
    }


def churned(scenario: Scenario, seed: int) -> None:
    """Fill the nodes with machines and pods, and let some of the pods go again.

    Two of three Deployments opted out of being moved: most that moves is a machine.
    """
    random = Random(seed)
    labels = {**OURS, "kubevirt.io/schedulable": "true"}
    names = [f"vm-{number:03}" for number in range(NODES)]
    scenario.apply(*(a_node(name, cpu="16", memory="64Gi", labels=labels) for name in names))
    scenario.wait_nodes_ready()
    homes = random.choices(names, k=MACHINES)
    scenario.apply(
        *(
            a_machine(f"m-{n:02}", home, cpu=random.choice("34"), labels=OURS)
            for n, home in enumerate(homes)
        )
    )
    sizes = cycle((1, 1, 2))
    apps = {f"app-{n:02}": next(sizes) for n in range(DEPLOYMENTS)}
    scenario.apply(
        *(
            deployment(name, cpu, CAME, stays=number % 3 > 0)
            for number, (name, cpu) in enumerate(apps.items())
        )
    )
    scenario.wait_running(MACHINES + DEPLOYMENTS * CAME, within_s=SLOW_S)
    for name in apps:
        scenario.scale(name, STAYED)
    scenario.apply(*(budget(name) for name in list(apps)[::2]))
    scenario.wait_running(MACHINES + DEPLOYMENTS * STAYED, within_s=SLOW_S)


def policy(mode: str) -> Json:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "churned"},
        "spec": {
            "mode": mode,
            "scope": {"pods": {"matchLabels": OURS}, "nodes": {"matchLabels": OURS}},
            "limits": {"movesPerPlan": 100, "movesPerHour": 1000},
            "rescheduling": {
                "shapes": [SHAPE],
                "intervalSeconds": 60,
                "maxMigrations": "3%",
                "minimumGain": 0,
            },
        },
    }


def fragmentation(plan: Json, moment: str) -> float:
    return float(plan["status"]["fragmentation"][moment]["fragmentation"])


def runs(scenario: Scenario, count: int) -> list[Json]:
    """Wait until so many plans were carried out; return these and those given up, oldest first."""
    return eventually(
        lambda: [plan for plan in scenario.plans() if phase(plan) in {"Completed", "Aborted"}],
        within_s=2 * SLOW_S,
        what=f"{count} runs are completed",
        until=lambda plans: [phase(plan) for plan in plans].count("Completed") >= count,
    )


def test_each_run_lowers_fragmentation_as_planned_also_when_the_operator_is_killed(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    machines.copy_s = 4.0  # longer than any pod is gated
    churned(scenario, seed=1)
    before = scenario.places(), where(scenario)
    scenario.apply(policy("Observe"))
    seen = wait_plan(scenario, "Proposed", within_s=SLOW_S)
    steadily(
        lambda: (scenario.places(), where(scenario)) == before and not migrations(scenario),
        for_s=3,
        what="nothing moves while the policy only observes",
    )
    assert steps(seen, "Migrate")

    ambush = kill_at(scenario, operator, MIGRATIONS, ungated(scenario))
    scenario.apply(policy("Act"))
    ambush.wait(SLOW_S)
    operator.start(wait=False)
    plans = runs(scenario, 2)
    limit = (MACHINES + DEPLOYMENTS * STAYED) * 3 // 100
    for plan in plans:
        assert len(plan["spec"]["steps"]) <= limit
        assert fragmentation(plan, "after") < fragmentation(plan, "before")
    for earlier, later in pairwise(plans):
        # on a busy machine a pod may be let go late, and stray: then the plan says so
        if earlier["status"]["message"] == f"{len(earlier['spec']['steps'])} steps done":
            promised = fragmentation(earlier, "after")
            assert fragmentation(later, "before") == pytest.approx(promised), "as promised"
    assert any(steps(plan, "Migrate") for plan in plans)
    assert machines.most_at_once <= 2
    operator.stop()
    all_is_well(scenario)


def ungated(scenario: Scenario) -> Moment:
    """The moment at which a migration runs and no pod waits behind the gate.

    A pod that does waits until the operator has started again, which on a busy machine is longer
    than any pod may.
    """
    runs_now = migration_in("Running")
    pods = scenario.mirrors["Pod"]
    return lambda change: runs_now(change) and not any(map(has_gate, pods.all()))
