"""NUMA zones: certainty is what every order and every choice of kubelet's bears out."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.topology import Alignment, AlignmentScope, NodeTopology
from restow.core.frozen import Amounts
from restow.core.ids import NodeName
from restow.fragmentation.shapes import TargetShape
from restow.planning.goal import Goal
from restow.planning.plan import Action, Plan
from restow.planning.reschedule import reschedule
from restow.rules import numa
from tests.support.decisions import a_policy, decided, rescheduler
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.numa import a_topology, aligned, with_topologies
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload, owner_ref

pytestmark = pytest.mark.property

profile = settings(
    max_examples=int(os.environ.get("RESTOW_EXAMPLES", "60")),
    deadline=None,
    derandomize="RESTOW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

scopes = st.sampled_from(AlignmentScope)
alignments = st.builds(
    lambda containers, first: aligned(*containers, first=first),
    st.lists(st.sampled_from([1000, 2000, 3000]), min_size=1, max_size=2),
    st.lists(st.sampled_from([1000, 4000]), max_size=1),
)
zones = st.builds(
    lambda left, scope: a_topology("n", *left, scope=scope),
    st.lists(st.integers(0, 6).map(lambda cpu: 1000 * cpu), max_size=3),
    scopes,
)
Rows = tuple[int, ...]


def takings(asked: int, rows: Rows) -> Iterator[Rows]:
    for index, row in enumerate(rows):
        if row >= asked:
            yield (*rows[:index], row - asked, *rows[index + 1 :])


def arrivals(alignment: Alignment, scope: AlignmentScope, rows: Rows) -> set[Rows] | None:
    """What kubelet may leave of the zones once it has the pod; None if it may end the pod."""
    if scope is AlignmentScope.POD:
        return set(takings(alignment.whole.of("cpu"), rows)) or None
    if any(not set(takings(each.of("cpu"), rows)) for each in alignment.first):
        return None
    states = {rows}
    for each in alignment.beside:
        following = [set(takings(each.of("cpu"), state)) for state in states]
        if not all(following):
            return None
        states = set().union(*following)
    return states


def bears_out(coming: Sequence[Alignment], topology: NodeTopology) -> bool:
    """Whether no order and no choice of zones ends any of the pods."""
    start = tuple(zone.available.of("cpu") for zone in topology.zones)
    for order in permutations(coming):
        states = {start}
        for each in order:
            after = [arrivals(each, topology.scope, rows) for rows in states]
            if any(found is None for found in after):
                return False
            states = {rows for found in after if found for rows in found}
    return True


@profile
@given(st.lists(alignments, min_size=1, max_size=4), zones)
def test_certain_is_what_every_order_and_choice_bears_out(
    coming: list[Alignment], topology: NodeTopology
) -> None:
    found = numa.certain(coming, topology)
    event(f"certain {found}")
    assert found == bears_out(coming, topology)


@st.composite
def clusters(draw: st.DrawFn, *, pending: bool) -> Snapshot:
    """Nodes of two zones of 4 CPUs; aligned pods and machines on them, and pods that are not."""
    count = draw(st.integers(2, 4))
    pods: list[Pod] = []
    machines = []
    web = a_workload(name="web", replicas=9)
    free = [8] * count
    left = [[4, 4] for _ in range(count)]
    for number in range(draw(st.integers(1, 7))):
        node, size = draw(st.integers(0, count - 1)), draw(st.integers(1, 3))
        zone = draw(st.integers(0, 1))
        kind = draw(st.sampled_from(["aligned", "machine", "plain"]))
        if free[node] < size or (kind != "plain" and left[node][zone] < size):
            continue
        free[node] -= size
        alignment = None if kind == "plain" else aligned(1000 * size)
        if kind != "plain":
            left[node][zone] -= size
        if kind == "machine":
            machines.append(a_machine(f"vm-{number}", f"n{node}"))
            pods.append(a_launcher(machines[-1], cpu_m=1000 * size, alignment=alignment))
        else:
            pods.append(
                a_pod(
                    f"web-{number}",
                    node=f"n{node}",
                    cpu_m=1000 * size,
                    owner=owner_ref(web),
                    alignment=alignment,
                )
            )
    if pending:
        for number in range(draw(st.integers(1, 3))):
            size = draw(st.integers(1, 4))
            pods.append(a_pod(f"new-{number}", cpu_m=1000 * size, alignment=aligned(1000 * size)))
    nodes = [a_node(f"n{n}", cpu_m=8000) for n in range(count)]
    found = with_machines(a_snapshot(pods, nodes, workloads=[web]), machines, kubevirt=KUBEVIRT)
    told = [
        a_topology(f"n{n}", *(1000 * cpu for cpu in rows))
        for n, rows in enumerate(left)
        if draw(st.integers(0, 3))
    ]
    return with_topologies(found, *told)


def ends_nobody(snapshot: Snapshot, plan: Plan) -> None:
    """Whoever comes to a node finds a zone, though nothing that leaves gives one back."""
    coming: dict[NodeName, list[Alignment]] = {}
    for step in plan.steps:
        alignment = snapshot.pods[step.pod.key].alignment
        if step.target is not None and alignment is not None:
            coming.setdefault(step.target, []).append(alignment)
    for node, alignments in coming.items():
        if node in snapshot.topologies:
            assert bears_out(alignments, snapshot.topologies[node])


@pytest.mark.solver
@profile
@given(clusters(pending=True))
def test_a_plan_for_waiting_pods_lets_kubelet_end_nobody(snapshot: Snapshot) -> None:
    plan = decided(snapshot, policy=a_policy()).plan
    event(f"places {sum(step.action is Action.PLACE for step in plan.steps)}")
    ends_nobody(snapshot, plan)


@pytest.mark.solver
@profile
@given(clusters(pending=False), st.sampled_from([2000, 4000, 8000]))
def test_a_plan_of_rescheduling_lets_kubelet_end_nobody(snapshot: Snapshot, cpu: int) -> None:
    goal = Goal(shapes=(TargetShape(requests=Amounts({"cpu": cpu})),), limit=4)
    plan = reschedule(snapshot, a_policy(), goal, rescheduler, NOW).plan
    event(f"moves {len(plan.steps)}")
    ends_nobody(snapshot, plan)


@profile
@given(clusters(pending=True))
def test_without_the_objects_nothing_is_asked(snapshot: Snapshot) -> None:
    blind = replace(snapshot, topologies={})
    plain = replace(
        blind, pods={key: replace(pod, alignment=None) for key, pod in blind.pods.items()}
    )
    steps = decided(blind, policy=a_policy()).plan.steps
    assert steps == decided(plain, policy=a_policy()).plan.steps
