"""What is said of pods that got no place."""

import pytest

from restow.cluster.objects import Taint
from restow.core.reasons import Reason
from restow.explain.amounts import amount
from tests.support.decisions import decided
from tests.support.objects import a_node, a_pod, a_snapshot, an_owner

A100 = {"nvidia.com/gpu.product": "A100"}
OWNER = an_owner()


@pytest.mark.solver
def test_proof_names_resource_kind_of_node_and_shortage() -> None:
    nodes = [a_node(f"g{i}", gpus=4, labels=A100) for i in range(2)]
    nodes.append(a_node("c0", taints=(Taint(key="team", value="x", effect="NoSchedule"),)))
    (answer,) = decided(a_snapshot([a_pod("p", gpus=8)], nodes)).plan.unplaced
    assert (answer.reason, answer.proven) == (Reason.NO_ROOM, True)
    assert answer.message.startswith("Proven: it fits on no node")
    assert "2 nodes (A100): 4 nvidia.com/gpu short at best" in answer.message
    assert "1 node: " in answer.message
    assert "team" in answer.message


@pytest.mark.solver
def test_equal_refusals_are_counted_in_whole_sentences_that_name_no_node() -> None:
    taint = Taint(key="team", value="x", effect="NoSchedule")
    nodes = [a_node(name, taints=(taint,)) for name in ("team", "NoSchedule", "pod")]
    nodes += [a_node("c0", labels={"zone": "a"}, unschedulable=True), a_node("c1")]
    pod = a_pod("p", node_selector={"zone": "a"})
    (answer,) = decided(a_snapshot([pod], nodes)).plan.unplaced
    assert answer.message.endswith(
        "0/5 nodes: 3 nodes: the pod does not tolerate taint team=x:NoSchedule; "
        "1 node: cordoned; 1 node: label zone=a of the pod's nodeSelector is missing."
    )


@pytest.mark.solver
def test_room_that_only_equals_hold_is_told_apart_from_no_room_at_all() -> None:
    nodes = [a_node("g0", gpus=8, labels=A100)]
    pods = [a_pod("a", node="g0", gpus=3, owner=OWNER), a_pod("p", gpus=8)]
    (answer,) = decided(a_snapshot(pods, nodes)).plan.unplaced
    assert answer.proven
    assert "3 nvidia.com/gpu short at best, and what is there has no other place" in answer.message


@pytest.mark.solver
def test_text_fits_into_an_event_however_many_kinds_of_nodes_there_are() -> None:
    taint = [Taint(key=f"some-long-taint-key/{i}", effect="NoSchedule") for i in range(60)]
    nodes = [a_node(f"n{i}", taints=(taint[i],)) for i in range(60)]
    (answer,) = decided(a_snapshot([a_pod("p")], nodes)).plan.unplaced
    assert len(answer.message.encode()) <= 1024
    assert answer.message.endswith("…")


@pytest.mark.parametrize(
    ("resource", "value", "text"),
    [
        ("cpu", 1500, "1500m cpu"),
        ("cpu", 4000, "4 cpu"),
        ("memory", 3 * 2**30, "3Gi memory"),
        ("memory", 1000, "1000 memory"),
        ("hugepages-2Mi", 2**21, "2Mi hugepages-2Mi"),
        ("nvidia.com/gpu", 8, "8 nvidia.com/gpu"),
    ],
)
def test_amounts_are_written_as_people_do(resource: str, value: int, text: str) -> None:
    assert amount(resource, value) == text
