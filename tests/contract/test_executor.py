"""Every act on a real API server, with the chart's own rights: done, done twice, and refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from e2e.client import Client, Json
from e2e.nodes import a_node
from e2e.release import NAMESPACE as OURS
from e2e.release import Identity, Release
from e2e.scenario import node_of, why_unschedulable
from e2e.waiting import eventually
from restow.cluster.objects import OwnerRef
from restow.core import marks
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.executors.cluster import ClusterExecutor
from restow.planning.acts import (
    Act,
    ActResult,
    ActStatus,
    Arm,
    Bind,
    Disarm,
    Evict,
    Nominate,
    Placeholder,
    ProveGate,
    Reserve,
    Unreserve,
    Withdraw,
)
from restow.planning.acts import Release as ReleaseAct
from restow.sources.client import connect

pytestmark = pytest.mark.cluster

SPACE = "executor"
NODE = NodeName("executor-node")
PLAN = "plan-1"


@pytest.fixture(scope="module")
def identity(release: Release) -> Identity:
    return release.identity()


@pytest.fixture(scope="module")
def space(cluster: Client, release: Release) -> Iterator[Client]:
    release.pod()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    cluster.create(a_node(NODE))
    yield cluster
    cluster.delete("Node", NODE)
    cluster.delete("Namespace", SPACE)


@pytest.fixture
async def executor(identity: Identity) -> AsyncIterator[ClusterExecutor]:
    async with await connect(identity.kubeconfig) as api:
        yield ClusterExecutor(api, namespace=OURS)


@pytest.fixture
def made(space: Client) -> Iterator["Maker"]:
    maker = Maker(space)
    yield maker
    for pod in space.list("Pod", SPACE):
        space.delete("Pod", pod["metadata"]["name"], namespace=SPACE, grace_s=0)
    for budget in space.list("PodDisruptionBudget", SPACE):
        space.delete("PodDisruptionBudget", budget["metadata"]["name"], namespace=SPACE)


class Maker:
    """Makes pods that no scheduler touches, and looks at them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def pod(self, name: str, *, node: str | None = None, gates: tuple[str, ...] = ()) -> PodRef:
        spec: Json = {
            "schedulerName": "nobody",
            "containers": [{"name": "c", "image": "x"}],
            "schedulingGates": [{"name": gate} for gate in gates],
        }
        if node is not None:
            spec |= {"nodeName": node}
        meta = {"name": name, "namespace": SPACE, "labels": {"app": name}}
        pod = self.client.create(
            {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        )
        if node is not None:
            eventually(
                lambda: self.look(name)["status"].get("phase") == "Running",
                within_s=30,
                what=f"{name} runs",
            )
        return PodRef(ObjectKey(SPACE, name), Uid(pod["metadata"]["uid"]))

    def asking(self, name: str, *, cpu: str) -> None:
        """Make a pod for kube-scheduler that asks for the node."""
        container = {"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu}}}
        meta = {"name": name, "namespace": SPACE}
        place = {"kubernetes.io/hostname": NODE}
        spec = {"containers": [container], "nodeSelector": place}
        self.client.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})

    def look(self, name: str) -> Json:
        return self.client.get("Pod", name, SPACE)

    def version(self, name: str) -> str:
        return str(self.look(name)["metadata"]["resourceVersion"])

    def budget(self, name: str, app: str) -> None:
        self.client.create(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": name, "namespace": SPACE},
                "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}},
            }
        )
        eventually(
            lambda: (
                self.client.get("PodDisruptionBudget", name, SPACE)
                .get("status", {})
                .get("observedGeneration")
            ),
            within_s=30,
            what=f"budget {name} is observed",
        )


def other(pod: PodRef) -> PodRef:
    """Another incarnation of the pod."""
    return PodRef(pod.key, Uid("00000000-0000-0000-0000-000000000000"))


async def twice(executor: ClusterExecutor, act: Act) -> ActStatus:
    """Do it twice; both must answer alike."""
    first = await executor.perform(act)
    again = await executor.perform(act)
    assert again.status is first.status, again.message
    return first.status


def nominated(pod: Json) -> tuple[str | None, str | None]:
    mark = pod["metadata"].get("annotations", {}).get(marks.PLAN)
    return pod["status"].get("nominatedNodeName"), mark


async def test_nomination_carries_its_mark_and_is_undone(
    executor: ClusterExecutor, made: Maker
) -> None:
    pod = made.pod("nominee")
    assert await twice(executor, Nominate(plan=PLAN, pod=pod, node=NODE)) is ActStatus.DONE
    assert nominated(made.look("nominee")) == (NODE, PLAN)
    assert await twice(executor, Withdraw(pod=pod)) is ActStatus.DONE
    assert nominated(made.look("nominee")) == (None, None)


async def test_release_removes_our_gate_and_no_other(
    executor: ClusterExecutor, made: Maker
) -> None:
    pod = made.pod("gated", gates=("example.com/first", marks.GATE, "example.com/last"))
    assert await twice(executor, ReleaseAct(pod=pod)) is ActStatus.DONE
    left = [gate["name"] for gate in made.look("gated")["spec"]["schedulingGates"]]
    assert left == ["example.com/first", "example.com/last"]


async def test_bind_puts_the_pod_on_its_node(executor: ClusterExecutor, made: Maker) -> None:
    pod = made.pod("bound")
    assert await twice(executor, Bind(plan=PLAN, pod=pod, node=NODE)) is ActStatus.DONE
    assert made.look("bound")["spec"]["nodeName"] == NODE
    elsewhere = await executor.perform(Bind(plan=PLAN, pod=pod, node=NodeName("elsewhere")))
    assert elsewhere.status is ActStatus.CONFLICT
    late = await executor.perform(Nominate(plan=PLAN, pod=pod, node=NODE))
    assert late.status is ActStatus.CONFLICT
    assert await twice(executor, Withdraw(pod=pod)) is ActStatus.DONE


async def test_placeholder_holds_the_node_against_kube_scheduler_until_it_is_deleted(
    executor: ClusterExecutor, made: Maker
) -> None:
    size = Amounts({"cpu": 10**9, "memory": 2**20})
    holder = Placeholder(node=NODE, priority=0, requests=size)
    act = Reserve(plan=PLAN, placeholder=holder, priority_class="")
    assert await twice(executor, act) is ActStatus.DONE
    (pod,) = [each for each in made.client.list("Pod", OURS) if nominated(each) == (NODE, PLAN)]
    made.asking("rival", cpu="1m")
    eventually(
        lambda: "Insufficient cpu" in why_unschedulable(made.look("rival")),
        within_s=30,
        what="the rival found no room",
    )
    ref = PodRef(ObjectKey(OURS, pod["metadata"]["name"]), Uid(pod["metadata"]["uid"]))
    assert (await executor.perform(Unreserve(pod=other(ref)))).status is ActStatus.GONE
    assert await twice(executor, Unreserve(pod=ref)) is ActStatus.DONE
    eventually(lambda: node_of(made.look("rival")) == NODE, within_s=30, what="the rival is bound")


async def test_gated_pod_is_not_bound(executor: ClusterExecutor, made: Maker) -> None:
    pod = made.pod("still-gated", gates=(marks.GATE,))
    answer = await executor.perform(Bind(plan=PLAN, pod=pod, node=NODE))
    assert answer.status is ActStatus.CONFLICT
    assert "schedulingGates" in answer.message


async def test_another_incarnation_is_never_touched(executor: ClusterExecutor, made: Maker) -> None:
    pod = other(made.pod("reborn", gates=(marks.GATE,)))
    running = other(made.pod("reborn-running", node=NODE))
    before = made.version("reborn"), made.version("reborn-running")
    acts: tuple[Act, ...] = (
        Nominate(plan=PLAN, pod=pod, node=NODE),
        Withdraw(pod=pod),
        ReleaseAct(pod=pod),
        Bind(plan=PLAN, pod=pod, node=NODE),
        Evict(plan=PLAN, pod=running, resource_version=before[1]),
    )
    answers: list[ActResult] = [await executor.perform(act) for act in acts]
    assert [each.status for each in answers] == [ActStatus.GONE] * len(acts), answers
    assert (made.version("reborn"), made.version("reborn-running")) == before


async def test_pod_that_is_gone_is_gone(executor: ClusterExecutor) -> None:
    pod = PodRef(ObjectKey(SPACE, "nobody"), Uid("x"))
    for act in (
        Nominate(plan=PLAN, pod=pod, node=NODE),
        Withdraw(pod=pod),
        ReleaseAct(pod=pod),
        Bind(plan=PLAN, pod=pod, node=NODE),
        Evict(plan=PLAN, pod=pod, resource_version="1"),
    ):
        assert (await executor.perform(act)).status is ActStatus.GONE


async def test_eviction_needs_this_version_of_the_pod(
    executor: ClusterExecutor, made: Maker
) -> None:
    pod = made.pod("leaving", node=NODE)
    old = await executor.perform(Evict(plan=PLAN, pod=pod, resource_version="1"))
    assert old.status is ActStatus.CONFLICT
    now = Evict(plan=PLAN, pod=pod, resource_version=made.version("leaving"))
    assert (await executor.perform(now)).status is ActStatus.DONE
    eventually(
        lambda: not made.client.list("Pod", SPACE, fields="metadata.name=leaving"),
        within_s=30,
        what="the pod is gone",
    )


async def test_budget_in_the_way_is_named_and_several_are_refused(
    executor: ClusterExecutor, made: Maker
) -> None:
    pod = made.pod("guarded", node=NODE)
    made.budget("keep-one", "guarded")
    act = Evict(plan=PLAN, pod=pod, resource_version=made.version("guarded"))
    spent = await executor.perform(act)
    assert spent.status is ActStatus.BUDGET
    assert "keep-one" in spent.message
    made.budget("keep-another", "guarded")
    assert (await executor.perform(act)).status is ActStatus.REFUSED


def an_owner(name: str) -> OwnerRef:
    uid = Uid(f"{name}-0000-0000-0000-000000000000")
    return OwnerRef(kind="ReplicaSet", name=name, uid=uid, api_version="apps/v1")


async def test_gate_is_proven_while_armed_for_these_owners_and_this_plan(
    executor: ClusterExecutor, space: Client
) -> None:
    owners = (an_owner("11111111"), an_owner("22222222"))
    uids = frozenset(owner.uid for owner in owners)
    proof = ProveGate(plan=PLAN, owners=owners)
    unarmed = await executor.perform(proof)
    assert unarmed.status is ActStatus.UNAVAILABLE
    assert "would not carry the gate" in unarmed.message
    try:
        old = Arm(plan="old", owners=frozenset({owners[0].uid}))
        assert (await executor.perform(old)) == ActResult(status=ActStatus.DONE)
        assert await twice(executor, Arm(plan=PLAN, owners=uids)) is ActStatus.DONE
        assert (await executor.perform(proof)).status is ActStatus.DONE
        stranger = ProveGate(plan=PLAN, owners=(*owners, an_owner("33333333")))
        assert (await executor.perform(stranger)).status is ActStatus.UNAVAILABLE
    finally:
        assert await twice(executor, Disarm(plan=PLAN)) is ActStatus.DONE
    async with asyncio.timeout(30):  # the API server learns of the end by a watch
        while (await executor.perform(proof)).status is not ActStatus.UNAVAILABLE:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert not space.list("PlacementGate", OURS, labels=f"{marks.GATE_LABEL}=armed")


async def test_silent_server_means_try_again(identity: Identity) -> None:
    async with await connect(identity.kubeconfig) as api:
        api.configuration.host = "http://127.0.0.1:9"
        lost = ClusterExecutor(api, namespace=OURS)
        pod = PodRef(ObjectKey(SPACE, "a"), Uid("u"))
        assert (await lost.perform(ReleaseAct(pod=pod))).status is ActStatus.RETRY
