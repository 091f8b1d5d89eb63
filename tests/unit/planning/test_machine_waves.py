"""Machines in waves: both places are held until a migration has ended, within KubeVirt's limits."""

from dataclasses import replace
from typing import Any

import pytest

from restow.cluster.machines import Machine
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector, Operator, PodTerm, Requirement, Selection
from restow.core.errors import ModelError
from restow.fragmentation.shapes import shape_of
from restow.planning.concretise import concretise, ground
from restow.planning.document import document, plan_of
from restow.planning.formulate import formulate, standing
from restow.planning.goal import Goal
from restow.planning.plan import Action, Step
from restow.planning.reschedule import Rescheduled, reschedule
from restow.planning.waves import Change, Ground, fault, order
from tests.support.decisions import a_policy, decided, rescheduler
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload

pytestmark = pytest.mark.solver

WHOLE = shape_of("cpu=8", where="", field="")


def change(size: int, source: int, target: int, *, budgets: tuple[int, ...] = ()) -> Change:
    step = Step(wave=0, action=Action.MIGRATE, pod=a_pod().ref, vmi="vm")
    return Change(
        step=step, demand=(size,), source=source, target=target, budgets=budgets, holding=True
    )


def room(*amounts: int, allowed: tuple[int, ...] = ()) -> Ground:
    return Ground(room=tuple((each,) for each in amounts), allowed=allowed)


def test_a_swap_of_two_machines_has_no_order_without_a_free_place() -> None:
    swap = [change(2, 0, 1), change(2, 1, 0)]
    assert order(swap, room(0, 0)) is None
    assert order(swap, room(2, 0)) == ((1,), (0,))
    assert "overfills" in (fault(swap, room(0, 0), ((0, 1),)) or "")


def test_a_chain_of_machines_is_one_wave_after_the_other_from_the_free_end() -> None:
    chain = [change(2, 0, 1), change(2, 1, 2), change(2, 2, 3)]
    assert order(chain, room(0, 0, 0, 2)) == ((2,), (1,), (0,))


def test_a_machine_may_come_where_a_pod_leaves_in_the_same_wave_and_not_the_reverse() -> None:
    pod = Change(
        step=Step(wave=0, action=Action.MOVE, pod=a_pod().ref), demand=(2,), source=1, target=2
    )
    assert order([change(2, 0, 1), pod], room(0, 0, 2)) == ((0, 1),)
    behind = replace(pod, source=2, target=0)
    assert order([change(2, 0, 1), behind], room(0, 2, 0)) == ((0,), (1,))


def test_limits_split_a_wave() -> None:
    four = [change(1, 0, 1, budgets=(0, 1)) for _ in range(4)]
    waves = order(four, room(0, 4, allowed=(3, 2)))
    assert waves is not None
    assert [len(wave) for wave in waves] == [2, 2]


def cluster(*on: tuple[str, int], nodes: int = 3, **limits: Any) -> Snapshot:
    """Machines of so many CPUs on nodes of eight."""
    machines: list[Machine] = []
    pods = []
    for number, (node, cpu) in enumerate(on):
        machines.append(a_machine(f"vm-{number}", node))
        pods.append(a_launcher(machines[-1], cpu_m=1000 * cpu))
    found = a_snapshot(pods, [a_node(f"n{n}", cpu_m=8000) for n in range(nodes)])
    return with_machines(found, machines, kubevirt=replace(KUBEVIRT, **limits))


def found(snapshot: Snapshot, limit: int = 9, **goal: Any) -> Rescheduled:
    return reschedule(
        snapshot, a_policy(), Goal(shapes=(WHOLE,), limit=limit, **goal), rescheduler, NOW
    )


def test_machines_migrate_together_as_far_as_kubevirt_lets_them() -> None:
    scattered = [("n0", 2), ("n1", 2), ("n1", 2), ("n2", 2)]
    free = found(cluster(*scattered)).plan
    assert {step.action for step in free.steps} == {Action.MIGRATE}
    assert free.waves == 1
    one_by_one = found(cluster(*scattered, parallel=1)).plan
    assert [step.wave for step in one_by_one.steps] == list(range(len(free.steps)))


def test_a_plan_with_machines_survives_its_object() -> None:
    plan = found(cluster(("n0", 2), ("n1", 2))).plan
    assert plan.steps
    assert plan_of(document(plan)) == plan
    assert {step.vmi for step in plan.steps} <= {"vm-0", "vm-1"}


def test_a_machine_goes_only_where_its_target_pod_may_be() -> None:
    snapshot = cluster(("n0", 2), ("n1", 2), nodes=2)
    pinned = {
        key: replace(machine, node_selector=machine.node_selector.__class__({"disk": "ssd"}))
        for key, machine in snapshot.machines.items()
    }
    pods = {
        key: replace(pod, node_selector=pod.node_selector.__class__({"disk": "ssd"}))
        for key, pod in snapshot.pods.items()
    }
    assert found(snapshot).plan.steps
    assert not found(replace(snapshot, machines=pinned, pods=pods)).plan.steps


def test_a_machine_that_went_to_its_node_by_name_may_go_on() -> None:
    snapshot = cluster(("n0", 2), ("n1", 2), nodes=2)
    labels = snapshot.nodes[next(iter(snapshot.nodes))].labels.__class__
    went = {
        key: replace(pod, node_selector=labels({"kubernetes.io/hostname": pod.node or ""}))
        for key, pod in snapshot.pods.items()
    }
    assert found(replace(snapshot, pods=went)).plan.steps


def test_what_the_last_migration_left_in_a_launcher_keeps_no_machine_where_it_is() -> None:
    """KubeVirt keeps a target apart from its source by anti-affinity to the machine's own pods."""
    machines, pods = [], []
    for number in range(2):
        machine = a_machine(f"vm-{number}", f"n{number}")
        own = Selection(
            selector=LabelSelector(
                requirements=(
                    Requirement(
                        key="kubevirt.io/created-by", operator=Operator.IN, values=(machine.uid,)
                    ),
                )
            ),
            namespaces=frozenset({"default"}),
        )
        apart = (PodTerm(topology_key="kubernetes.io/hostname", pods=own),)
        machines.append(machine)
        pods.append(a_launcher(machine, cpu_m=2000, anti_affinity=apart))
    nodes = [a_node(f"n{n}", cpu_m=8000) for n in range(2)]
    plan = found(with_machines(a_snapshot(pods, nodes), machines)).plan
    assert [step.action for step in plan.steps] == [Action.MIGRATE]


def test_machines_that_avoid_each_other_are_kept_apart() -> None:
    together = Selection(
        selector=LabelSelector(
            requirements=(Requirement(key="db", operator=Operator.IN, values=("a",)),)
        ),
        namespaces=frozenset({"default"}),
    )
    apart = (PodTerm(topology_key="kubernetes.io/hostname", pods=together),)
    machines = [a_machine(f"vm-{n}", f"n{n}") for n in range(3)]
    pods = [
        a_launcher(machine, cpu_m=2000, anti_affinity=apart, labels={"db": "a"})
        for machine in machines[:2]
    ]
    pods.append(a_launcher(machines[2], cpu_m=2000))
    nodes = [a_node(f"n{n}", cpu_m=8000) for n in range(3)]
    plan = found(with_machines(a_snapshot(pods, nodes), machines)).plan
    assert plan.steps
    at = {f"vm-{n}": f"n{n}" for n in range(3)} | {step.vmi: step.target for step in plan.steps}
    assert at["vm-0"] != at["vm-1"]


def test_a_node_without_a_name_of_its_own_is_no_target() -> None:
    snapshot = cluster(("n0", 2), ("n1", 2), nodes=2)
    labels = next(iter(snapshot.nodes.values())).labels.__class__
    unnamed = {name: replace(node, labels=labels()) for name, node in snapshot.nodes.items()}
    assert not found(replace(snapshot, nodes=unnamed)).plan.steps


def test_nobody_waits_by_evicting_a_machine() -> None:
    waiting = a_workload(name="waiting")
    snapshot = cluster(("n0", 6), nodes=1)
    pod = a_pod("p", cpu_m=8000, priority=1_000_000, owner=waiting)
    crowded = replace(snapshot, pods={pod.key: pod, **snapshot.pods})
    assert decided(crowded).plan.steps == ()
    formulation = formulate(crowded, a_policy(), NOW)
    (launcher,) = snapshot.pods.values()
    assert formulation.fixed[launcher.uid].reason.value == "VirtualMachine"


def test_a_placement_that_would_leave_a_machine_without_a_place_is_a_bug() -> None:
    formulation = standing(cluster(("n0", 6), nodes=1), a_policy(), NOW)
    assert not any(shape.evictable for shape in formulation.problem.classes)
    with pytest.raises(ModelError):
        concretise(formulation, ((),))


def test_kubevirts_limits_are_budgets_of_a_wave() -> None:
    formulation = standing(cluster(("n0", 2), parallel=4, outbound=3), a_policy(), NOW)
    assert ground(formulation).allowed == (4, 3, 3, 3)
    pods = standing(
        a_snapshot([a_pod("a", node="n", owner=a_workload(name="w"))], [a_node("n")]),
        a_policy(),
        NOW,
    )
    assert pods.migrations is None
