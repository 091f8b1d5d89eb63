"""Which devices a pod gets, as kube-scheduler's allocator gives them.

After `TestAllocator` in k8s.io/dynamic-resource-allocation v0.37.2,
structured/internal/allocatortesting/allocator_testing.go.
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from restow.cluster.devices import (
    DeviceConstraint,
    DeviceTaint,
    DeviceTaintRule,
    DeviceToleration,
    ResourceClaim,
    ResourceSlice,
)
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules.devices.demand import Demand
from restow.rules.devices.ledger import Ledger
from tests.support.devices import (
    DRIVER,
    a_claim,
    a_class,
    a_device,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
    claiming,
    quantities,
    reach,
)

OWN = f'device.attributes["{DRIVER}"]'
SICK = DeviceTaint(key="sick", value="yes", effect="NoSchedule")
MATCH = DeviceConstraint(match=f"{DRIVER}/numa")
DISTINCT = DeviceConstraint(distinct=f"{DRIVER}/numa")


def given(
    claims: Iterable[ResourceClaim],
    *slices: ResourceSlice,
    node: str = "a",
    others: Iterable[ResourceClaim] = (),
    rules: Iterable[DeviceTaintRule] = (),
) -> list[str] | str:
    """The devices given to the claims together, in order, or why there are none."""
    claims = tuple(claims)
    pod = claiming("pod", *(each.key.name for each in claims))
    snapshot = a_device_snapshot(
        *slices,
        claims=(*claims, *others),
        classes=(a_class(), a_class("fast", f"{OWN}.?fast.orValue(false)")),
        rules=rules,
        pods=[pod],
    )
    demand = Demand.of(pod, Ledger(snapshot))
    assert isinstance(demand, Demand)
    answer = demand.on(snapshot.nodes[NodeName(node)])
    if isinstance(answer, Refusal):
        return answer.upstream[0] if answer.upstream else answer.message
    return [f"{d.pool}/{d.device}" for _, found in answer for d in found.devices]


NONE = "cannot allocate all claims"


def test_devices_are_given_in_the_order_of_pools_slices_and_devices() -> None:
    slices = (
        a_slice("z", pool="p2", name="1"),
        a_slice("y", "x", pool="p1", name="3", slice_count=2),
        a_slice("w", pool="p1", name="2", slice_count=2),
    )
    assert given([a_claim("c", a_wish(4))], *slices) == ["p1/w", "p1/y", "p1/x", "p2/z"]


def test_pools_with_binding_conditions_come_last() -> None:
    slices = (a_slice(a_device("x", conditional=True), pool="p1"), a_slice("y", pool="p2"))
    assert given([a_claim("c", a_wish(2))], *slices) == ["p2/y", "p1/x"]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, ["pool-a/x"]), (2, ["pool-a/x", "pool-a/y"]), (3, NONE)]
)
def test_a_request_gets_as_many_devices_as_it_counts(count: int, expected: list[str] | str) -> None:
    assert given([a_claim("c", a_wish(count))], a_slice("x", "y", node="a")) == expected


def test_a_node_gets_no_devices_of_another() -> None:
    assert given([a_claim("c")], a_slice("x", node="b")) == NONE


def test_devices_of_allocated_claims_are_taken() -> None:
    other = a_claim("other", allocation=allocated("pool-a/x"))
    assert given([a_claim("c")], a_slice("x", "y", node="a"), others=[other]) == ["pool-a/y"]
    assert given([a_claim("c", a_wish(2))], a_slice("x", "y", node="a"), others=[other]) == NONE


def test_claims_of_a_pod_share_no_device() -> None:
    claims = [a_claim("c1"), a_claim("c2")]
    assert given(claims, a_slice("x", "y", node="a")) == ["pool-a/x", "pool-a/y"]
    assert given(claims, a_slice("x", node="a")) == NONE


def test_class_and_request_both_select() -> None:
    found = a_slice(
        a_device("x", {"fast": True, "cores": 4}),
        a_device("y", {"cores": 8}),
        a_device("z", {"fast": True, "cores": 8}),
        node="a",
    )
    wish = a_wish(1, f"{OWN}.cores > 4", device_class="fast")
    assert given([a_claim("c", wish)], found) == ["pool-a/z"]


def test_an_earlier_request_gives_way_when_only_that_helps_a_later_one() -> None:
    found = a_slice(a_device("x", {"fast": True}), a_device("y"), node="a")
    requests = (a_wish(), a_wish(device_class="fast"))
    assert given([a_claim("c", *requests)], found) == ["pool-a/y", "pool-a/x"]


def test_an_earlier_claim_gives_way_as_well() -> None:
    found = a_slice(a_device("x", {"fast": True}), a_device("y"), node="a")
    claims = [a_claim("c1"), a_claim("c2", a_wish(device_class="fast"))]
    assert given(claims, found) == ["pool-a/y", "pool-a/x"]


def test_a_failing_selector_ends_the_attempt_unless_the_search_ends_before() -> None:
    found = a_slice(a_device("x", {"model": "a"}), a_device("y"), node="a")
    wish = a_wish(1, f'{OWN}.model == "a"')
    assert given([a_claim("c", wish)], found) == ["pool-a/x"]
    answer = given([a_claim("c", replace(wish, count=2))], found)
    assert answer == (
        'running "DynamicResources" filter plugin: claim default/c: selector #0 on device '
        f"{DRIVER}/pool-a/y: CEL runtime error: no such key: model. consider using CEL optional "
        "chaining (.? followed by orValue()) or guarding the check with has() for optional fields"
    )


def test_a_selector_that_cannot_be_read_is_no_yes_and_no_no() -> None:
    answer = given([a_claim("c", a_wish(1, "[1].sum() == 1"))], a_slice("x", node="a"))
    assert isinstance(answer, str)
    assert answer.startswith("restow cannot tell: claim default/c: selector #0 cannot be read")


ALL = replace(a_wish(), mode="All")


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        (
            (a_slice("x", "y", node="a"), a_slice("z", pool="wide")),
            ["pool-a/x", "pool-a/y", "wide/z"],
        ),
        ((a_slice("z", node="b"),), NONE),
        (
            (a_slice("x", node="a", slice_count=2),),
            'running "DynamicResources" filter plugin: claim default/c, request r0: asks for all '
            f"devices, but resource pool {DRIVER}/pool-a is currently being updated",
        ),
        (
            (a_slice("x", "x", node="a"),),
            'running "DynamicResources" filter plugin: claim default/c, request r0: asks for all '
            f"devices, but resource pool {DRIVER}/pool-a is currently invalid",
        ),
    ],
)
def test_all_devices_are_those_of_whole_pools(
    slices: tuple[ResourceSlice, ...], expected: list[str] | str
) -> None:
    assert given([a_claim("c", ALL)], *slices) == expected


def test_all_devices_means_also_those_in_use() -> None:
    other = a_claim("other", allocation=allocated("pool-a/x"))
    assert given([a_claim("c", ALL)], a_slice("x", "y", node="a"), others=[other]) == NONE


def test_all_devices_that_break_a_constraint_end_the_attempt() -> None:
    found = a_slice(a_device("x", {"numa": 0}), a_device("y", {"numa": 1}), node="a")
    answer = given([a_claim("c", ALL, constraints=[MATCH])], found)
    assert answer == (
        'running "DynamicResources" filter plugin: claim default/c, request r0: cannot add device '
        f"{DRIVER}/pool-a/y because a claim constraint would not be satisfied"
    )


def test_the_first_alternative_that_works_is_taken() -> None:
    found = a_slice(a_device("x", {"fast": True}), a_device("y"), node="a")
    fast, many = a_wish(2, device_class="fast"), a_wish(2)
    assert given([a_claim("c", (fast, many))], found) == ["pool-a/x", "pool-a/y"]
    assert given([a_claim("c", (a_wish(3), a_wish(4)))], found) == NONE


def test_an_alternative_gives_way_to_what_follows() -> None:
    claim = a_claim("c", (a_wish(2), a_wish(1)), a_wish())
    assert given([claim], a_slice("x", "y", node="a")) == ["pool-a/x", "pool-a/y"]


def test_an_alternative_beyond_the_limit_of_a_claim_is_passed_over() -> None:
    found = a_slice(*(f"d{number:02}" for number in range(40)), node="a")
    answer = given([a_claim("c", (a_wish(33), a_wish(1)), a_wish(31))], found)
    assert isinstance(answer, list)
    assert len(answer) == 32
    assert given([a_claim("c", (a_wish(33), a_wish(2)), a_wish(31))], found) == (
        'running "DynamicResources" filter plugin: claim default/c, request r1: adding 31 devices '
        "exceeds the claim limit of 32, with 2 already accounted for"
    )


@pytest.mark.parametrize(
    ("constraint", "numa", "expected"),
    [
        (MATCH, (0, 1, 0), ["pool-a/d0", "pool-a/d2"]),
        (MATCH, (0, 1, 1), ["pool-a/d1", "pool-a/d2"]),
        (MATCH, (0, 1, 2), NONE),
        (MATCH, (0, None, None), NONE),
        (DISTINCT, (0, 0, 1), ["pool-a/d0", "pool-a/d2"]),
        (DISTINCT, (0, 0, 0), NONE),
        (DISTINCT, (0, None, 1), ["pool-a/d0", "pool-a/d2"]),
        (replace(MATCH, requests=frozenset({"r9"})), (0, 1, 2), ["pool-a/d0", "pool-a/d1"]),
        (DeviceConstraint(match="other.example.com/numa"), (0, 0, 0), NONE),
    ],
)
def test_constraints(
    constraint: DeviceConstraint, numa: tuple[int | None, ...], expected: list[str] | str
) -> None:
    devices = [
        a_device(f"d{place}", {} if each is None else {"numa": each})
        for place, each in enumerate(numa)
    ]
    claim = a_claim("c", a_wish(2), constraints=[constraint])
    assert given([claim], a_slice(*devices, node="a")) == expected


def test_values_of_different_kinds_do_not_match() -> None:
    found = a_slice(a_device("x", {"numa": 1}), a_device("y", {"numa": True}), node="a")
    assert given([a_claim("c", a_wish(2), constraints=[MATCH])], found) == NONE
    assert given([a_claim("c", a_wish(2), constraints=[DISTINCT])], found) != NONE


def test_a_constraint_may_be_about_one_alternative() -> None:
    found = a_slice(a_device("x", {"numa": 0}), a_device("y", {"numa": 1}), node="a")
    one = replace(MATCH, requests=frozenset({"r0/s0", "r1"}))
    claim = a_claim("c", (a_wish(), a_wish()), a_wish(), constraints=[one])
    assert given([claim], found) == ["pool-a/x", "pool-a/y"]


@pytest.mark.parametrize(
    ("taint", "toleration", "taken"),
    [
        (SICK, None, False),
        (replace(SICK, effect="NoExecute"), None, False),
        (replace(SICK, effect="None"), None, True),
        (SICK, DeviceToleration(operator="Exists"), True),
        (SICK, DeviceToleration(key="sick", value="yes"), True),
        (SICK, DeviceToleration(key="sick", value="no"), False),
        (SICK, DeviceToleration(key="sick", operator="Exists", effect="NoExecute"), False),
        (SICK, DeviceToleration(key="sick", operator="Other"), False),
    ],
)
def test_taints(taint: DeviceTaint, toleration: DeviceToleration | None, taken: bool) -> None:
    wish = replace(a_wish(), tolerations=() if toleration is None else (toleration,))
    found = a_slice(a_device("x", taints=(taint,)), node="a")
    assert (given([a_claim("c", wish)], found) == ["pool-a/x"]) is taken


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (DeviceTaintRule(name="r", taint=SICK), NONE),
        (DeviceTaintRule(name="r", taint=SICK, device="x"), ["pool-a/y"]),
        (DeviceTaintRule(name="r", taint=SICK, pool="other"), ["pool-a/x"]),
        (DeviceTaintRule(name="r", taint=SICK, driver="other"), ["pool-a/x"]),
        (DeviceTaintRule(name="r", taint=SICK, selects=False), ["pool-a/x"]),
    ],
)
def test_taint_rules(rule: DeviceTaintRule, expected: list[str] | str) -> None:
    assert given([a_claim("c")], a_slice("x", "y", node="a"), rules=[rule]) == expected


def test_admin_access_takes_devices_in_use_but_each_once() -> None:
    other = a_claim("other", allocation=allocated("pool-a/x"))
    admin = replace(a_wish(), admin=True)
    found = a_slice("x", node="a")
    assert given([a_claim("c", admin)], found, others=[other]) == ["pool-a/x"]
    assert given([a_claim("c", replace(admin, count=2))], found) == NONE


def partitioned(*slots: str, total: str = "4") -> tuple[ResourceSlice, ...]:
    """A pool of devices `d0`, … that draw on one counter."""
    devices = [
        a_device(f"d{place}", consumes={"set": {"slots": each}}) for place, each in enumerate(slots)
    ]
    shared = {"set": {"slots": total}}
    return (
        a_slice(*devices, node="a", name="1", slice_count=2),
        a_slice(node="a", name="2", slice_count=2, counters=shared),
    )


def test_partitions_of_a_device_share_its_counters() -> None:
    found = partitioned("4", "2", "2", "1")
    assert given([a_claim("c")], *found) == ["pool-a/d0"]
    assert given([a_claim("c", a_wish(2))], *found) == ["pool-a/d1", "pool-a/d2"]
    assert given([a_claim("c", a_wish(3))], *found) == NONE
    other = a_claim("other", allocation=allocated("pool-a/d1"))
    assert given([a_claim("c")], *found, others=[other]) == ["pool-a/d2"]


def test_dead_end_is_one_only_with_as_much_left_of_the_counters() -> None:
    """After the large part none is left for the second request; after the small one there is."""
    parts = [
        a_device("large", attributes={"size": "x"}, consumes={"set": {"slots": "2"}}),
        a_device("small", attributes={"size": "x"}, consumes={"set": {"slots": "1"}}),
        a_device("other", attributes={"size": "y"}, consumes={"set": {"slots": "2"}}),
    ]
    slices = (
        a_slice(*parts, node="a", name="1", slice_count=2),
        a_slice(node="a", name="2", slice_count=2, counters={"set": {"slots": "3"}}),
    )
    claim = a_claim("c", *(a_wish(1, f'{OWN}.size == "{size}"') for size in ("x", "y")))
    assert given([claim], *slices) == ["pool-a/small", "pool-a/other"]


def test_counters_that_are_not_there_make_a_pool_invalid() -> None:
    devices = a_slice(a_device("x", consumes={"other": {"slots": "1"}}), node="a", slice_count=2)
    counters = a_slice(node="a", name="2", slice_count=2, counters={"set": {"slots": "1"}})
    assert given([a_claim("c")], devices, counters) == "invalid resource pools were encountered"


def test_a_device_that_may_be_shared_is_given_while_its_capacity_lasts() -> None:
    found = a_slice(a_device("x", capacity={"memory": "10"}, shared=True), node="a")
    wish = replace(a_wish(), capacity=quantities(memory="4"))
    assert given([a_claim("c", replace(wish, count=1), wish)], found) == ["pool-a/x", "pool-a/x"]
    assert given([a_claim("c", wish, wish, wish)], found) == NONE
    assert given([a_claim("c", replace(wish, count=2))], found) == NONE  # each device once
    assert given([a_claim("c", a_wish(), wish)], found) == NONE  # without a wish it takes all


def test_shares_that_others_hold_count() -> None:
    found = a_slice(a_device("x", capacity={"memory": "10"}, shared=True), node="a")
    held = allocated("pool-a/x")
    share = replace(held.devices[0], share="s", consumed=quantities(memory="7"))
    other = a_claim("other", allocation=replace(held, devices=(share,)))
    for amount, expected in (("3", ["pool-a/x"]), ("4", NONE)):
        wish = replace(a_wish(), capacity=quantities(memory=amount))
        assert given([a_claim("c", wish)], found, others=[other]) == expected


def test_a_device_that_is_not_shared_must_have_the_capacity() -> None:
    found = a_slice(a_device("x", capacity={"memory": "10"}), a_device("y"), node="a")
    wish = replace(a_wish(), capacity=quantities(memory="10"))
    assert given([a_claim("c", wish)], found) == ["pool-a/x"]
    assert given([a_claim("c", replace(wish, count=2))], found) == NONE


def test_a_node_reaches_single_devices_of_a_slice() -> None:
    here, there = reach(node="a"), reach(zone="b")
    found = a_slice(
        a_device("x", reach=there), a_device("y", reach=here), pool="p", per_device=True
    )
    found = replace(found, reach=replace(found.reach, all=False))
    assert given([a_claim("c")], found) == ["p/y"]
    assert given([a_claim("c")], found, node="b") == ["p/x"]


def test_old_generations_are_void() -> None:
    old, new = a_slice("x", node="a", name="1"), a_slice("y", node="a", name="2", generation=2)
    assert given([a_claim("c", a_wish())], old, new) == ["pool-a/y"]
    moved = a_slice("y", node="b", pool="pool-a", name="2", generation=2, slice_count=2)
    assert given([a_claim("c")], replace(old, slice_count=2), moved) == NONE


def test_an_incomplete_pool_gives_nothing() -> None:
    assert given([a_claim("c")], a_slice("x", node="a", slice_count=2)) == NONE
    grouped = a_slice("y", node="a", name="2", slice_count=2, grouped=True)
    assert given([a_claim("c")], a_slice("x", node="a", slice_count=2), grouped) == NONE


def test_a_pool_is_whole_when_its_other_slices_are_on_other_nodes() -> None:
    here = a_slice("x", node="a", pool="p", name="1", slice_count=2)
    there = a_slice("y", node="b", pool="p", name="2", slice_count=2)
    assert given([a_claim("c")], here, there) == ["p/x"]


def test_what_the_devices_of_earlier_requests_agree_in_decides_about_later_ones() -> None:
    found = a_slice(
        a_device("x0", {"numa": 0}),
        a_device("x1", {"numa": 1}),
        a_device("y1", {"numa": 1, "fast": True}),
        node="a",
    )
    slow = a_wish(1, f"!{OWN}.?fast.orValue(false)")
    claim = a_claim("c", slow, a_wish(device_class="fast"), constraints=[MATCH])
    assert given([claim], found) == ["pool-a/x1", "pool-a/y1"]


def test_an_error_is_not_lost_although_there_are_too_few_devices_in_any_case() -> None:
    """Upstream comes to it only when the first device has been given back."""
    found = a_slice(
        a_device("f0", {"numa": 0, "fast": True}),
        a_device("f1", {"numa": 1, "fast": True}),
        "d0",
        node="a",
    )
    every = a_wish(mode="All", device_class="fast")
    claims = [a_claim("c"), a_claim("d", every, constraints=[MATCH]), a_claim("e")]
    assert "cannot add device" in given(claims, found)


def test_an_error_is_not_lost_although_the_devices_are_alike() -> None:
    found = a_slice(
        a_device("d0", {"numa": 0}),
        a_device("d1", {"numa": 1}),
        a_device("d2", {"numa": 0}),
        node="a",
    )
    every = a_claim("d", a_wish(mode="All"), constraints=[MATCH])
    assert "cannot add device" in given([a_claim("c"), every], found)


def test_devices_that_may_be_shared_are_never_too_few_to_begin_with() -> None:
    found = a_slice(
        a_device("d0", {"numa": 0}, capacity={"mem": "9"}),
        a_device("d1", {"numa": 1, "fast": True}, capacity={"mem": "9"}, shared=True),
        node="a",
    )
    fast = a_wish(device_class="fast", capacity=quantities(mem="1"))
    first = a_claim("c", a_wish(capacity=quantities(mem="1")), fast, constraints=[MATCH])
    assert given([first, a_claim("d", fast)], found) == ["pool-a/d1"] * 3


THIRTY = a_slice(*(f"d{place:02}" for place in range(30)), node="a")
CARDS = (
    a_slice(
        *(a_device(f"d{card:02}", consumes={f"card{card}": {"slots": "2"}}) for card in range(30)),
        node="a",
        slice_count=2,
    ),
    a_slice(
        node="a",
        name="counters",
        slice_count=2,
        counters={f"card{card}": {"slots": "1" if card < 20 else "2"} for card in range(30)},
    ),
)
"""Of 30 cards, each in parts with counters of its own, 10 are whole."""


@pytest.mark.parametrize(
    ("claims", "slices"),
    [
        ([a_claim("c", a_wish(10), a_wish(device_class="fast"))], [THIRTY]),
        ([a_claim(name, a_wish(14)) for name in "cde"], [THIRTY]),
        ([a_claim("c", a_wish(10)), a_claim("d", a_wish(mode="All"))], [THIRTY]),
        ([a_claim("c", a_wish(11))], CARDS),
        ([a_claim("c", a_wish(6)), a_claim("d", (a_wish(5), a_wish(6)))], CARDS),
        (
            [a_claim("c", a_wish(10)), a_claim("d", a_wish(5, admin=True, device_class="fast"))],
            CARDS,
        ),
    ],
    ids=["none-for-the-last", "too-few-together", "all", "parts", "alternatives", "admin"],
)
def test_that_devices_do_not_suffice_is_told_of_many_as_well(
    claims: list[ResourceClaim], slices: list[ResourceSlice]
) -> None:
    assert given(claims, *slices) == NONE


def test_a_search_that_takes_too_long_is_given_up_honestly() -> None:
    """Sums of different amounts that never come out even."""
    parts = (a_device(f"d{n:02}", consumes={"card": {"slots": str(30 + n)}}) for n in range(40))
    found = a_slice(*parts, node="a", slice_count=2)
    counters = {"card": {"slots": "400"}}
    others = a_slice(node="a", name="counters", slice_count=2, counters=counters)
    assert given([a_claim("c", a_wish(12))], found, others) == (
        "restow cannot tell: the search for devices takes too long: kube-scheduler may find some"
    )


def test_what_kube_scheduler_may_not_find_in_time_is_no_yes() -> None:
    """It tries all combinations of 29 devices before it turns to the alternative."""
    found = a_slice(*(f"d{place:02}" for place in range(29)), node="a")
    assert given([a_claim("c", (a_wish(30), a_wish(1)))], found) == (
        "restow cannot tell: kube-scheduler may take too long to find devices"
    )
    assert given([a_claim("c", (a_wish(14), a_wish(1)))], found)[0] == "pool-a/d00"
