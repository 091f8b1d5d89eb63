"""What a live migration copies, and which would never end."""

import math
from dataclasses import replace

import pytest

from restow.cluster.machines import KubeVirt, MigrationPolicy, MigrationTerms
from restow.core.frozen import Labels
from restow.core.reasons import Reason
from restow.rules import copying, move_cost, wishes
from restow.rules.moving import machine as moving
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.objects import GIB, NOW, a_node, a_snapshot

MIB = 2**20
GB = 10**9
LIMITED = MigrationTerms(bandwidth=64 * MIB)
HELPED = replace(LIMITED, post_copy=True, disruption=True)


def with_terms(terms: MigrationTerms) -> KubeVirt:
    return replace(KUBEVIRT, terms=terms)


@pytest.mark.parametrize(
    ("rate", "terms", "times"),
    [
        ("", LIMITED, 1),
        ("0", LIMITED, 1),
        ("32Mi", LIMITED, 2),
        ("48Mi", LIMITED, 4),
        ("48Mi", MigrationTerms(), 1),
        ("fast", LIMITED, 1),
        ("64Mi", LIMITED, 150 * 64 * MIB / GB + 1),
        ("10Gi", LIMITED, 150 * 64 * MIB / GB + 1),
    ],
)
def test_memory_is_copied_again_as_often_as_it_is_written_meanwhile(
    rate: str, terms: MigrationTerms, times: float
) -> None:
    machine = a_machine(dirty_rate=rate)
    assert copying.copied_bytes(8 * GB, machine, terms) == pytest.approx(times * 8 * GB)


def test_time_is_given_for_each_gb_and_begun_ones_count_in_full() -> None:
    assert copying.limit_s(0, MigrationTerms()) == 150
    assert copying.limit_s(2 * GB, MigrationTerms()) == 300
    assert copying.limit_s(2 * GIB, MigrationTerms()) == 450, "2.15 GB"
    assert math.isinf(copying.limit_s(GB, MigrationTerms(completion_s_per_gib=0)))


def test_a_migration_is_waited_for_as_long_as_kubevirt_gives_it() -> None:
    slow = MigrationTerms(completion_s_per_gib=800)
    assert copying.patience_s(2 * GB, slow) == 1600
    assert copying.patience_s(2 * GB, replace(slow, disruption=True)) == 3200, "paused, once more"
    endless = replace(slow, completion_s_per_gib=0)
    assert copying.patience_s(2 * GB, endless) == 300, "as by default"


@pytest.mark.parametrize(
    ("rate", "terms", "why"),
    [
        ("", LIMITED, None),
        ("57Mi", LIMITED, None),
        ("58Mi", LIMITED, "within 150 s for each GB, and KubeVirt allows neither"),
        ("64Mi", LIMITED, "within 150 s for each GB, and KubeVirt allows neither"),
        ("10Gi", MigrationTerms(), None),
        ("10Gi", HELPED, None),
        ("10Gi", replace(LIMITED, post_copy=True), "allows neither"),
        ("10Gi", replace(LIMITED, disruption=True), None),
        ("10Gi", replace(LIMITED, bandwidth=6 * MIB, disruption=True), "a pause is too short"),
        ("10Gi", replace(HELPED, bandwidth=6 * MIB), None),
        ("10Gi", replace(HELPED, completion_s_per_gib=0), "without completionTimeoutPerGiB"),
        ("5Gi", replace(LIMITED, auto_converge=True), None),
        ("10Gi", replace(LIMITED, auto_converge=True), "a hundredth at most"),
        ("58Mi", replace(LIMITED, completion_s_per_gib=0), None),
        ("64Mi", replace(LIMITED, completion_s_per_gib=0), "would not end, and KubeVirt"),
        ("-1", LIMITED, None),
    ],
    ids=[
        "nothing said",
        "within its time",
        "not within its time",
        "as fast as it is copied",
        "no limit of bandwidth",
        "post-copy",
        "post-copy that may not disturb it",
        "a pause",
        "a pause that is not enough",
        "post-copy, however slow",
        "help that never comes",
        "slowed down enough",
        "slowed down, and still too fast",
        "any time will do",
        "no time will do",
        "unusable",
    ],
)
def test_a_migration_that_would_not_end_is_not_made(
    rate: str, terms: MigrationTerms, why: str | None
) -> None:
    machine = a_machine(dirty_rate=rate, memory_bytes=GB)
    pod = a_launcher(machine)
    node = a_node("n")
    snapshot = with_machines(a_snapshot([pod], [node]), [machine], kubevirt=with_terms(terms))
    no = moving.refuse(pod, snapshot)
    assert (no is None) == (why is None)
    if no is not None and why is not None:
        assert no.reason is Reason.MACHINE_IMMOBILE
        assert rate in no.message
        assert f"copies {terms.bandwidth // MIB}Mi" in no.message
        assert why in no.message


def test_a_migration_policy_decides_for_its_machines_and_is_named() -> None:
    slow = MigrationPolicy(name="slow", machines=Labels({"size": "large"}), bandwidth=32 * MIB)
    cases = {"large": "copies 32Mi by MigrationPolicy slow", "small": ""}
    for size, said in cases.items():
        machine = a_machine(labels={"size": size}, dirty_rate="40Mi", memory_bytes=GB)
        pod = a_launcher(machine)
        snapshot = with_machines(
            a_snapshot([pod], [a_node("n")]),
            [machine],
            kubevirt=with_terms(LIMITED),
            policies=[slow],
        )
        no = moving.refuse(pod, snapshot)
        assert (no is not None) == bool(said)
        assert no is None or said in no.message


def test_a_busy_machine_costs_more_and_never_more_than_the_most() -> None:
    def cost(rate: str, terms: MigrationTerms, *policies: MigrationPolicy) -> int:
        machine = a_machine(dirty_rate=rate)
        pod = a_launcher(machine, memory_bytes=8 * GIB)
        snapshot = with_machines(
            a_snapshot([pod], [a_node("n")]),
            [machine],
            kubevirt=with_terms(terms),
            policies=policies,
        )
        return move_cost.of(pod, snapshot, wishes.of(pod, snapshot), NOW, {})

    assert cost("32Mi", LIMITED) - cost("", LIMITED) == 200
    assert cost("32Mi", MigrationTerms()) == cost("", MigrationTerms())
    wider = MigrationPolicy(name="wider", bandwidth=160 * MIB)
    assert cost("32Mi", LIMITED, wider) - cost("", LIMITED) == 50, "a quarter more is copied"
    endless = replace(HELPED, completion_s_per_gib=0)
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


@pytest.mark.parametrize(
    ("annotated", "counts"),
    [("", 60 * MIB), ("20Mi", 20 * MIB), ("0", 0), ("fast", 60 * MIB)],
    ids=["measured alone", "said", "said to be nothing", "said in vain"],
)
def test_what_is_said_of_a_machine_counts_before_what_was_measured(
    annotated: str, counts: int
) -> None:
    machine = replace(a_machine(dirty_rate=annotated, memory_bytes=GB), measured_rate=60 * MIB)
    sent = copying.copied_bytes(GB, machine, MigrationTerms(bandwidth=120 * MIB))
    assert sent == pytest.approx(GB * 120 * MIB / (120 * MIB - counts))
    endless = copying.why_endless(machine, MigrationTerms(bandwidth=60 * MIB))
    assert (endless is not None) == (counts == 60 * MIB)
    assert endless is None or "60Mi of memory a second (measured)" in endless
