"""Pods that claim devices: what a plan counts on can be given out."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from restow.cluster.devices import DeviceConstraint, ResourceClaim, ResourceSlice
from restow.cluster.objects import Pod
from restow.cluster.pod_devices import PodClaim
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason
from restow.planning.progress import begin
from restow.planning.revalidate import misfits
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Moving
from tests.support.decisions import a_policy, decided, shown
from tests.support.devices import (
    DRIVER,
    a_claim,
    a_device,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
)
from tests.support.objects import NOW, a_node, a_pod, an_owner

pytestmark = pytest.mark.solver

MOVING: Policy = a_policy(moving=Moving(single_replicas=True, device_claims=True))


def gpus(node: str, count: int, model: str = "a") -> ResourceSlice:
    """A node's devices of a model, in a pool of their own."""
    made = (a_device(f"gpu-{n}", {"model": model}) for n in range(count))
    return a_slice(*made, node=node, pool=f"{node}-{model}")


def claimant(name: str, *, node: str | None = None, cpu_m: int = 100, priority: int = 0) -> Pod:
    """A pod whose claim is made for it; on a node it has a controller."""
    return a_pod(
        name,
        node=node,
        cpu_m=cpu_m,
        priority=priority,
        owner=an_owner() if node else None,
        claims=(PodClaim(name="gpus", claim=name, generated=True),),
    )


def claim(
    name: str,
    count: int = 1,
    *,
    model: str = "",
    held: str = "",
    constraints: Iterable[DeviceConstraint] = (),
) -> ResourceClaim:
    """The claim of `claimant(name)`; `held` is what it has on the node that begins its pool."""
    selectors = (f'device.attributes["{DRIVER}"].model == "{model}"',) if model else ()
    found = a_claim(name, a_wish(count, *selectors), pod=name, constraints=constraints)
    if not held:
        return found
    has = allocated(held, node=held[0])
    return replace(found, allocation=has, reserved_for=frozenset({a_pod(name).uid}))


def pieces(*, whole: int = 4) -> Snapshot:
    """Two nodes of 4 devices with a pod of one each; another asks for `whole` of one node."""
    return a_device_snapshot(
        gpus("a", 4),
        gpus("b", 4),
        pods=[*(claimant(f"web-{n}", node=n) for n in "ab"), claimant("trainer")],
        claims=[*(claim(f"web-{n}", held=f"{n}-a/gpu-0") for n in "ab"), claim("trainer", whole)],
    )


def test_device_holder_makes_room_for_whole_node_of_devices() -> None:
    decision = decided(pieces(), MOVING)
    assert sorted(line.split(" ")[1] for line in shown(decision)) == ["Move", "Place"]
    solve = decision.plan.solve
    assert (solve.disturbed.moves, solve.disturbed.bound, solve.disturbed.proven) == (1, 1, True)


def test_device_holders_stay_unless_the_policy_lets_them_go() -> None:
    decision = decided(pieces())
    assert shown(decision) == []
    (no,) = decision.plan.unplaced
    assert no.proven


def test_more_devices_than_a_node_has_are_proven_not_to_be_there() -> None:
    decision = decided(pieces(whole=5), MOVING)
    assert shown(decision) == []
    assert decision.plan.unplaced[0].proven


def one_of_each_model(choosy: str) -> Snapshot:
    """Devices a and b, in this order; a pod takes any, the one after it only the model `choosy`."""
    return a_device_snapshot(
        gpus("a", 1, "a"),
        gpus("a", 1, "b"),
        pods=[claimant("any"), claimant("choosy")],
        claims=[claim("any"), claim("choosy", model=choosy)],
    )


def test_wishes_that_the_first_device_leaves_open_are_all_met() -> None:
    decision = decided(one_of_each_model("b"), MOVING)
    assert sorted(shown(decision)) == ["0 Place any: - > a", "0 Place choosy: - > a"]


def test_plan_counts_on_no_better_choice_of_devices_than_kube_scheduler_makes() -> None:
    """Whoever takes any takes the first: both fit, but not in the order in which they come."""
    decision = decided(one_of_each_model("a"), MOVING)
    assert len(decision.plan.placed) == 1
    (left,) = decision.plan.unplaced
    assert (left.reason, left.proven) == (Reason.DEVICES_UNAVAILABLE, False)
    assert "takes the first devices that suit" in left.message
    assert not decision.plan.solve.tiers[0].proven


def test_constraint_that_the_free_devices_break_is_learned() -> None:
    """Two free devices of different models are no two of the same model."""
    same = (DeviceConstraint(match=f"{DRIVER}/model"),)
    snapshot = a_device_snapshot(
        gpus("a", 1, "a"),
        gpus("a", 1, "b"),
        gpus("b", 2, "c"),
        pods=[claimant("pair")],
        claims=[claim("pair", 2, constraints=same)],
    )
    assert shown(decided(snapshot, MOVING)) == ["0 Place pair: - > b"]


def parts(*wholes: str) -> tuple[ResourceSlice, ResourceSlice]:
    """Cards of two memory slices each on node a, as a whole or in halves, with shared counters."""
    cards = {each: {"memory": "2"} for each in wholes}
    devices = [
        a_device(f"{card}-{part}", consumes={card: {"memory": amount}})
        for card in wholes
        for part, amount in (("half-0", "1"), ("half-1", "1"), ("whole", "2"))
    ]
    return (
        a_slice(node="a", pool="p", name="counters", counters=cards, slice_count=2),
        a_slice(*devices, node="a", pool="p", name="devices", slice_count=2),
    )


def test_shared_counters_let_no_more_parts_be_planned_than_there_are() -> None:
    """Six free devices by name, but two cards have no more than four halves."""
    pods = [claimant(f"p{n}") for n in range(6)]
    snapshot = a_device_snapshot(
        *parts("x", "y"), pods=pods, claims=[claim(f"p{n}") for n in range(6)]
    )
    decision = decided(snapshot, MOVING)
    assert len(decision.plan.placed) == 4
    assert all(no.proven for no in decision.plan.unplaced)


def test_devices_that_all_nodes_reach_are_given_out_once() -> None:
    pods = [claimant(f"p{n}", cpu_m=3000) for n in range(3)]
    snapshot = a_device_snapshot(
        a_slice("one", "two"),
        nodes=("a", "b", "c"),
        pods=pods,
        claims=[claim(f"p{n}") for n in range(3)],
    )
    decision = decided(snapshot, MOVING)
    assert len(decision.plan.placed) == 2
    assert not decision.plan.unplaced[0].proven


def test_pod_with_devices_is_never_left_without_a_place_for_a_higher_one() -> None:
    snapshot = a_device_snapshot(
        gpus("a", 1),
        pods=[claimant("low", node="a"), claimant("high", priority=10)],
        claims=[claim("low", held="a-a/gpu-0"), claim("high")],
    )
    assert shown(decided(snapshot, MOVING)) == []


def test_room_for_cpu_is_made_on_the_node_that_has_the_devices() -> None:
    snapshot = a_device_snapshot(
        gpus("a", 1),
        nodes=[a_node("a"), a_node("b")],
        pods=[a_pod("web", node="a", cpu_m=2000, owner=an_owner()), claimant("p", cpu_m=3000)],
        claims=[claim("p")],
    )
    assert sorted(shown(decided(snapshot))) == ["0 Move web: a > b", "0 Place p: - > a"]


def test_claim_that_a_gone_pod_left_behind_does_not_make_a_plan_stale() -> None:
    """Its controller deletes it some time after the pod; until then it holds the devices."""
    before = pieces()
    plan = decided(before, MOVING).plan
    (gone,) = (step.pod.key for step in plan.steps if step.source is not None)
    after = replace(before, pods={key: pod for key, pod in before.pods.items() if key != gone})
    assert [text for _, text in misfits(plan, begin(plan, NOW), after)] == []


@pytest.mark.parametrize("spoilt", ["a", "b"])
def test_what_one_node_can_never_serve_proves_nothing_of_another_one(spoilt: str) -> None:
    """On one node a card runs out; on the other, who takes any takes one of the pair's."""
    card = "b" if spoilt == "a" else "a"
    models = {"gpu-0": "x", "gpu-1": "x", "gpu-2": "y"}
    drawing = [
        a_device(name, {"model": model}, consumes={"card": {"memory": "1"}})
        for name, model in models.items()
    ]
    same = (DeviceConstraint(match=f"{DRIVER}/model"),)
    snapshot = a_device_snapshot(
        a_slice(*(a_device(n, {"model": m}) for n, m in models.items()), node=spoilt),
        a_slice(node=card, name="card", counters={"card": {"memory": "2"}}, slice_count=2),
        a_slice(*drawing, node=card, slice_count=2),
        nodes=[a_node(spoilt, cpu_m=250), a_node(card)],  # two pods of 100m, and no third
        pods=[*(claimant(f"any-{n}") for n in range(3)), claimant("pair")],
        claims=[*(claim(f"any-{n}") for n in range(3)), claim("pair", 2, constraints=same)],
    )
    decision = decided(snapshot, MOVING)
    assert len(decision.plan.placed) == 3
    assert not decision.plan.unplaced[0].proven
