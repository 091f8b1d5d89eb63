"""What one migration costs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restow.cluster.objects import Pod, Workload
from restow.core.frozen import Amounts
from restow.rules import move_cost, wishes
from restow.rules.move_cost import GIB, ORDINARY
from tests.support.machines import a_machine, machine_owner
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, a_workload

MANY = a_workload(name="many", replicas=100)
DELETION = move_cost.DELETION_COST


def a_fresh_pod(
    *,
    age: timedelta = timedelta(0),
    owner: Workload = MANY,
    images: tuple[str, ...] = (),
    **fields: Any,
) -> Pod:
    pod = a_pod("p", node="n", owner=owner, **fields)
    return replace(pod, started_at=NOW - age, images=images)


def cost(pod: Pod, *workloads: Workload) -> int:
    snapshot = a_snapshot([pod], workloads=workloads or (MANY,))
    return move_cost.of(pod, snapshot, wishes.of(pod, snapshot), NOW, {"big:1": 3 * GIB})


def test_a_new_pod_of_many_is_an_ordinary_move() -> None:
    assert cost(a_fresh_pod()) == ORDINARY + 1


@pytest.mark.parametrize("asked", ["0", "1", "7", "1000"])
def test_who_says_what_a_move_costs_has_the_last_word(asked: str) -> None:
    pod = a_fresh_pod(
        age=timedelta(days=9), annotations={"restow.dev/move-cost": asked, DELETION: "2147483647"}
    )
    assert cost(pod) == int(asked) * ORDINARY


@pytest.mark.parametrize(
    ("cheap", "dear"),
    [
        ({}, {"age": timedelta(hours=1)}),
        ({"age": timedelta(hours=1)}, {"age": timedelta(days=10)}),
        ({}, {"priority": 10_000_000}),
        ({"annotations": {DELETION: "-100000000"}}, {}),
        ({}, {"annotations": {DELETION: "100000000"}}),
        ({}, {"annotations": {"descheduler.alpha.kubernetes.io/prefer-no-eviction": ""}}),
        ({"images": ("small:1",)}, {"images": ("big:1", "small:1")}),
        ({}, {"owner": a_workload(name="few", replicas=2)}),
    ],
    ids=[
        "young",
        "days",
        "priority",
        "given-up",
        "kept",
        "reluctant",
        "images",
        "few-replicas",
    ],
)
def test_what_makes_a_move_dear(cheap: dict[str, Any], dear: dict[str, Any]) -> None:
    few = a_workload(name="few", replicas=2)
    assert cost(a_fresh_pod(**cheap), MANY, few) < cost(a_fresh_pod(**dear), MANY, few)


def test_a_reluctant_pod_costs_ten_as_in_packing() -> None:
    pod = a_fresh_pod(annotations={"descheduler.alpha.kubernetes.io/prefer-no-eviction": ""})
    assert cost(pod) == 10 * ORDINARY + 1


def test_age_counts_no_more_than_an_ordinary_move() -> None:
    assert cost(a_fresh_pod(age=timedelta(days=4000))) == 2 * ORDINARY + 1


def test_no_move_pays_for_itself() -> None:
    assert cost(a_fresh_pod(annotations={DELETION: "-2147483648"})) == 0


@pytest.mark.parametrize("text", ["", "much", "1.5", "2147483648", "99999999999"])
def test_a_deletion_cost_that_upstream_would_not_read_counts_nothing(text: str) -> None:
    assert cost(a_fresh_pod(annotations={DELETION: text})) == cost(a_fresh_pod())


def test_a_pod_of_an_unknown_owner_counts_as_the_only_one() -> None:
    assert cost(a_fresh_pod(owner=a_workload(name="gone")), MANY) == 2 * ORDINARY


def test_an_image_is_pulled_where_it_is_not_yet() -> None:
    nodes = [
        replace(a_node(f"n{n}"), images=Amounts({"everywhere:1": GIB, **more}))
        for n, more in enumerate([{"once:1": 4 * GIB}, {}, {}, {}])
    ]
    assert move_cost.pulls(nodes) == {"everywhere:1": 0, "once:1": 3 * GIB}


def test_memory_of_a_virtual_machine_has_to_be_copied_and_that_of_a_pod_has_not() -> None:
    small, large = (a_fresh_pod(memory_bytes=size * GIB) for size in (1, 64))
    machine = machine_owner(a_machine())
    assert cost(small) == cost(large)
    assert cost(replace(large, owner=machine)) - cost(replace(small, owner=machine)) == 1575
