"""What a new operator undoes, and what it goes on with."""

from dataclasses import replace

import pytest

from restow.core.marks import GATE, PLAN
from restow.planning.acts import Disarm, Release, Withdraw
from restow.planning.progress import Gate, begin
from restow.planning.recovery import disarming, orphans, resumed
from tests.support.objects import NOW, a_pod, a_snapshot
from tests.support.plans import a_plan


def test_mark_without_a_live_plan_is_withdrawn_and_its_gate_released_first() -> None:
    pod = a_pod("a", annotations={PLAN: "dead"}, gates=(GATE,))
    assert orphans(a_snapshot([pod]), ["live"]) == (Release(pod=pod.ref), Withdraw(pod=pod.ref))


def test_mark_of_a_live_plan_stays() -> None:
    pod = a_pod("a", annotations={PLAN: "live"}, gates=(GATE,))
    assert orphans(a_snapshot([pod]), ["live"]) == ()


def test_gate_of_ours_without_a_mark_is_released() -> None:
    pod = a_pod("a", gates=(GATE,))
    assert orphans(a_snapshot([pod]), ()) == (Release(pod=pod.ref),)


def test_gates_and_nominations_of_others_are_left_alone() -> None:
    gated = a_pod("a", gates=("kueue.x-k8s.io/admission",))
    nominated = a_pod("b", nominated_node="n1")
    assert orphans(a_snapshot([gated, nominated]), ()) == ()


def test_gate_is_taken_down_only_when_no_plan_is_live() -> None:
    assert disarming(()) == (Disarm(plan=""),)
    assert disarming(["live"]) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Gate.OFF, Gate.OFF),
        (Gate.ABSENT, Gate.ABSENT),
        (Gate.ARMED, Gate.ARMED),
        (Gate.PROVEN, Gate.ARMED),
    ],
)
def test_proof_of_the_gate_is_not_taken_over(before: Gate, after: Gate) -> None:
    progress = replace(begin(a_plan(), NOW), gate=before)
    assert resumed(progress).gate is after
