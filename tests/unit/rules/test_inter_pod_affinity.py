"""Required affinity and anti-affinity, judged pod against board."""

import pytest

from restow.cluster.objects import Node, Pod
from restow.cluster.terms import LabelSelector, PodTerm, Selection
from restow.core.reasons import Reason
from restow.rules.board import Board
from restow.rules.placement import inter_pod_affinity
from restow.rules.survey import Survey
from tests.support.objects import a_namespace, a_node, a_pod, a_snapshot, selecting

NODES = (
    a_node("a1", labels={"zone": "a"}),
    a_node("a2", labels={"zone": "a"}),
    a_node("b1", labels={"zone": "b"}),
    a_node("bare"),
)
WEB = {"app": "web"}


def a_term(
    key: str = "zone",
    *,
    namespaces: tuple[str, ...] = ("default",),
    by_label: LabelSelector | None = None,
    **labels: str,
) -> PodTerm:
    return PodTerm(
        topology_key=key,
        pods=Selection(
            selector=selecting(**labels),
            namespaces=frozenset(namespaces),
            namespace_selector=by_label,
        ),
    )


def refused(pod: Pod, *others: Pod, nodes: tuple[Node, ...] = NODES) -> dict[str, tuple[str, ...]]:
    """The nodes that say no, and kube-scheduler's words for it."""
    snapshot = a_snapshot(
        [pod, *others], nodes, namespaces=[a_namespace("prod", labels={"tier": "prod"})]
    )
    survey = Survey.of(pod, Board(snapshot), rules=(inter_pod_affinity.RULE,))
    answers = {name: survey.refusal(name) for name in snapshot.nodes}
    return {name: answer.upstream for name, answer in answers.items() if answer is not None}


LONELY = (inter_pod_affinity.AFFINITY,)
REPELLED = (inter_pod_affinity.ANTI_AFFINITY,)
KEPT_OUT = (inter_pod_affinity.EXISTING_ANTI_AFFINITY,)


def test_affinity_takes_only_the_topology_of_a_matching_pod() -> None:
    pod = a_pod(affinity=(a_term(app="web"),))
    assert refused(pod, a_pod(node="a1", labels=WEB)) == {"b1": LONELY, "bare": LONELY}


def test_affinity_without_any_matching_pod_is_refused_everywhere() -> None:
    pod = a_pod(affinity=(a_term(app="web"),))
    assert refused(pod) == dict.fromkeys(("a1", "a2", "b1", "bare"), LONELY)


def test_first_of_a_group_goes_wherever_the_label_is() -> None:
    pod = a_pod(labels=WEB, affinity=(a_term(app="web"),))
    assert refused(pod) == {"bare": LONELY}


def test_second_of_a_group_follows_the_first() -> None:
    pod = a_pod(labels=WEB, affinity=(a_term(app="web"),))
    assert refused(pod, a_pod(node="b1", labels=WEB)) == {
        "a1": LONELY,
        "a2": LONELY,
        "bare": LONELY,
    }


def test_matching_pod_outside_every_topology_leaves_the_group_without_a_first() -> None:
    pod = a_pod(labels=WEB, affinity=(a_term(app="web"),))
    assert refused(pod, a_pod(node="bare", labels=WEB)) == {"bare": LONELY}


def test_one_pod_must_match_all_affinity_terms() -> None:
    pod = a_pod(affinity=(a_term(app="web"), a_term("kubernetes.io/hostname", tier="x")))
    apart = (a_pod(node="a1", labels=WEB), a_pod(node="a1", labels={"tier": "x"}))
    assert set(refused(pod, *apart)) == {"a1", "a2", "b1", "bare"}
    both = a_pod(node="a1", labels=WEB | {"tier": "x"})
    assert set(refused(pod, *apart, both)) == {"a2", "b1", "bare"}


def test_terms_of_one_pod_may_be_met_by_different_pods_that_match_them_all() -> None:
    pod = a_pod(affinity=(a_term(app="web"), a_term("rack", app="web")))
    nodes = (
        a_node("x", labels={"zone": "a", "rack": "1"}),
        a_node("y", labels={"zone": "b", "rack": "2"}),
        a_node("z", labels={"zone": "a", "rack": "2"}),
    )
    pods = (a_pod(node="x", labels=WEB), a_pod(node="y", labels=WEB))
    assert refused(pod, *pods, nodes=nodes) == {}


def test_anti_affinity_keeps_out_of_the_topology_and_ignores_nodes_without_the_label() -> None:
    pod = a_pod(anti_affinity=(a_term(app="web"),))
    placed = (a_pod(node="a1", labels=WEB), a_pod(node="bare", labels=WEB))
    assert refused(pod, *placed) == {"a1": REPELLED, "a2": REPELLED}


def test_pods_in_place_keep_out_what_their_anti_affinity_selects() -> None:
    guard = a_pod(node="b1", anti_affinity=(a_term(app="web"),))
    assert refused(a_pod(labels=WEB), guard) == {"b1": KEPT_OUT}
    assert refused(a_pod(labels={"app": "db"}), guard) == {}


def test_leaving_pod_still_keeps_others_out() -> None:
    guard = a_pod(node="b1", anti_affinity=(a_term(app="web"),), deleting=True)
    assert refused(a_pod(labels=WEB), guard) == {"b1": KEPT_OUT}


@pytest.mark.parametrize(
    ("term", "place", "is_meant"),
    [
        (a_term(app="web"), "default", True),
        (a_term(app="web"), "prod", False),
        (a_term(app="web", namespaces=("prod",)), "prod", True),
        (a_term(app="web", namespaces=(), by_label=selecting(tier="prod")), "prod", True),
        (a_term(app="web", namespaces=(), by_label=selecting(tier="prod")), "default", False),
        (a_term(app="web", namespaces=(), by_label=LabelSelector()), "default", True),
        (a_term(app="web", by_label=selecting(tier="prod")), "default", True),
    ],
)
def test_namespaces_of_a_term_hold_in_both_directions(
    term: PodTerm, place: str, is_meant: bool
) -> None:
    other = a_pod(f"{place}/p", labels=WEB)
    there = a_pod(f"{place}/p", node="b1", labels=WEB)
    assert refused(a_pod("default/q", anti_affinity=(term,)), there) == (
        {"b1": REPELLED} if is_meant else {}
    )
    assert refused(other, a_pod("default/q", node="b1", anti_affinity=(term,))) == (
        {"b1": KEPT_OUT} if is_meant else {}
    )


def test_affinity_is_asked_first_then_own_then_others_anti_affinity() -> None:
    pod = a_pod(
        labels=WEB, affinity=(a_term(app="db"),), anti_affinity=(a_term("rack", app="web"),)
    )
    nodes = tuple(
        a_node(name, labels={"zone": zone, "rack": rack})
        for name, zone, rack in (("x", "z", "1"), ("y", "a", "1"), ("w", "a", "2"), ("v", "a", "3"))
    )
    others = (
        a_pod(node="v", labels={"app": "db"}),
        a_pod(node="x", labels=WEB, anti_affinity=(a_term("rack", app="web"),)),
        a_pod(node="w", anti_affinity=(a_term("rack", app="web"),)),
    )
    assert refused(pod, *others, nodes=nodes) == {"x": LONELY, "y": REPELLED, "w": KEPT_OUT}


def test_pod_on_a_node_that_is_gone_is_in_no_topology() -> None:
    gone = a_pod(node="gone", labels=WEB, anti_affinity=(a_term(app="web"),))
    assert refused(a_pod(labels=WEB, anti_affinity=(a_term(app="web"),)), gone) == {}


def test_a_pod_that_nobody_is_about_costs_nothing() -> None:
    guard = a_pod(node="a1", anti_affinity=(a_term(app="web"),))
    board = Board(a_snapshot([guard], NODES))
    assert inter_pod_affinity.prepare(a_pod(), board) is None


def test_each_no_has_its_own_code() -> None:
    board = Board(a_snapshot([a_pod(node="b1", labels=WEB)], NODES))
    codes = {
        term: Survey.of(pod, board).refusal(NODES[at].name)
        for term, pod, at in (
            ("affinity", a_pod(affinity=(a_term(app="web"),)), 0),
            ("anti", a_pod(anti_affinity=(a_term(app="web"),)), 2),
        )
    }
    assert {term: answer and answer.reason for term, answer in codes.items()} == {
        "affinity": Reason.POD_AFFINITY_MISMATCH,
        "anti": Reason.POD_ANTI_AFFINITY,
    }
