"""What kube-scheduler would say of a pod, node by node."""

from collections import Counter

import pytest

from restow.cluster.objects import NodeSelectorTerm, Pod, Taint
from restow.cluster.terms import Operator, PodTerm, Requirement, Selection
from restow.core.ids import NodeName
from restow.core.reasons import Reason
from restow.rules.board import Board
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot, selecting

A, B = NodeName("a"), NodeName("b")


def a_board(*pods: Pod) -> Board:
    return Board(a_snapshot(pods, [a_node("a"), a_node("b")]))


def named(*names: str) -> NodeSelectorTerm:
    return NodeSelectorTerm(
        fields=tuple(
            Requirement(key="metadata.name", operator=Operator.IN, values=(name,)) for name in names
        )
    )


def beside(app: str) -> PodTerm:
    return PodTerm(
        topology_key="kubernetes.io/hostname",
        pods=Selection(selector=selecting(app=app), namespaces=frozenset({"default"})),
    )


def test_first_rule_that_refuses_is_the_one_that_is_heard() -> None:
    tainted = a_node(
        "a", cpu_m=1, taints=(Taint(key="t", effect="NoSchedule"),), unschedulable=True
    )
    board = Board(a_snapshot([], [tainted]))
    answer = Survey.of(a_pod(), board).refusal(A)
    assert answer is not None
    assert answer.reason is Reason.NODE_UNSCHEDULABLE


def test_tally_counts_every_lack_of_a_node_and_no_node_that_takes_the_pod() -> None:
    board = Board(a_snapshot([], [a_node("a", cpu_m=1, memory_bytes=1), a_node("b")]))
    survey = Survey.of(a_pod(cpu_m=2, memory_bytes=2), board)
    assert survey.tally() == Counter({"Insufficient cpu": 1, "Insufficient memory": 1})
    assert survey.feasible() == (B,)


def test_terms_that_name_nodes_rule_the_others_out_before_they_are_asked() -> None:
    board = Board(a_snapshot([], [a_node("a"), a_node("b", unschedulable=True), a_node("c")]))
    survey = Survey.of(a_pod(node_affinity=(named("b"), named("gone"))), board)
    assert survey.everywhere is None
    assert survey.tally() == Counter(
        {
            "node(s) were unschedulable": 1,
            "node(s) didn't satisfy plugin(s) [NodeAffinity]": 2,
        }
    )
    assert survey.feasible() == ()


def test_terms_that_name_two_nodes_at_once_are_refused_before_any_node_is_asked() -> None:
    survey = Survey.of(a_pod(node_affinity=(named("a", "b"),)), a_board())
    assert survey.everywhere is not None
    assert survey.everywhere.upstream == ("pod affinity terms conflict",)
    assert survey.feasible() == ()


def test_rules_that_leave_no_common_node_refuse_everywhere() -> None:
    pod = a_pod(node="a", node_affinity=(named("b"),), phase=a_pod().phase)
    survey = Survey.of(pod, Board(a_snapshot([], [a_node("a"), a_node("b")])))
    assert survey.everywhere is not None
    assert survey.everywhere.upstream == (
        "node(s) didn't satisfy plugin(s) [NodeAffinity NodeName] simultaneously",
    )


@pytest.mark.parametrize(
    ("priority", "takes"),
    [(0, True), (5, False), (6, False)],
)
def test_node_is_held_for_nominated_pods_of_at_least_the_priority(
    priority: int, takes: bool
) -> None:
    pod = a_pod(cpu_m=3000, priority=5)
    holder = a_pod("holder", cpu_m=3000, priority=priority)
    survey = Survey.of(pod, a_board(), nominated={A: (holder,)})
    assert (survey.refusal(A) is None) is takes
    assert survey.refusal(B) is None


def test_own_nomination_and_one_that_is_done_hold_nothing() -> None:
    pod, done = a_pod("p", cpu_m=3000), a_pod("done", cpu_m=3000)
    board = a_board()
    board.put(done, B)
    assert Survey.of(pod, board, nominated={A: (pod, done)}).feasible() == (A,)


def test_pod_that_wants_to_be_beside_a_nominated_one_has_to_wait_for_it() -> None:
    pod = a_pod(affinity=(beside("db"),))
    holder = a_pod("holder", labels={"app": "db"})
    assert Survey.of(pod, a_board(), nominated={A: (holder,)}).feasible() == ()


def test_asking_about_a_held_node_leaves_the_board_as_it_was() -> None:
    board = a_board()
    holder = a_pod("holder", cpu_m=1000)
    before = board.free(A)
    assert Survey.of(a_pod(), board, nominated={A: (holder,)}).refusal(A) is None
    assert board.free(A) == before
    assert board.node_of(holder.uid) is None


def test_rule_without_a_say_stays_silent_about_nominated_pods() -> None:
    """kube-scheduler skips the plugin, although the nominated pod brings an anti-affinity."""
    pod = a_pod(labels={"app": "web"})
    holder = a_pod("holder", anti_affinity=(beside("web"),))
    assert Survey.of(pod, a_board(), nominated={A: (holder,)}).refusal(A) is None


def test_features_must_be_declared() -> None:
    nodes = [a_node("a", declared_features=("X", "Y")), a_node("b", declared_features=("X",))]
    survey = Survey.of(a_pod(needed_features=("Y",)), Board(a_snapshot([], nodes)))
    assert survey.feasible() == (A,)
    assert survey.tally() == Counter({"node(s) didn't match Pod's required features": 1})
