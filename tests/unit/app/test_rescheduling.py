"""Rescheduling by the leader, on a simulated cluster: when, how much, and what is left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restow.app.filing import as_body
from restow.app.ports import Body
from restow.app.rescheduling import in_a_child
from restow.cluster.objects import Node, Taint
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey
from restow.core.marks import GATE, PLAN
from restow.planning.document import document, solve_of
from restow.planning.plan import Trigger
from restow.policies.coverage import Policy
from restow.policies.packing_plan import PackingPlanStatus, PlanPhase, StepPhase, StepStatus
from restow.policies.packing_policy import Limits, Mode
from restow.policies.rescheduling import Rescheduling
from restow.rescheduling.problem import Mover, MoverClass, Problem, Shape
from restow.simulation.cluster import Cluster
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload
from tests.support.operators import Operator, Store
from tests.support.plans import a_move, a_plan

pytestmark = pytest.mark.solver

WEB = a_workload(name="web", replicas=4)
EIGHT = "nvidia.com/gpu=8"


def scattered(*, pending: bool = False, more: tuple[Node, ...] = ()) -> Snapshot:
    """Two GPUs in use on each of four nodes of eight: no node is free, one move frees one."""
    pods = [a_pod(f"web-{n}", node=f"n{n}", gpus=2, owner=WEB) for n in range(4)]
    waiting = [a_pod("big-1", gpus=9, owner=a_workload(name="big"))] if pending else []
    nodes = [a_node(f"n{n}", gpus=8) for n in range(4)]
    return a_snapshot([*pods, *waiting], [*nodes, *more], workloads=(WEB,))


def an_operator(
    snapshot: Snapshot,
    *,
    mode: Mode = Mode.ACT,
    limits: Limits | None = None,
    grace_seconds: float = 0,
    **asked: Any,
) -> Operator:
    wanted = Rescheduling.model_validate({"shapes": (EIGHT,), **asked})
    policy = a_policy(limits=limits, grace_seconds=grace_seconds, rescheduling=wanted)
    spec = policy.spec.model_copy(update={"mode": mode})
    store = Store()
    store.put_policy(Policy(name=policy.name, spec=spec))
    return Operator(Cluster(snapshot), store)


def used(operator: Operator) -> dict[str, int]:
    """GPUs in use, of the nodes where there are any."""
    found: dict[str, int] = {}
    for pod in operator.cluster.pods.values():
        if pod.node is not None:
            found[pod.node] = found.get(pod.node, 0) + pod.requests.of("nvidia.com/gpu")
    return found


async def test_scattered_pods_are_moved_together_and_nothing_is_left_behind() -> None:
    operator = an_operator(scattered(), max_migrations="100%")
    await operator.start()
    await operator.turns(60)
    (name, phase) = next(iter(operator.phases().items()))
    assert phase == "Completed"
    plan = operator.plan(name)
    assert plan.spec.trigger == "Rescheduling"
    assert plan.status.fragmentation is not None
    assert plan.status.fragmentation.after["copies of nvidia.com/gpu=8"] == 3
    assert plan.status.fragmentation.proven
    assert sorted(used(operator).values()) == [8]
    pods = operator.cluster.pods.values()
    assert [pod.key for pod in pods if GATE in pod.gates or PLAN in pod.annotations] == []
    assert operator.cluster.breaches == []


@pytest.mark.parametrize(
    ("asked", "limits", "moves"),
    [
        ({"max_migrations": 1}, None, 1),
        ({"max_migrations": "50%"}, None, 2),
        ({"max_migrations": "1%"}, None, 1),
        ({"max_migrations": 3}, Limits(moves_per_plan=2), 2),
        ({"max_migrations": 3}, Limits(moves_per_plan=1, moves_per_hour=1), 1),
    ],
)
async def test_no_more_pods_move_than_the_least_of_all_limits(
    asked: dict[str, Any], limits: Limits | None, moves: int
) -> None:
    operator = an_operator(scattered(), limits=limits, **asked)
    await operator.start()
    await operator.turns(40)
    plans = [operator.plan(name) for name in operator.phases()]
    assert [len(plan.spec.steps) for plan in plans] == [moves]


async def test_nodes_are_emptied_for_an_autoscaler_to_remove() -> None:
    operator = an_operator(scattered(), objective="Consolidate", max_migrations=2)
    await operator.start()
    await operator.turns(60)
    (name,) = operator.phases()
    fragments = operator.plan(name).status.fragmentation
    assert fragments is not None
    assert (fragments.before["empty nodes"], fragments.after["empty nodes"]) == (0, 2)
    assert len(used(operator)) == 2


async def test_nothing_moves_below_the_fragmentation_that_is_low_enough() -> None:
    operator = an_operator(scattered(), max_migrations=9, until_fragmentation=0.7)
    await operator.start()
    await operator.turns(60)
    (name,) = operator.phases()
    assert len(operator.plan(name).spec.steps) == 1, "one whole node of three is enough"


async def test_observe_writes_the_plan_and_changes_nothing() -> None:
    operator = an_operator(scattered(), mode=Mode.OBSERVE, max_migrations=3)
    await operator.start()
    before = operator.cluster.snapshot().pods
    await operator.turns(20)
    assert list(operator.phases().values()) == ["Proposed"]
    assert operator.cluster.snapshot().pods == before


async def test_it_is_looked_at_again_only_after_the_interval() -> None:
    operator = an_operator(scattered(), max_migrations=1, interval_seconds=600)
    await operator.start()
    await operator.turns(60, seconds=5)
    assert len(operator.phases()) == 1
    await operator.turns(80, seconds=5)
    assert len(operator.phases()) == 2


async def test_it_is_looked_at_at_the_times_of_a_schedule() -> None:
    at = (NOW + timedelta(minutes=10)).strftime("%M %H * * *")
    operator = an_operator(scattered(), max_migrations=1, schedule={"cron": at})
    await operator.start()
    await operator.turns(115, seconds=5)
    assert operator.phases() == {}
    await operator.turns(20, seconds=5)
    assert len(operator.phases()) == 1


async def test_no_more_pods_move_in_a_day_than_the_policy_allows_also_for_a_new_leader() -> None:
    limits = Limits(moves_per_plan=1, moves_per_day=2)
    operator = an_operator(scattered(), limits=limits, interval_seconds=60)
    await operator.start()
    await operator.turns(100, seconds=60)
    moved = [step for name in operator.phases() for step in operator.plan(name).spec.steps]
    assert len(moved) == 2
    operator = Operator(operator.cluster, operator.store)
    await operator.start()
    await operator.turns(100, seconds=60)
    assert len(operator.phases()) == 2


async def test_nothing_is_moved_while_a_pod_waits_that_nobody_has_looked_at() -> None:
    operator = an_operator(scattered(pending=True), grace_seconds=3600, max_migrations=3)
    await operator.start()
    await operator.turns(30)
    assert operator.phases() == {}


async def test_a_pod_that_no_plan_can_place_does_not_keep_the_cluster_fragmented() -> None:
    operator = an_operator(scattered(pending=True), max_migrations=3)
    await operator.start()
    await operator.turns(60)
    plans = [operator.plan(name) for name in operator.phases()]
    assert "Rescheduling" in {plan.spec.trigger for plan in plans}
    assert operator.cluster.breaches == []


@pytest.mark.parametrize(
    ("node", "moves"),
    [
        (
            a_node(
                "n9", taints=(Taint(key="ToBeDeletedByClusterAutoscaler", effect="NoSchedule"),)
            ),
            False,
        ),
        (a_node("n9", deleting=True), False),
        (a_node("n9", unschedulable=True), True),
    ],
    ids=["being-removed", "being-deleted", "cordoned"],
)
async def test_nothing_is_moved_while_an_autoscaler_is_at_work(node: Node, moves: bool) -> None:
    operator = an_operator(scattered(more=(node,)), max_migrations=1)
    await operator.start()
    await operator.turns(30)
    assert bool(operator.phases()) == moves


async def test_a_plan_that_gains_too_little_is_not_made() -> None:
    operator = an_operator(scattered(), max_migrations=1, minimum_gain=0.9)
    await operator.start()
    await operator.turns(20)
    assert operator.phases() == {}


async def test_a_pod_that_was_moved_stays_for_its_cooldown() -> None:
    operator = an_operator(scattered(), max_migrations=1, interval_seconds=60)
    await operator.start()
    await operator.turns(100, seconds=5)
    moved = [step.pod.name for name in operator.phases() for step in operator.plan(name).spec.steps]
    assert len(moved) == len(set(moved))


def stored(name: str, ago: timedelta, phase: PlanPhase, *moves: tuple[str, str, str]) -> Body:
    """A plan of rescheduling as it is kept, of moves (pod, from, to) that were carried out."""
    steps = [a_move(a_pod(pod, node=at, owner=WEB), to) for pod, at, to in moves]
    plan = a_plan(*steps, name=name, taken_at=NOW - ago, trigger=Trigger.RESCHEDULING)
    states = tuple(
        StepStatus(index=index, phase=StepPhase.DONE, disturbed_at=NOW - ago)
        for index in range(len(steps))
    )
    status = PackingPlanStatus(
        phase=phase, finished_at=NOW - ago, steps=states, solve=solve_of(plan.solve)
    )
    return as_body(document(plan, status).model_copy(update={"metadata": {"name": name}}))


async def test_after_plans_in_vain_the_pause_doubles_also_for_a_new_leader() -> None:
    operator = an_operator(scattered(), max_migrations=1, interval_seconds=600)
    for n in range(2):
        ago = timedelta(seconds=500 - n)
        await operator.store.create_plan(stored(f"bad-{n}", ago, PlanPhase.ABORTED))
    await operator.start()
    operator.hear()
    await operator.turns(18, seconds=100)
    assert set(operator.phases()) == {"bad-0", "bad-1"}
    await operator.turns(10, seconds=100)
    assert len(operator.phases()) > 2


async def test_a_workload_that_was_moved_back_and_forth_is_reported() -> None:
    operator = an_operator(scattered(), mode=Mode.OBSERVE)
    for name, ago, move in (("there", 50, ("x", "n0", "n1")), ("back", 40, ("y", "n1", "n0"))):
        body = stored(name, timedelta(minutes=ago), PlanPhase.COMPLETED, move)
        await operator.store.create_plan(body)
    await operator.start()
    operator.hear()
    await operator.turns(10)
    (said,) = (each for each in operator.said() if each.reason == "MovedBack")
    assert (said.kind, said.key.name, said.tone) == ("PackingPolicy", "default", "Warning")
    assert "from n0 to n1 by plan there and back by plan back" in said.message
    status = operator.store.policies["default"]["status"]
    (condition,) = (each for each in status["conditions"] if each["type"] == "Churning")
    assert (condition["status"], condition["reason"]) == ("True", "MovedBack")


async def test_the_policy_and_the_pods_are_told_what_is_planned_and_how_it_ended() -> None:
    operator = an_operator(scattered(), max_migrations=1)
    await operator.start()
    await operator.turns(60)
    said = operator.said()
    on_policy = [each for each in said if each.kind == "PackingPolicy"]
    assert [each.reason for each in on_policy][:2] == ["Planned", "Completed"]
    assert "fragmentation 1.000 to 0.667 (proven best)" in on_policy[0].message
    on_pods = [each.reason for each in said if each.kind == "Pod"]
    assert [on_pods.count(each) for each in ("MovePlanned", "Evicted", "Moved")] == [1, 1, 1]


async def test_observe_tells_the_policy_alone() -> None:
    operator = an_operator(scattered(), mode=Mode.OBSERVE, max_migrations=1)
    await operator.start()
    await operator.turns(10)
    assert {(each.kind, each.reason) for each in operator.said()} == {("PackingPolicy", "Planned")}


async def test_the_policy_is_told_why_there_is_no_plan() -> None:
    operator = an_operator(scattered(), max_migrations=1, minimum_gain=0.9)
    await operator.start()
    await operator.turns(20)
    (said,) = operator.said()
    assert said.reason == "NotPlanned"
    assert said.message.startswith("a plan would gain less than the policy asks for: fragmentation")


async def test_the_policy_is_told_once_why_it_is_not_looked_at() -> None:
    operator = an_operator(scattered(pending=True), grace_seconds=3600, max_migrations=3)
    await operator.start()
    await operator.turns(60, seconds=10)
    (said,) = operator.said()
    assert (said.reason, "wait for a node" in said.message) == ("PutOff", True)


async def test_nothing_is_moved_before_pods_of_the_last_plan_are_ready() -> None:
    operator = an_operator(scattered(), max_migrations=1, interval_seconds=60)
    operator.cluster.habits = replace(operator.cluster.habits, ready_s=300)
    await operator.start()
    await operator.turns(50, seconds=5)
    assert len(operator.phases()) == 1
    await operator.turns(50, seconds=5)
    assert len(operator.phases()) == 2


@pytest.mark.parametrize(
    ("asked", "nodes"),
    [
        ({"drain": {"matchLabels": {"kubernetes.io/hostname": "n1"}}}, {"n1"}),
        ({}, set()),
    ],
)
async def test_nodes_are_drained_by_selector(asked: dict[str, Any], nodes: set[str]) -> None:
    operator = an_operator(scattered(), objective="Drain", max_migrations=3, **asked)
    await operator.start()
    await operator.turns(60)
    assert {"n0", "n1", "n2", "n3"} - set(used(operator)) == nodes


async def test_a_node_is_drained_by_annotation() -> None:
    snapshot = scattered()
    nodes = dict(snapshot.nodes)
    n2 = NodeName("n2")
    nodes[n2] = replace(nodes[n2], annotations=Labels({"restow.dev/drain": "true"}))
    operator = an_operator(replace(snapshot, nodes=nodes), objective="Drain", max_migrations=3)
    await operator.start()
    await operator.turns(60)
    assert "n2" not in used(operator)


async def test_shapes_are_learned_and_remembered_by_the_next_leader() -> None:
    operator = an_operator(
        scattered(pending=True), mode=Mode.OBSERVE, shapes=(), learn_shapes_days=7
    )
    await operator.start()
    await operator.turns(60)
    seen = operator.store.policies["default"]["status"]["seenShapes"]
    assert {each["shape"]: each["pods"] for each in seen} == {
        "cpu=100m,nvidia.com/gpu=9": 1,
        "cpu=100m,nvidia.com/gpu=2": 4,
    }
    del operator.cluster.pods[ObjectKey("default", "big-1")]
    operator = Operator(operator.cluster, operator.store)
    await operator.start()
    await operator.turns(20, seconds=60)
    seen = operator.store.policies["default"]["status"]["seenShapes"]
    assert "cpu=100m,nvidia.com/gpu=9" in {each["shape"] for each in seen}


async def test_a_policy_without_the_section_moves_nothing() -> None:
    store = Store()
    store.put_policy(a_policy())
    operator = Operator(Cluster(scattered()), store)
    await operator.start()
    await operator.turns(20)
    assert operator.phases() == {}


def a_problem(limit: int = 1) -> Problem:
    return Problem(
        free=((1,), (1,)),
        kinds=(MoverClass(modes=((1,),)),),
        movers=(Mover(node=0, kind=0), Mover(node=1, kind=0)),
        shapes=(Shape(requests=((2,),)),),
        limit=limit,
    )


def test_a_child_answers_as_the_engine_does() -> None:
    solved = in_a_child(a_problem(), 5.0, None)
    assert (solved.outcome.before, solved.outcome.after, solved.outcome.proven) == (0, 1, True)
    assert solved.wall_s > 0


def test_a_child_that_is_too_late_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restow.app.rescheduling.STARTING_S", 0.0)
    assert in_a_child(a_problem(), 0.001, None).outcome.steps == ()
