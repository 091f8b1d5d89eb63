"""What a policy's decisions have to do with, and what goes on elsewhere."""

from dataclasses import replace

from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.core.frozen import Labels
from restow.planning.concern import concerning
from restow.policies.coverage import Policy
from restow.policies.packing_policy import PackingPolicySpec
from tests.support.objects import (
    a_budget,
    a_namespace,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    selecting,
)

GPU = Policy(
    name="gpu",
    spec=PackingPolicySpec.model_validate(
        {"scope": {"nodes": {"matchLabels": {"pool": "gpu"}}}, "mode": "Observe"}
    ),
)
NODES = (a_node("ours", labels={"pool": "gpu"}), a_node("theirs"))
TOP = a_workload("Deployment", "here/web")
MIDDLE = a_workload("ReplicaSet", "here/web-1", owner=TOP)
SEATED = a_pod("here/a", node="ours", owner=MIDDLE, labels={"app": "a"})


def test_what_surrounds_pods_on_covered_nodes_stays() -> None:
    snapshot = a_snapshot(
        [SEATED],
        NODES,
        budgets=[a_budget("here/b", selector=selecting(app="a"))],
        workloads=[TOP, MIDDLE],
    )
    assert concerning(snapshot, GPU) == snapshot


def test_what_surrounds_pods_without_a_node_stays_but_their_budgets() -> None:
    pending = a_pod("here/p", owner=MIDDLE)
    bare = a_snapshot([pending], NODES, workloads=[TOP, MIDDLE])
    snapshot = replace(bare, budgets=a_snapshot(budgets=[a_budget("here/b")]).budgets)
    assert concerning(snapshot, GPU) == bare


def test_what_surrounds_pods_on_nodes_of_others_goes() -> None:
    base = a_snapshot([SEATED, a_pod("there/b", node="theirs", labels={"app": "b"})], NODES)
    mine = replace(base, namespaces={"here": base.namespaces["here"]})
    around = a_snapshot(
        base.pods.values(),
        NODES,
        budgets=[a_budget("there/b"), a_budget("here/b", selector=selecting(app="b"))],
        workloads=[a_workload("Deployment", "there/w")],
        namespaces=[a_namespace("empty"), a_namespace("there", labels={"a": "b"})],
    )
    assert concerning(around, GPU) == mine


def test_controllers_that_own_each_other_come_to_an_end() -> None:
    first = a_workload("A", "here/first")
    second = a_workload("B", "here/second", owner=first)
    first = replace(first, owner=a_pod("here/x", owner=second).owner)
    snapshot = a_snapshot([a_pod("here/p", owner=second)], NODES, workloads=[first, second])
    assert concerning(snapshot, GPU).workloads == snapshot.workloads


def test_labels_of_the_namespace_of_a_pending_pod_are_kept() -> None:
    snapshot = a_snapshot(
        [a_pod("here/p")], NODES, namespaces=[a_namespace("here", labels={"team": "x"})]
    )
    assert concerning(snapshot, GPU).namespaces["here"].labels == Labels(
        {"kubernetes.io/metadata.name": "here", "team": "x"}
    )


def test_budgets_that_select_none_of_the_pods_go_whatever_their_selector_asks() -> None:
    exists = Requirement(key="app", operator=Operator.EXISTS)
    absent = Requirement(key="app", operator=Operator.DOES_NOT_EXIST)
    mine = [
        a_budget("here/all"),
        a_budget("here/some", selector=LabelSelector(requirements=(exists,))),
        a_budget("here/named", selector=selecting(app="a")),
    ]
    others = [
        a_budget("here/bare", selector=LabelSelector(requirements=(absent,))),
        a_budget("here/other", selector=selecting(app="b")),
        a_budget("there/named", selector=selecting(app="a")),
    ]
    snapshot = a_snapshot([SEATED], NODES, budgets=[*mine, *others])
    assert sorted(concerning(snapshot, GPU).budgets) == sorted(each.key for each in mine)
