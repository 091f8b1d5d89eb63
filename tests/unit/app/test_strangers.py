"""A stranger comes between a plan and its room."""

import pytest

from restow.core.ids import ObjectKey
from restow.simulation.cluster import Cluster, Habits
from tests.support.decisions import a_policy
from tests.support.objects import a_node, a_pod, a_snapshot, a_workload
from tests.support.operators import Operator, Store

pytestmark = pytest.mark.solver


async def test_after_an_abort_the_next_decision_waits_until_evicted_pods_are_gone() -> None:
    web, big = a_workload(name="web", replicas=1), a_workload(name="big", replicas=1)
    pods = [a_pod("web-1", node="n1", gpus=2, owner=web), a_pod("big-1", gpus=8, owner=big)]
    nodes = [a_node("n1", gpus=8), a_node("n2", gpus=4)]
    store = Store()
    store.put_policy(a_policy())
    operator = Operator(
        Cluster(a_snapshot(pods, nodes, workloads=(web, big)), Habits(leave_default_s=20)), store
    )
    await operator.start()
    while not operator.cluster.evictions:
        await operator.turns(1)
    operator.cluster.put(a_pod("stranger", node="n1", gpus=4))
    await operator.turns(10)
    assert list(operator.phases().values()) == ["Aborted"]
    assert ObjectKey.of("default/web-1") in operator.cluster.pods, "it has not ended yet"
    assert len(operator.solved) == 1
    await operator.turns(40)
    assert len(operator.solved) == 2
