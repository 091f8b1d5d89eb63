"""Hard topology spread constraints, judged pod against board."""

import pytest

from restow.cluster.objects import Node, Pod, Taint, Toleration
from restow.cluster.terms import LabelSelector, SpreadConstraint
from restow.rules.board import Board
from restow.rules.placement import topology_spread
from restow.rules.survey import Survey
from tests.support.objects import a_node, a_pod, a_snapshot, selecting

WEB = {"app": "web"}
ON_WEB = selecting(app="web")
NODES = (
    a_node("a1", labels={"zone": "a"}),
    a_node("b1", labels={"zone": "b"}),
    a_node("bare"),
)
SKEWED = (topology_spread.SKEWED,)
NO_LABEL = (topology_spread.NO_LABEL,)


def over_zones(
    max_skew: int = 1,
    *,
    key: str = "zone",
    selector: LabelSelector | None = ON_WEB,
    min_domains: int | None = None,
    honor_affinity: bool = True,
    honor_taints: bool = False,
) -> SpreadConstraint:
    return SpreadConstraint(
        topology_key=key,
        max_skew=max_skew,
        selector=selector,
        min_domains=min_domains,
        honor_affinity=honor_affinity,
        honor_taints=honor_taints,
    )


def refused(pod: Pod, *others: Pod, nodes: tuple[Node, ...] = NODES) -> dict[str, tuple[str, ...]]:
    """The nodes that say no, and kube-scheduler's words for it."""
    snapshot = a_snapshot([pod, *others], nodes)
    survey = Survey.of(pod, Board(snapshot), rules=(topology_spread.RULE,))
    answers = {name: survey.refusal(name) for name in snapshot.nodes}
    return {name: answer.upstream for name, answer in answers.items() if answer is not None}


def webs(node: str, count: int) -> list[Pod]:
    return [a_pod(f"web-{node}-{index}", node=node, labels=WEB) for index in range(count)]


@pytest.mark.parametrize(
    ("max_skew", "in_a", "in_b", "expected"),
    [
        (1, 0, 0, {}),
        (1, 1, 0, {"a1": SKEWED}),
        (1, 1, 1, {}),
        (2, 1, 0, {}),
        (2, 2, 0, {"a1": SKEWED}),
        (2, 5, 4, {}),
    ],
)
def test_the_fullest_topology_may_lead_by_max_skew(
    max_skew: int, in_a: int, in_b: int, expected: dict[str, tuple[str, ...]]
) -> None:
    pod = a_pod(labels=WEB, spread=(over_zones(max_skew),))
    found = refused(pod, *webs("a1", in_a), *webs("b1", in_b))
    assert found == expected | {"bare": NO_LABEL}


def test_pod_that_its_own_constraint_does_not_select_adds_nothing() -> None:
    pod = a_pod(spread=(over_zones(),))
    assert refused(pod, *webs("a1", 1)) == {"bare": NO_LABEL}
    assert refused(pod, *webs("a1", 2)) == {"a1": SKEWED, "bare": NO_LABEL}


@pytest.mark.parametrize(("min_domains", "full"), [(None, False), (2, False), (3, True)])
def test_too_few_topologies_make_the_least_count_zero(min_domains: int | None, full: bool) -> None:
    pod = a_pod(labels=WEB, spread=(over_zones(min_domains=min_domains),))
    found = refused(pod, *webs("a1", 1), *webs("b1", 1))
    assert ("a1" in found, "b1" in found) == (full, full)


def test_nodes_that_the_pods_affinity_excludes_count_only_under_ignore() -> None:
    honoring = a_pod(labels=WEB, node_selector={"zone": "a"}, spread=(over_zones(),))
    ignoring = a_pod(
        labels=WEB, node_selector={"zone": "a"}, spread=(over_zones(honor_affinity=False),)
    )
    assert "a1" not in refused(honoring, *webs("a1", 3))
    assert refused(ignoring, *webs("a1", 3))["a1"] == SKEWED


def test_tainted_nodes_count_unless_taints_are_honored() -> None:
    nodes = (
        NODES[0],
        a_node("b1", labels={"zone": "b"}, taints=(Taint(key="t", effect="NoSchedule"),)),
    )
    pods = webs("a1", 3)
    honoring = a_pod(labels=WEB, spread=(over_zones(honor_taints=True),))
    tolerating = a_pod(
        labels=WEB,
        spread=(over_zones(honor_taints=True),),
        tolerations=(Toleration(key="t", value=""),),
    )
    assert refused(a_pod(labels=WEB, spread=(over_zones(),)), *pods, nodes=nodes) == {"a1": SKEWED}
    assert refused(honoring, *pods, nodes=nodes) == {}
    assert refused(tolerating, *pods, nodes=nodes) == {"a1": SKEWED}


def test_node_of_a_topology_that_is_not_eligible_is_judged_by_the_eligible_ones_of_it() -> None:
    nodes = (*NODES[:2], a_node("b2", labels={"zone": "b", "kind": "x"}))
    pod = a_pod(labels=WEB, node_selector={"kind": "x"}, spread=(over_zones(),))
    assert refused(pod, *webs("b1", 5), nodes=nodes) == {}


def test_nodes_without_all_the_labels_count_for_no_constraint() -> None:
    nodes = (
        a_node("a1", labels={"zone": "a", "rack": "1"}),
        a_node("b1", labels={"zone": "b"}),
    )
    pod = a_pod(labels=WEB, spread=(over_zones(), over_zones(key="rack", max_skew=9)))
    assert refused(pod, *webs("a1", 4), nodes=nodes) == {"b1": NO_LABEL}


def test_first_constraint_that_fails_is_the_one_reported() -> None:
    pod = a_pod(labels=WEB, spread=(over_zones(), over_zones(key="rack")))
    nodes = (a_node("a1", labels={"zone": "a"}), a_node("a2", labels={"zone": "a", "rack": "1"}))
    assert refused(pod, *webs("a2", 3), nodes=nodes) == {"a1": NO_LABEL}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, {"bare": NO_LABEL}),
        (LabelSelector(), {"bare": NO_LABEL}),
    ],
)
def test_no_selector_and_an_empty_one_count_nobody_in_place(
    selector: LabelSelector | None, expected: dict[str, tuple[str, ...]]
) -> None:
    pod = a_pod(labels=WEB, spread=(over_zones(selector=selector),))
    assert refused(pod, *webs("a1", 5)) == expected


def test_empty_selector_still_counts_the_pod_itself() -> None:
    pod = a_pod(spread=(over_zones(selector=LabelSelector(), min_domains=3),))
    board = Board(a_snapshot([], NODES))
    assert topology_spread.counts_itself(pod, pod.spread[0])
    assert not topology_spread.counts_itself(pod, over_zones(selector=None))
    assert Survey.of(pod, board).refusal(NODES[0].name) is None


def test_empty_selector_counts_pods_that_are_only_nominated() -> None:
    pod = a_pod(spread=(over_zones(selector=LabelSelector()),))
    board = Board(a_snapshot([pod], NODES))
    name = NODES[0].name
    for other, expected in ((a_pod("mine"), SKEWED), (a_pod("other/theirs"), ())):
        no = Survey.of(pod, board, nominated={name: (other,)}).refusal(name)
        assert (() if no is None else no.upstream) == expected


def test_pods_that_leave_or_live_in_other_namespaces_do_not_count() -> None:
    pod = a_pod(labels=WEB, spread=(over_zones(),))
    others = (
        a_pod("other/p", node="a1", labels=WEB),
        a_pod("leaving", node="a1", labels=WEB, deleting=True),
    )
    assert refused(pod, *others) == {"bare": NO_LABEL}


def test_pod_without_constraints_costs_nothing() -> None:
    assert topology_spread.prepare(a_pod(), Board(a_snapshot([], NODES))) is None
