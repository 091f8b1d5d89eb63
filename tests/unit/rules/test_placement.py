import pytest

from restow.cluster.objects import HostPort, Node, NodeSelectorTerm, Phase, Pod, Taint, Toleration
from restow.cluster.terms import Operator, Requirement
from restow.core.frozen import Amounts
from restow.core.reasons import Reason
from restow.rules import registry
from restow.rules.board import Board
from restow.rules.feasibility import feasible
from restow.rules.placement import (
    host_ports,
    node_affinity,
    node_name,
    node_unschedulable,
    resources,
    taints,
)
from tests.support.objects import a_node, a_pod, a_snapshot, amounts

GPU_TAINT = Taint(key="gpu", value="a100", effect="NoSchedule")


@pytest.mark.parametrize(
    ("pod", "accepted"),
    [
        (a_pod(), True),
        (a_pod(node="a"), True),
        (a_pod(node="b"), True),  # it runs: its replacement names no node
        (a_pod(node="a", phase=Phase.PENDING), True),
        (a_pod(node="b", phase=Phase.PENDING), False),
    ],
)
def test_pod_that_names_a_node_before_it_runs_fits_no_other(pod: Pod, accepted: bool) -> None:
    refusal = node_name.refuse(pod, a_node("a"))
    assert (refusal is None) is accepted
    assert refusal is None or refusal.reason is Reason.NODE_NAME_MISMATCH


@pytest.mark.parametrize(
    ("tolerations", "accepted"),
    [
        ((), False),
        ((Toleration(operator=Operator.EXISTS),), True),
        ((Toleration(key="node.kubernetes.io/unschedulable", operator=Operator.EXISTS),), True),
        ((Toleration(key="node.kubernetes.io/unschedulable", effect="NoSchedule"),), True),
        ((Toleration(key="node.kubernetes.io/unschedulable", effect="NoExecute"),), False),
        ((Toleration(key="node.kubernetes.io/unschedulable", value="x"),), False),
        ((Toleration(key="other", operator=Operator.EXISTS),), False),
    ],
)
def test_cordoned_node_takes_only_pods_that_tolerate_the_cordon(
    tolerations: tuple[Toleration, ...], accepted: bool
) -> None:
    pod = a_pod(tolerations=tolerations)
    refusal = node_unschedulable.refuse(pod, a_node(unschedulable=True))
    assert (refusal is None) is accepted
    assert node_unschedulable.refuse(pod, a_node()) is None


@pytest.mark.parametrize(
    ("taint", "tolerations", "accepted"),
    [
        (GPU_TAINT, (), False),
        (Taint(key="gpu", effect="NoExecute"), (), False),
        (Taint(key="gpu", effect="PreferNoSchedule"), (), True),
        (GPU_TAINT, (Toleration(key="gpu", value="a100"),), True),
        (GPU_TAINT, (Toleration(key="gpu", value="a100", effect="NoSchedule"),), True),
        (GPU_TAINT, (Toleration(key="gpu", value="a100", effect="NoExecute"),), False),
        (GPU_TAINT, (Toleration(key="gpu", value="h100"),), False),
        (GPU_TAINT, (Toleration(key="gpu"),), False),
        (GPU_TAINT, (Toleration(key="gpu", operator=Operator.EXISTS),), True),
        (GPU_TAINT, (Toleration(operator=Operator.EXISTS),), True),
        (GPU_TAINT, (Toleration(operator=Operator.EXISTS, effect="NoExecute"),), False),
        (GPU_TAINT, (Toleration(key="cpu", operator=Operator.EXISTS),), False),
        # alpha and off in 1.37
        (
            Taint(key="sla", value="950", effect="NoSchedule"),
            (Toleration(key="sla", operator=Operator.GT, value="900"),),
            False,
        ),
        (
            Taint(key="sla", value="950", effect="NoSchedule"),
            (Toleration(key="sla", operator=Operator.LT, value="990"),),
            False,
        ),
    ],
)
def test_hard_taint_needs_a_toleration(
    taint: Taint, tolerations: tuple[Toleration, ...], accepted: bool
) -> None:
    refusal = taints.refuse(a_pod(tolerations=tolerations), a_node("n", taints=(taint,)))
    assert (refusal is None) is accepted
    if refusal is not None:
        assert refusal.reason is Reason.UNTOLERATED_TAINT
        assert str(taint) in refusal.message


def test_every_hard_taint_needs_its_own_toleration_and_the_first_without_is_named() -> None:
    node = a_node(taints=(GPU_TAINT, Taint(key="spot", effect="NoSchedule")))
    refusal = taints.refuse(a_pod(tolerations=(Toleration(key="gpu", value="a100"),)), node)
    assert refusal is not None
    assert "spot:NoSchedule" in refusal.message


def term(*expressions: Requirement, fields: tuple[Requirement, ...] = ()) -> NodeSelectorTerm:
    return NodeSelectorTerm(expressions=expressions, fields=fields)


def asks(key: str, operator: Operator, *values: str) -> Requirement:
    return Requirement(key=key, operator=operator, values=values)


LABELLED = a_node("n", labels={"zone": "a", "gen": "7", "odd": "7x", "empty": ""})
NAMED = asks("metadata.name", Operator.IN, "n")


@pytest.mark.parametrize(
    ("terms", "accepted"),
    [
        (None, True),
        ((), False),  # no term at all matches nothing
        ((term(),), False),  # an empty term matches nothing
        ((term(), term(asks("zone", Operator.IN, "a"))), True),  # terms are ORed
        ((term(asks("zone", Operator.IN, "a", "b")),), True),
        ((term(asks("zone", Operator.IN, "b")),), False),
        ((term(asks("zone", Operator.IN)),), False),
        ((term(asks("zone", Operator.NOT_IN, "b")),), True),
        ((term(asks("zone", Operator.NOT_IN, "a")),), False),
        ((term(asks("absent", Operator.NOT_IN, "a")),), True),
        ((term(asks("absent", Operator.NOT_IN)),), False),
        ((term(asks("zone", Operator.EXISTS)),), True),
        ((term(asks("zone", Operator.EXISTS, "a")),), False),
        ((term(asks("absent", Operator.EXISTS)),), False),
        ((term(asks("absent", Operator.DOES_NOT_EXIST)),), True),
        ((term(asks("zone", Operator.DOES_NOT_EXIST)),), False),
        ((term(asks("gen", Operator.GT, "6")),), True),
        ((term(asks("gen", Operator.GT, "7")),), False),
        ((term(asks("gen", Operator.LT, "8")),), True),
        ((term(asks("gen", Operator.LT, "+8")),), False),  # no label value, so no requirement
        ((term(asks("gen", Operator.GT, "-1")),), False),
        ((term(asks("zone", Operator.NOT_IN, "no label")),), False),
        ((term(asks("zone", Operator.NOT_IN, "x" * 64)),), False),
        ((term(asks("gen", Operator.LT, "8.0")),), False),
        ((term(asks("gen", Operator.GT, "6", "5")),), False),
        ((term(asks("odd", Operator.GT, "6")),), False),
        ((term(asks("absent", Operator.LT, "6")),), False),
        # expressions of one term are ANDed
        ((term(asks("zone", Operator.IN, "a"), asks("gen", Operator.GT, "9")),), False),
        ((term(fields=(NAMED,)),), True),
        ((term(fields=(asks("metadata.name", Operator.NOT_IN, "n"),)),), False),
        ((term(fields=(asks("metadata.name", Operator.NOT_IN, "m"),)),), True),
        ((term(fields=(asks("metadata.name", Operator.IN, "n", "m"),)),), False),
        ((term(fields=(asks("metadata.name", Operator.EXISTS),)),), False),
        ((term(fields=(asks("metadata.uid", Operator.IN, "u"),)),), False),
        ((term(asks("zone", Operator.IN, "b"), fields=(NAMED,)),), False),
        ((term(asks("zone", Operator.IN, "a"), fields=(NAMED,)),), True),
    ],
)
def test_required_node_affinity(terms: tuple[NodeSelectorTerm, ...] | None, accepted: bool) -> None:
    refusal = node_affinity.refuse(a_pod(node_affinity=terms), LABELLED)
    assert (refusal is None) is accepted
    assert refusal is None or refusal.reason is Reason.NODE_AFFINITY_MISMATCH


@pytest.mark.parametrize(
    ("selector", "accepted"),
    [
        ({}, True),
        ({"zone": "a"}, True),
        ({"zone": "a", "gen": "7"}, True),
        ({"zone": "b"}, False),
        ({"empty": ""}, True),
        ({"absent": ""}, False),
        ({"zone": "a", "absent": "x"}, False),
    ],
)
def test_node_selector_needs_every_label(selector: dict[str, str], accepted: bool) -> None:
    assert (node_affinity.refuse(a_pod(node_selector=selector), LABELLED) is None) is accepted


def test_selector_and_affinity_must_both_match() -> None:
    pod = a_pod(node_selector={"zone": "a"}, node_affinity=(term(asks("gen", Operator.IN, "8")),))
    assert node_affinity.refuse(pod, LABELLED) is not None


@pytest.mark.parametrize(
    ("wanted", "taken", "accepted"),
    [
        (HostPort(port=80), (), True),
        (HostPort(port=80), (HostPort(port=80),), False),
        (HostPort(port=80), (HostPort(port=81),), True),
        (HostPort(port=80), (HostPort(port=80, protocol="UDP"),), True),
        (HostPort(port=80, ip="10.0.0.1"), (HostPort(port=80, ip="10.0.0.2"),), True),
        (HostPort(port=80, ip="10.0.0.1"), (HostPort(port=80, ip="10.0.0.1"),), False),
        (HostPort(port=80, ip="10.0.0.1"), (HostPort(port=80),), False),
        (HostPort(port=80), (HostPort(port=80, ip="10.0.0.1"),), False),
        (HostPort(port=80, ip="::"), (HostPort(port=80, ip="10.0.0.1"),), True),
        (HostPort(port=80, ip="::"), (HostPort(port=80),), False),
    ],
)
def test_host_port_is_taken_once_per_address_and_protocol(
    wanted: HostPort, taken: tuple[HostPort, ...], accepted: bool
) -> None:
    refusal = host_ports.refuse(a_pod(host_ports=(HostPort(port=9), wanted)), taken)
    assert (refusal is None) is accepted
    assert refusal is None or refusal.reason is Reason.HOST_PORT_TAKEN


@pytest.mark.parametrize(
    ("requests", "free", "message"),
    [
        (amounts(cpu_m=100, pods=1), amounts(cpu_m=100, pods=1), None),
        (
            amounts(cpu_m=101, pods=1),
            amounts(cpu_m=100, pods=1),
            "Insufficient cpu: 101m needed, 100m free",
        ),
        (amounts(pods=1), amounts(cpu_m=100), "Too many pods: 1 needed, 0 free"),
        # what is not requested is not looked at
        (amounts(pods=1), Amounts({"cpu": -500, "pods": 1}), None),
        (
            amounts(cpu_m=1, pods=1),
            Amounts({"cpu": -500, "pods": 1}),
            "Insufficient cpu: 1m needed, 0m free",
        ),
        (
            amounts(gpus=8, memory_bytes=5, pods=1),
            amounts(gpus=3, memory_bytes=4, pods=1),
            "Insufficient memory: 5 needed, 4 free; Insufficient nvidia.com/gpu: 8 needed, 3 free",
        ),
        (
            Amounts({"hugepages-2Mi": 2097152, "pods": 1}),
            amounts(pods=1),
            "Insufficient hugepages-2Mi: 2097152 needed, 0 free",
        ),
    ],
)
def test_requests_must_fit_into_what_is_free(
    requests: Amounts, free: Amounts, message: str | None
) -> None:
    refusal = resources.refuse(a_pod(requests=requests), free)
    assert (refusal.message if refusal is not None else None) == message
    assert bool(resources.shortfall(requests, free)) is (message is not None)


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (a_node(labels={"zone": "a"}), None),
        (
            a_node(unschedulable=True, taints=(GPU_TAINT,)),
            Reason.NODE_UNSCHEDULABLE,
        ),
        (a_node(taints=(GPU_TAINT,)), Reason.UNTOLERATED_TAINT),
        (a_node(), Reason.NODE_AFFINITY_MISMATCH),
    ],
)
def test_first_refusal_in_the_order_of_kube_scheduler_is_reported(
    node: Node, reason: Reason | None
) -> None:
    refusal = registry.refusal(a_pod(node_selector={"zone": "a"}), node)
    assert (refusal.reason if refusal is not None else None) is reason


def test_feasible_nodes_are_shared_by_pods_that_ask_alike_and_keep_their_order() -> None:
    nodes = [
        a_node("n2", labels={"zone": "a"}),
        a_node("n1", labels={"zone": "a"}),
        a_node("n3", labels={"zone": "b"}),
        a_node("n4", labels={"zone": "a"}, unschedulable=True),
    ]
    picky = [a_pod(f"picky-{i}", node_selector={"zone": "a"}) for i in range(3)]
    by_name = a_pod(
        "by-name", node_affinity=(term(fields=(asks("metadata.name", Operator.IN, "n3"),)),)
    )
    pods = [*picky, a_pod("any"), by_name]
    answer = feasible(pods, nodes, Board(a_snapshot(pods, nodes)))
    assert answer[picky[0].key] == ("n2", "n1")
    assert answer[picky[0].key] is answer[picky[2].key]
    assert answer[a_pod("any").key] == ("n2", "n1", "n3")
    assert answer[by_name.key] == ("n3",)
