from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restow.cluster.objects import HostPort, Node, NodeSelectorTerm, Pod, Taint, Toleration
from restow.cluster.terms import Operator, Requirement
from restow.core.frozen import Amounts
from restow.policies.packing_policy import PriorityRule
from restow.policies.selector import Selector
from restow.rules import registry, wishes
from restow.rules.board import Board
from restow.rules.feasibility import feasible
from restow.rules.placement import host_ports, resources
from restow.rules.survey import Survey
from tests.support.objects import a_namespace, a_node, a_pod, a_snapshot

pytestmark = pytest.mark.property

KEYS = st.sampled_from(("zone", "gen", "kubernetes.io/hostname"))
VALUES = st.sampled_from(("a", "b", "7", "8", "n0", "n1"))
FEATURES = st.sampled_from(("X", "Y"))
EFFECTS = st.sampled_from(("NoSchedule", "NoExecute", "PreferNoSchedule"))
SELECTING = (
    Operator.IN,
    Operator.NOT_IN,
    Operator.EXISTS,
    Operator.DOES_NOT_EXIST,
    Operator.GT,
    Operator.LT,
)

requirements = st.builds(
    Requirement,
    key=KEYS,
    operator=st.sampled_from(SELECTING),
    values=st.lists(VALUES, max_size=2).map(tuple),
)
names = st.builds(
    Requirement,
    key=st.just("metadata.name"),
    operator=st.sampled_from((Operator.IN, Operator.NOT_IN)),
    values=st.lists(st.sampled_from(("n0", "n1", "n2")), min_size=1, max_size=2).map(tuple),
)
terms = st.builds(
    NodeSelectorTerm,
    expressions=st.lists(requirements, max_size=2).map(tuple),
    fields=st.lists(names, max_size=1).map(tuple),
)
tolerations = st.builds(
    Toleration,
    key=st.sampled_from(("", "gpu", "spot", "node.kubernetes.io/unschedulable")),
    operator=st.sampled_from((Operator.EXISTS, Operator.EQUAL, Operator.GT)),
    value=st.sampled_from(("", "x")),
    effect=st.sampled_from(("", "NoSchedule", "NoExecute")),
)
taints = st.builds(
    Taint,
    key=st.sampled_from(("gpu", "spot")),
    value=st.sampled_from(("", "x")),
    effect=EFFECTS,
)
host_port = st.builds(
    HostPort,
    ip=st.sampled_from(("0.0.0.0", "10.0.0.1", "10.0.0.2", "::")),
    protocol=st.sampled_from(("TCP", "UDP")),
    port=st.sampled_from((80, 443)),
)
resource_names = st.sampled_from(("cpu", "memory", "pods", "nvidia.com/gpu"))
amounts = st.dictionaries(resource_names, st.integers(0, 4)).map(Amounts)
signed_amounts = st.dictionaries(resource_names, st.integers(-4, 4)).map(Amounts)


@st.composite
def pods(draw: st.DrawFn) -> list[Pod]:
    """Pods of few templates, so that several share one placement key."""
    shapes = draw(
        st.lists(
            st.tuples(
                st.dictionaries(KEYS, VALUES, max_size=1),
                st.none() | st.lists(terms, max_size=2).map(tuple),
                st.lists(tolerations, max_size=2).map(tuple),
            ),
            min_size=1,
            max_size=3,
        )
    )
    drawn = draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=6))
    return [
        a_pod(
            f"p{i}",
            node_selector=selector,
            node_affinity=affinity,
            tolerations=tolerated,
            needed_features=draw(st.sets(FEATURES, max_size=1)),
            cpu_m=draw(st.integers(0, 3)),
            gpus=draw(st.integers(0, 2)),
        )
        for i, (selector, affinity, tolerated) in enumerate(drawn)
    ]


@st.composite
def nodes(draw: st.DrawFn) -> list[Node]:
    count = draw(st.integers(1, 5))
    return [
        a_node(
            f"n{i}",
            labels=draw(st.dictionaries(st.sampled_from(("zone", "gen")), VALUES, max_size=2)),
            taints=tuple(draw(st.lists(taints, max_size=2))),
            unschedulable=draw(st.booleans()),
            declared_features=draw(st.sets(FEATURES)),
            cpu_m=draw(st.integers(0, 3)),
            gpus=draw(st.integers(0, 2)),
        )
        for i in range(count)
    ]


@settings(deadline=None)
@given(pods=pods(), nodes=nodes())
def test_grouping_gives_the_answers_of_asking_every_pair(
    pods: Sequence[Pod], nodes: Sequence[Node]
) -> None:
    one_by_one = {
        pod.key: tuple(node.name for node in nodes if registry.refusal(pod, node) is None)
        for pod in pods
    }
    assert feasible(pods, nodes, Board(a_snapshot(pods, nodes))) == one_by_one


@settings(deadline=None)
@given(pods=pods(), nodes=nodes(), added=st.none() | st.lists(terms, max_size=2).map(tuple))
def test_feasible_nodes_with_room_are_those_a_survey_finds(
    pods: Sequence[Pod], nodes: Sequence[Node], added: tuple[NodeSelectorTerm, ...] | None
) -> None:
    profiles = {} if added is None else {"default-scheduler": added}
    board = Board(replace(a_snapshot(pods, nodes), added_affinity=profiles))
    surveyed = {pod.key: Survey.of(pod, board).feasible() for pod in pods}
    assert feasible(pods, nodes, board, fitting=True) == surveyed


@given(one=host_port, other=host_port)
def test_port_conflicts_are_mutual_and_a_port_conflicts_with_itself(
    one: HostPort, other: HostPort
) -> None:
    assert host_ports.conflict(one, one)
    assert host_ports.conflict(one, other) == host_ports.conflict(other, one)


@given(requests=amounts, free=signed_amounts)
def test_what_lacks_is_exactly_what_would_make_the_pod_fit(
    requests: Amounts, free: Amounts
) -> None:
    lacking = resources.shortfall(requests, free)
    positive = Amounts({name: max(0, amount) for name, amount in free.items()})
    assert not resources.shortfall(requests, positive + lacking)
    assert (resources.refuse(a_pod(requests=requests), free) is None) == (not lacking)


@given(
    annotated=st.integers(-(2**31), 1_000_000_000),
    own=st.integers(-(2**31), 1_000_000_000),
    ceilings=st.lists(st.integers(-(2**31), 1_000_000_000), max_size=3),
)
def test_annotation_never_lifts_a_pod_beyond_its_class_and_the_policys_rules(
    annotated: int, own: int, ceilings: list[int]
) -> None:
    pod = a_pod("t/p", priority=own, annotations={"restow.dev/priority": str(annotated)})
    rules = [PriorityRule(namespaces=Selector(), max_priority=each) for each in ceilings]
    found = wishes.of(pod, a_snapshot([pod], namespaces=[a_namespace("t")]), rules)
    assert found.priority <= max([own, *ceilings])
    assert found.priority <= annotated
    assert found.rank == annotated
    assert found.priority == annotated or annotated > own
