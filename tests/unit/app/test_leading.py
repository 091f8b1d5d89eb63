"""The leader on a simulated cluster: what is stored, what is done, and what is not."""

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from restow.cluster.objects import Node, Pod, Workload
from restow.cluster.snapshot import Snapshot
from restow.core.errors import ApiError
from restow.core.ids import NodeName, ObjectKey
from restow.core.marks import GATE, PLAN
from restow.planning.acts import Act, Evict, Release
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits, Mode, Window
from restow.simulation.cluster import Cluster
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload
from tests.support.operators import Killed, Operator, Store

pytestmark = pytest.mark.solver

WEB, BIG = a_workload(name="web", replicas=1), a_workload(name="big", replicas=1)
RUNNING = a_pod("web-1", node="n1", gpus=2, owner=WEB)
PENDING = a_pod("big-1", gpus=8, owner=BIG)


def nodes() -> list[Node]:
    """Eight GPUs on n1, four on n2: the pending pod fits once web has gone to n2."""
    return [a_node("n1", gpus=8), a_node("n2", gpus=4)]


def stranded(*more: Pod, workloads: tuple[Workload, ...] = (WEB, BIG)) -> Snapshot:
    return a_snapshot([RUNNING, PENDING, *more], nodes(), workloads=workloads)


def with_mode(mode: Mode, policy: Policy | None = None) -> Policy:
    policy = policy or a_policy()
    return Policy(name=policy.name, spec=policy.spec.model_copy(update={"mode": mode}))


def an_operator(
    mode: Mode = Mode.ACT, *, snapshot: Snapshot | None = None, policy: Policy | None = None
) -> Operator:
    store = Store()
    store.put_policy(with_mode(mode, policy))
    return Operator(Cluster(snapshot or stranded()), store)


def node_of(operator: Operator, key: str) -> str | None:
    return operator.cluster.pods[ObjectKey.of(f"default/{key}")].node


def leftovers(operator: Operator) -> list[ObjectKey]:
    """Pods with a gate or a mark of ours."""
    pods = operator.cluster.pods.values()
    return [pod.key for pod in pods if GATE in pod.gates or PLAN in pod.annotations]


async def test_act_makes_room_and_leaves_nothing_behind() -> None:
    operator = an_operator()
    await operator.start()
    await operator.turns(30)
    assert list(operator.phases().values()) == ["Completed"]
    assert node_of(operator, "big-1") == "n1"
    assert leftovers(operator) == []
    assert operator.cluster.breaches == []
    assert len(operator.solved) == 1, "with nothing pending nothing is solved"
    (policy,) = operator.store.policies.values()
    assert policy["status"]["movesLastHour"] == 1
    assert {e.reason for e in operator.said()} >= {"Nominated", "Evicted", "Repacking"}


async def test_observe_stores_the_plan_once_and_touches_nothing_else() -> None:
    operator = an_operator(Mode.OBSERVE)
    await operator.start()
    before = operator.cluster.snapshot().pods
    await operator.turns(5)
    stranger = a_node("n3", cpu_m=100)
    operator.cluster.base = replace(
        operator.cluster.base, nodes={**operator.cluster.base.nodes, stranger.name: stranger}
    )
    await operator.turns(10)
    assert list(operator.phases().values()) == ["Proposed"]
    assert operator.store.writes.count("create plan") == 1
    assert len(operator.solved) == 2, "the new node is worth another look, the rest is not"
    assert operator.cluster.snapshot().pods == before
    assert operator.said() == []


async def test_observe_tells_of_pods_without_room_in_a_plan_without_steps() -> None:
    operator = an_operator(Mode.OBSERVE, snapshot=a_snapshot([PENDING], [a_node("n2", gpus=4)]))
    await operator.start()
    await operator.turns(3)
    (name,) = operator.phases()
    plan = operator.plan(name)
    assert (plan.spec.steps, [each.reason for each in plan.spec.unplaced]) == ((), ["NoRoom"])


async def test_approve_waits_for_the_annotation() -> None:
    operator = an_operator(Mode.APPROVE)
    await operator.start()
    await operator.turns(5)
    assert list(operator.phases().values()) == ["Proposed"]
    assert leftovers(operator) == []
    (name,) = operator.phases()
    operator.store.annotate(name, approved="true")
    operator.hear()
    await operator.turns(30)
    assert operator.phases() == {name: "Completed"}
    assert node_of(operator, "big-1") == "n1"


async def test_a_plan_follows_the_policy_from_mode_to_mode() -> None:
    operator = an_operator(Mode.OBSERVE)
    await operator.start()
    await operator.turns(3)
    (name,) = operator.phases()
    assert "only observes" in operator.plan(name).status.message
    operator.store.put_policy(with_mode(Mode.APPROVE), generation=2)
    operator.hear()
    await operator.turns(4)
    assert operator.phases() == {name: "Proposed"}
    assert f"annotate packingplan {name} " in operator.plan(name).status.message
    operator.store.put_policy(with_mode(Mode.ACT), generation=3)
    operator.hear()
    await operator.turns(30)
    assert operator.phases() == {name: "Completed"}


async def test_an_approval_that_comes_too_late_makes_a_new_plan() -> None:
    operator = an_operator(Mode.APPROVE)
    await operator.start()
    await operator.turns(3)
    (old,) = operator.phases()
    stranger = a_pod("stranger", node="n2", gpus=3)
    operator.cluster.put(stranger)
    more = a_node("n3", gpus=4)
    base = operator.cluster.base
    operator.cluster.base = replace(base, nodes={**base.nodes, more.name: more})
    operator.store.annotate(old, approved="true")
    operator.hear()
    await operator.turns(10)
    phases = operator.phases()
    assert phases.pop(old) in {"Stale", "Superseded"}
    assert list(phases.values()) == ["Proposed"], "the new one waits for an approval of its own"
    assert operator.cluster.evictions == []


@pytest.mark.parametrize("kind", [Evict, Release])
async def test_a_killed_operator_s_plan_is_finished_by_the_next(kind: type[Act]) -> None:
    first = an_operator()
    await first.start()
    first.hands.dies_before = lambda act: isinstance(act, kind)
    with pytest.raises(Killed):
        await first.turns(30)
    second = Operator(first.cluster, first.store)
    await second.start()
    await second.turns(40)
    assert list(second.phases().values()) == ["Completed"]
    assert node_of(second, "big-1") == "n1"
    assert leftovers(second) == []
    assert second.cluster.missing() == ()


async def test_a_policy_that_only_observes_any_more_stops_its_plan() -> None:
    operator = an_operator()
    await operator.start()
    await operator.turns(1)
    assert list(operator.phases().values()) == ["Executing"]
    operator.store.put_policy(with_mode(Mode.OBSERVE), generation=2)
    operator.hear()
    await operator.turns(20)
    (name,) = [name for name, phase in operator.phases().items() if phase == "Aborted"]
    assert "no longer lets it act" in operator.plan(name).status.message
    assert leftovers(operator) == []


async def test_deleting_the_plan_stops_it() -> None:
    operator = an_operator()
    await operator.start()
    await operator.turns(1)
    operator.store.put_policy(with_mode(Mode.APPROVE), generation=2)
    operator.store.plans.clear()
    operator.hear()
    await operator.turns(20)
    assert leftovers(operator) == []
    assert operator.cluster.missing() == ()


async def test_a_stopped_operator_undoes_what_it_began() -> None:
    operator = an_operator()
    await operator.start()
    await operator.turns(2)
    for _ in range(20):
        if await operator.leading.wind_up():
            break
        operator.cluster.tick(0.5)
    assert list(operator.phases().values()) == ["Aborted"]
    assert leftovers(operator) == []


async def test_outside_of_its_windows_a_plan_waits() -> None:
    closed = Window(cron="0 0 1 1 *", duration_seconds=60)
    policy = a_policy()
    policy = Policy(name="default", spec=policy.spec.model_copy(update={"windows": (closed,)}))
    operator = an_operator(policy=policy)
    await operator.start()
    await operator.turns(5)
    assert list(operator.phases().values()) == ["Approved"]
    assert operator.cluster.evictions == []
    (stored,) = operator.store.policies.values()
    active = next(c for c in stored["status"]["conditions"] if c["type"] == "Active")
    assert (active["status"], active["reason"]) == ("False", "WindowClosed")


async def test_without_a_way_the_pod_is_told_once_and_nothing_is_solved_again() -> None:
    operator = an_operator(snapshot=a_snapshot([PENDING], [a_node("n2", gpus=4)]))
    await operator.start()
    await operator.turns(20)
    assert len(operator.solved) == 1
    assert operator.phases() == {}
    (event,) = operator.said()
    assert (event.kind, event.key, event.reason) == ("Pod", PENDING.key, "NoRoom")


async def test_a_decision_that_could_not_be_stored_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = an_operator()
    await operator.start()

    async def refuse(_: object) -> NoReturn:
        raise ApiError("no answer", status=0, retryable=True)

    with monkeypatch.context() as patch:
        patch.setattr(operator.store, "create_plan", refuse)
        with pytest.raises(ApiError):
            await operator.turns(3)
    await operator.turns(30)
    assert list(operator.phases().values()) == ["Completed"]


async def test_hourly_limits_count_what_former_plans_did() -> None:
    policy = a_policy(limits=Limits(moves_per_plan=1, moves_per_hour=1))
    operator = an_operator(policy=policy)
    await operator.start()
    await operator.turns(20)
    again = a_pod("big-2", gpus=4, owner=BIG, unschedulable_since=NOW)
    operator.cluster.base = replace(
        operator.cluster.base,
        nodes={**operator.cluster.base.nodes, NodeName("n3"): a_node("n3", gpus=4)},
        workloads={**operator.cluster.base.workloads, BIG.uid: replace(BIG, replicas=2)},
    )
    filler = a_pod("web-2", node="n3", gpus=1, owner=a_workload(name="other", replicas=1))
    operator.cluster.put(filler)
    operator.cluster.put(again)
    restarted = Operator(operator.cluster, operator.store)
    await restarted.start()
    await restarted.turns(5)
    assert list(restarted.phases().values()) == ["Completed"], "no second move within the hour"


async def test_plans_go_when_they_were_kept_long_enough() -> None:
    operator = an_operator()
    await operator.start()
    await operator.turns(20)
    assert list(operator.phases().values()) == ["Completed"]
    operator.cluster.now += timedelta(minutes=59)
    await operator.turns(1)
    assert list(operator.phases().values()) == ["Completed"]
    operator.cluster.now += timedelta(minutes=2)
    await operator.turns(1)
    assert operator.phases() == {}


async def test_an_unusable_policy_is_told_so_and_the_others_go_on() -> None:
    operator = an_operator()
    broken = with_mode(Mode.ACT, a_policy("broken"))
    operator.store.put_policy(broken)
    operator.store.policies["broken"]["spec"]["mode"] = "Banana"
    await operator.start()
    await operator.turns(30)
    valid = next(
        each
        for each in operator.store.policies["broken"]["status"]["conditions"]
        if each["type"] == "Valid"
    )
    assert valid["status"] == "False"
    assert "spec.mode" in valid["message"]
    assert "Banana" in valid["message"]
    assert node_of(operator, "big-1") == "n1"


@pytest.mark.parametrize("waiting", [(PENDING,), ()], ids=["pending", "nothing pending"])
async def test_a_bad_wish_is_told_to_its_carrier_once(waiting: tuple[Pod, ...]) -> None:
    wish = a_workload(name="web", replicas=1, annotations={"restow.dev/move-cost": "dear"})
    pod = a_pod("web-1", node="n1", gpus=2, owner=wish)
    snapshot = a_snapshot([pod, *waiting], nodes(), workloads=(wish, BIG))
    operator = an_operator(snapshot=snapshot)
    await operator.start()
    await operator.turns(20)
    warnings = [event for event in operator.said() if event.reason == "BadAnnotation"]
    assert [(event.kind, event.key.name) for event in warnings] == [("ReplicaSet", "web")]
    assert "'dear'" in warnings[0].message


async def test_marks_of_a_plan_that_nobody_knows_are_undone_at_the_start() -> None:
    marked = a_pod("lost", gates=(GATE,), annotations={PLAN: "plan-gone"}, unschedulable_since=None)
    operator = an_operator(snapshot=a_snapshot([marked], nodes()))
    await operator.start()
    assert leftovers(operator) == []
