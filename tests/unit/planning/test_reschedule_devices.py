"""Rescheduling of pods that hold devices, for shapes that a DeviceClass serves."""

from dataclasses import replace

import pytest

from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.fragmentation.shapes import shape_of
from restow.planning.goal import Goal
from restow.planning.reschedule import Rescheduled, reschedule
from restow.policies.packing_policy import Moving
from restow.policies.rescheduling import Objective
from tests.support.decisions import a_policy, rescheduler
from tests.support.devices import a_claim, a_device_snapshot, a_slice, allocated, claiming
from tests.support.objects import NOW, a_node, amounts, an_owner

pytestmark = pytest.mark.solver

ON_A_NODE = 4
CLASS = "deviceclass.resource.kubernetes.io/gpu"
WHOLE = shape_of(f"{CLASS}={ON_A_NODE}", where="", field="")


def scattered(*, last: int = ON_A_NODE) -> Snapshot:
    """One device of each of three nodes is in use; the last node has `last` of them."""
    slices, claims, pods = [], [], []
    for number, node in enumerate("abc"):
        names = [f"{node}{n}" for n in range(last if node == "c" else ON_A_NODE)]
        slices.append(a_slice(*names, node=node))
        pod = claiming(f"p-{node}", node=node, templates=[f"c-{node}"])
        pods.append(
            replace(pod, requests=amounts(cpu_m=100, pods=1), owner=an_owner(name=f"web{number}"))
        )
        held = allocated(f"pool-{node}/{names[0]}", node=node)
        claims.append(
            a_claim(f"c-{node}", pod=pod.key.name, allocation=held, reserved_for=[pod.key.name])
        )
    nodes = [a_node(node, cpu_m=4000) for node in "abc"]
    return a_device_snapshot(*slices, claims=claims, pods=pods, nodes=nodes)


def found(snapshot: Snapshot, *, moving: bool = True, limit: int = 9) -> Rescheduled:
    policy = a_policy(moving=Moving(single_replicas=True, device_claims=moving))
    return reschedule(snapshot, policy, Goal(shapes=(WHOLE,), limit=limit), rescheduler, NOW)


def test_pods_move_together_so_that_whole_nodes_are_free() -> None:
    result = found(scattered())
    assert (result.before[0].copies, result.after[0].copies) == (0, 2)
    assert len(result.plan.steps) == 2
    assert len({step.target for step in result.plan.steps}) == 1
    assert result.plan.fragmentation is not None
    assert result.plan.fragmentation.proven
    assert result.before[0].shape.name == f"{CLASS}={ON_A_NODE}"


def test_a_node_has_no_more_devices_than_are_published() -> None:
    """The last has two: with one in use already it takes one more, and is no whole node ever."""
    result = found(scattered(last=2))
    assert result.after[0].copies == 1
    assert [step.target for step in result.plan.steps] == ["c"]


def test_pods_with_devices_stay_unless_the_policy_lets_them_move() -> None:
    result = found(scattered(), moving=False)
    assert result.plan.steps == ()
    assert result.before[0].free == 9, "devices that are free are counted all the same"


def test_a_plugin_of_any_node_has_the_resource_counted_as_nodes_say() -> None:
    snapshot = scattered()
    node = snapshot.nodes["a"]  # type: ignore[index]
    plugged = replace(node, allocatable=node.allocatable + Amounts({CLASS: ON_A_NODE}))
    result = found(replace(snapshot, nodes={**snapshot.nodes, node.name: plugged}))
    assert result.before[0].free == ON_A_NODE


def test_balance_is_about_what_allocatable_has_and_leaves_devices_alone() -> None:
    policy = a_policy(moving=Moving(single_replicas=True, device_claims=True))
    goal = Goal(shapes=(WHOLE,), limit=9, objective=Objective.BALANCE, utilization=0.1)
    assert reschedule(scattered(), policy, goal, rescheduler, NOW).plan.steps == ()
