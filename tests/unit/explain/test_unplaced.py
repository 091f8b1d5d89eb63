"""What is said of pods that got no place."""

import pytest

from restow.cluster.objects import Taint
from restow.core.reasons import Reason
from restow.explain.amounts import amount
from restow.explain.words import cut
from restow.policies.packing_policy import Limits
from tests.support.decisions import a_policy, decided
from tests.support.objects import a_budget, a_node, a_pod, a_snapshot, an_owner

A100 = {"nvidia.com/gpu.product": "A100"}
OWNER = an_owner()


@pytest.mark.solver
def test_proof_names_resource_kind_of_node_and_shortage() -> None:
    nodes = [a_node(f"g{i}", gpus=4, labels=A100) for i in range(2)]
    nodes.append(a_node("c0", taints=(Taint(key="team", value="x", effect="NoSchedule"),)))
    (answer,) = decided(a_snapshot([a_pod("p", gpus=8)], nodes)).plan.unplaced
    assert (answer.reason, answer.proven) == (Reason.NO_ROOM, True)
    assert answer.message == (
        "Proven: it fits on no node, even if all that may move were gone. "
        "It needs 100m cpu, 8 nvidia.com/gpu. "
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient "
        "nvidia.com/gpu. "
        "Nearest: g0, g1 (A100): 4 nvidia.com/gpu short, whatever moves; "
        "c0: the pod does not tolerate taint team=x:NoSchedule; 8 nvidia.com/gpu short, "
        "whatever moves."
    )


@pytest.mark.solver
def test_nodes_are_counted_as_kube_scheduler_does_and_cautions_of_our_own_apart() -> None:
    taint = Taint(key="team", value="x", effect="NoSchedule")
    nodes = [a_node(name, taints=(taint,)) for name in ("team", "NoSchedule", "pod")]
    nodes += [a_node("c0", labels={"zone": "a"}, ready=False), a_node("c1")]
    pod = a_pod("p", node_selector={"zone": "a"})
    (answer,) = decided(a_snapshot([pod], nodes)).plan.unplaced
    assert (
        "1/5 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "3 node(s) had untolerated taint(s)." in answer.message
    )
    assert "c0: not ready, whatever moves" in answer.message


@pytest.mark.solver
def test_room_that_only_equals_hold_is_told_apart_from_no_room_at_all() -> None:
    nodes = [a_node("g0", gpus=8, labels=A100)]
    pods = [a_pod("a", node="g0", gpus=3, owner=OWNER), a_pod("p", gpus=8)]
    (answer,) = decided(a_snapshot(pods, nodes)).plan.unplaced
    assert answer.proven
    assert answer.message.startswith("Proven: no allowed moves and evictions make room for it.")
    assert "3 nvidia.com/gpu short, and would fit if all that may move were gone" in answer.message


@pytest.mark.solver
def test_spent_budgets_and_limits_that_stand_in_the_way_are_named() -> None:
    nodes = [a_node("g0", gpus=8), a_node("g1", gpus=4)]
    pods = [a_pod("a", node="g0", gpus=3, owner=OWNER), a_pod("p", gpus=8)]
    (spent,) = decided(a_snapshot(pods, nodes, budgets=[a_budget("b", allowed=0)])).plan.unplaced
    assert spent.reason is Reason.BUDGET_EXHAUSTED
    assert spent.message.startswith("Disruption budget default/b in the way")
    assert "pods that stay there: 1 BudgetExhausted" in spent.message
    still = a_policy(limits=Limits(moves_per_plan=0, evictions_per_plan=0))
    (limited,) = decided(a_snapshot(pods, nodes), still).plan.unplaced
    assert limited.reason is Reason.LIMIT_REACHED
    assert "limits leave no moves now" in limited.message


@pytest.mark.solver
def test_text_fits_into_an_event_however_long_its_words_are() -> None:
    taint = [Taint(key=f"{'long' * 50}/{i}", effect="NoSchedule") for i in range(60)]
    nodes = [a_node(f"n{i}", taints=(taint[i], taint[0])) for i in range(60)]
    pod = a_pod("p", annotations={"a": "b"}, node_selector={"x" * 300: "y" * 300})
    (answer,) = decided(a_snapshot([pod], nodes)).plan.unplaced
    assert len(answer.message.encode()) <= 1024


@pytest.mark.parametrize("most", range(4, 60, 7))
def test_a_cut_text_is_within_its_bytes_and_a_beginning_of_the_whole(most: int) -> None:
    text = "Erster Satz über Öl. Zweiter Satz — länger. Dritter."
    short = cut(text, most)
    assert len(short.encode()) <= most
    assert short == text or text.startswith(short.removesuffix(" …"))
    assert cut("kurz", most) == "kurz"


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
