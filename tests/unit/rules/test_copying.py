"""What a live migration copies, and which would never end."""

from dataclasses import replace

import pytest

from restow.cluster.machines import KubeVirt
from restow.core.reasons import Reason
from restow.rules import copying, move_cost, wishes
from restow.rules.moving import machine as moving
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.objects import GIB, NOW, a_node, a_snapshot

MIB = 2**20
LIMITED = replace(KUBEVIRT, bandwidth=64 * MIB)


@pytest.mark.parametrize(
    ("rate", "kubevirt", "times"),
    [
        ("", LIMITED, 1),
        ("0", LIMITED, 1),
        ("32Mi", LIMITED, 2),
        ("48Mi", LIMITED, 4),
        ("48Mi", KUBEVIRT, 1),
        ("48Mi", None, 1),
        ("fast", LIMITED, 1),
        ("64Mi", LIMITED, 150 / 16 + 1),
        ("10Gi", LIMITED, 150 / 16 + 1),
    ],
)
def test_memory_is_copied_again_as_often_as_it_is_written_meanwhile(
    rate: str, kubevirt: KubeVirt | None, times: float
) -> None:
    machine = a_machine(dirty_rate=rate)
    assert copying.copied_bytes(8 * GIB, machine, kubevirt) == times * 8 * GIB


@pytest.mark.parametrize(
    ("rate", "kubevirt", "ends"),
    [
        ("", LIMITED, True),
        ("57Mi", LIMITED, True),
        ("58Mi", LIMITED, False),
        ("64Mi", LIMITED, False),
        ("10Gi", KUBEVIRT, True),
        ("10Gi", replace(LIMITED, forces_an_end=True), True),
        ("58Mi", replace(LIMITED, completion_s_per_gib=0), True),
        ("64Mi", replace(LIMITED, completion_s_per_gib=0), False),
        ("-1", LIMITED, True),
    ],
    ids=[
        "nothing said",
        "within its time",
        "not within its time",
        "as fast as it is copied",
        "no limit of bandwidth",
        "KubeVirt ends it",
        "any time will do",
        "no time will do",
        "unusable",
    ],
)
def test_a_migration_that_would_not_end_is_not_made(
    rate: str, kubevirt: KubeVirt, *, ends: bool
) -> None:
    machine = a_machine(dirty_rate=rate)
    pod = a_launcher(machine)
    snapshot = with_machines(a_snapshot([pod], [a_node("n")]), [machine], kubevirt=kubevirt)
    no = moving.refuse(pod, snapshot)
    assert (no is None) == ends
    if no is not None:
        assert no.reason is Reason.MACHINE_IMMOBILE
        assert rate in no.message
        assert "copies 64Mi" in no.message


def test_a_busy_machine_costs_more_and_never_more_than_the_most() -> None:
    def cost(rate: str, kubevirt: KubeVirt) -> int:
        machine = a_machine(dirty_rate=rate)
        pod = a_launcher(machine, memory_bytes=8 * GIB)
        snapshot = with_machines(a_snapshot([pod], [a_node("n")]), [machine], kubevirt=kubevirt)
        return move_cost.of(pod, snapshot, wishes.of(pod, snapshot), NOW, {})

    assert cost("32Mi", LIMITED) - cost("", LIMITED) == 200
    assert cost("32Mi", KUBEVIRT) == cost("", KUBEVIRT)
    endless = replace(LIMITED, completion_s_per_gib=0, forces_an_end=True)
    assert cost("64Mi", endless) == move_cost.ORDINARY * wishes.HIGHEST_MOVE_COST


@pytest.mark.parametrize("rate", ["fast", "-5Mi", "50 MB"])
def test_a_rate_that_cannot_be_used_is_complained_about_on_the_machine(rate: str) -> None:
    machine = a_machine("x/vm", dirty_rate=rate)
    snapshot = with_machines(a_snapshot((), ()), [machine])
    (complaint,) = wishes.unusable(snapshot)
    assert (complaint.kind, complaint.key) == ("VirtualMachineInstance", machine.key)
    assert (complaint.annotation, complaint.value) == ("restow.dev/dirty-rate", rate)
    assert "50Mi" in complaint.remedy
    fine = with_machines(a_snapshot((), ()), [replace(machine, dirty_rate="50Mi")])
    assert wishes.unusable(fine) == ()
