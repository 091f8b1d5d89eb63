"""What an approval is worth when it comes."""

from dataclasses import replace

import pytest

from restow.core.frozen import FrozenMap
from restow.core.ids import ObjectKey
from restow.planning.approval import Approval, judge_approval
from restow.planning.formulation import Usage
from restow.policies.packing_policy import Limits, Moving
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_budget, a_node, a_pod, a_snapshot, an_owner
from tests.support.plans import a_move, a_place, a_plan

POD = a_pod("a", node="n1", cpu_m=2000, owner=an_owner())
WANTED = a_pod("p", cpu_m=4000)
SNAPSHOT = a_snapshot([POD, WANTED], [a_node("n1"), a_node("n2")])
PLAN = a_plan(a_move(POD, "n2"), a_place(WANTED, "n1"))


def test_fresh_plan_waits_for_its_approval_and_then_begins() -> None:
    assert judge_approval(PLAN, SNAPSHOT, a_policy(), NOW, approved=False) == (Approval.WAIT, "")
    assert judge_approval(PLAN, SNAPSHOT, a_policy(), NOW, approved=True) == (Approval.BEGIN, "")


def test_approved_plan_whose_room_is_taken_is_replaced() -> None:
    stranger = a_pod("stranger", node="n2", cpu_m=3000)
    fresh = replace(SNAPSHOT, pods={**SNAPSHOT.pods, stranger.key: stranger})
    fate, reason = judge_approval(PLAN, fresh, a_policy(), NOW, approved=True)
    assert fate is Approval.REPLACE
    assert "default/a no longer fits on n2" in reason


def test_plan_whose_pending_pod_is_gone_is_replaced_even_before_it_is_approved() -> None:
    fresh = a_snapshot([POD], [a_node("n1"), a_node("n2")])
    fate, reason = judge_approval(PLAN, fresh, a_policy(), NOW, approved=False)
    assert (fate, reason) == (Approval.REPLACE, "Place of default/p: the pod is gone")


def test_plan_whose_budget_is_used_up_is_replaced() -> None:
    budget = a_budget("b", allowed=0)
    fresh = replace(SNAPSHOT, budgets={ObjectKey("default", "b"): budget})
    assert judge_approval(PLAN, fresh, a_policy(), NOW, approved=True)[0] is Approval.REPLACE


@pytest.mark.parametrize(
    ("usage", "limits", "what"),
    [
        (Usage(moves=1), Limits(moves_per_plan=1, moves_per_hour=1), "0 moves"),
        (Usage(moves_of_day=5), Limits(moves_per_plan=1, moves_per_day=5), "0 moves"),
        (Usage(), Limits(moves_per_plan=0), "0 moves"),
    ],
)
def test_plan_beyond_what_the_limits_have_left_is_replaced(
    usage: Usage, limits: Limits, what: str
) -> None:
    policy = a_policy(limits=limits)
    fate, reason = judge_approval(PLAN, SNAPSHOT, policy, NOW, approved=True, usage=usage)
    assert fate is Approval.REPLACE
    assert what in reason


def test_plan_whose_workload_was_moved_meanwhile_is_replaced() -> None:
    policy = a_policy(moving=Moving(single_replicas=True, workload_cooldown_seconds=600))
    assert POD.owner is not None
    usage = Usage(workloads=FrozenMap({str(POD.owner.uid): NOW}))
    fate, reason = judge_approval(PLAN, SNAPSHOT, policy, NOW, approved=True, usage=usage)
    assert fate is Approval.REPLACE
    assert "a pod of its workload was moved less than 600 s ago" in reason
