"""A virtual machine with dedicated CPUs migrates where one NUMA zone has room for it, or nowhere.

KubeVirt is played by `e2e.kubevirt`, and nobody plays kubelet: what is seen is where restow has the
machine sent.
"""

from typing import Final

import pytest

from e2e.kubevirt.manifests import a_machine
from e2e.kubevirt.virt_controller import VirtController
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import phase, wait_plan
from e2e.scenario import Scenario
from e2e.scenarios.test_machines import (
    OURS,
    all_is_well,
    machines,
    migrations,
    policy,
    steps,
    virt_api,
    wait_machines,
    where,
)
from e2e.scenarios.test_numa import OURS as ZONED
from e2e.scenarios.test_numa import a_deployment, a_topology
from e2e.scenarios.test_rescheduling_goals import said
from e2e.waiting import steadily

__all__ = ["machines", "virt_api"]  # fixtures

pytestmark = pytest.mark.cluster

NODES: Final = ("zones-a", "zones-b", "zones-c")


def stage(scenario: Scenario, *left: tuple[int, int]) -> None:
    """A machine of 3 CPUs on the first of three nodes of 8; 4 and 3 CPUs are free on the others."""
    labels = {**ZONED, "kubevirt.io/schedulable": "true", "cpumanager": "true"}
    scenario.apply(*(a_node(name, labels=labels) for name in NODES))
    scenario.wait_nodes_ready()
    scenario.apply(
        a_machine("vm", "zones-a", cpu="3", labels=OURS, dedicated=True),
        a_deployment("on-b", "4", on="zones-b"),
        a_deployment("on-c", "5", on="zones-c"),
    )
    (launcher,) = wait_machines(scenario, 1)
    assert launcher["status"]["qosClass"] == "Guaranteed"
    scenario.wait_running(3)
    scenario.apply(
        *(a_topology(*each) for each in zip(NODES, *zip(*left, strict=True), strict=True))
    )


def drain(scenario: Scenario) -> None:
    """Ask for the first node to be emptied."""
    node = {"matchLabels": {"kubernetes.io/hostname": NODES[0]}}
    asked = policy(objective="Drain", drain=node)
    del asked["spec"]["rescheduling"]["shapes"]
    asked["spec"]["scope"]["nodes"]["matchLabels"] = ZONED
    scenario.apply(asked)


@pytest.mark.usefixtures("topology_crd")
def test_a_machine_goes_to_the_node_with_a_zone_for_it_not_to_the_one_with_more_room(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, (1, 4), (2, 2), (3, 0))
    drain(scenario)
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=90)
    assert phase(plan) == "Completed", plan["status"]["message"]
    assert [step["to"] for step in steps(plan, "Migrate")] == ["zones-c"]
    assert where(scenario) == {"vm": "zones-c"}
    all_is_well(scenario)


@pytest.mark.usefixtures("topology_crd")
def test_a_machine_stays_where_it_is_when_no_zone_elsewhere_has_room_for_it(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, (1, 4), (2, 2), (1, 2))
    drain(scenario)
    assert said(scenario, "NotPlanned", on="machines")
    steadily(
        lambda: where(scenario) == {"vm": "zones-a"} and not migrations(scenario),
        for_s=3,
        what="it is not migrated",
    )
