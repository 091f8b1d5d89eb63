"""The allocator finds devices exactly where trying everything finds some."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restow.cluster.devices import Device, DeviceConstraint, DeviceWish, ResourceClaim
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules.devices.demand import Demand
from restow.rules.devices.ledger import Ledger
from tests.support.devices import (
    DRIVER,
    a_claim,
    a_device,
    a_device_snapshot,
    a_slice,
    a_wish,
    claiming,
)

pytestmark = pytest.mark.property

MODELS = ("x", "y")
SLOTS = 3
"""Of the one counter that devices draw on."""

devices = st.lists(
    st.tuples(st.sampled_from(MODELS), st.integers(0, 1), st.integers(0, 2)), max_size=5
)
wishes = st.builds(
    lambda count, model: a_wish(
        count, *([] if model is None else [f'device.attributes["{DRIVER}"].model == "{model}"'])
    ),
    st.integers(1, 2),
    st.sampled_from((None, *MODELS)),
)
constraints = st.sampled_from(
    (
        (),
        (DeviceConstraint(match=f"{DRIVER}/numa"),),
        (DeviceConstraint(distinct=f"{DRIVER}/numa"),),
    )
)
claims = st.lists(st.tuples(st.lists(wishes, min_size=1, max_size=2), constraints), max_size=2)

Found = tuple[str, int, int]
"""Model, NUMA node and slots of a device."""


@settings(deadline=None, max_examples=300)
@given(found=devices, asked=claims)
def test_devices_are_found_exactly_where_trying_everything_finds_some(
    found: list[Found], asked: list[tuple[list[DeviceWish], tuple[DeviceConstraint, ...]]]
) -> None:
    made = [
        a_claim(f"c{number}", *wanted, constraints=limits)
        for number, (wanted, limits) in enumerate(asked)
    ]
    pod = claiming("pod", *(each.key.name for each in made))
    units = [_device(f"d{place}", each) for place, each in enumerate(found)]
    snapshot = a_device_snapshot(
        a_slice(*units, node="a", slice_count=2),
        a_slice(node="a", name="counters", slice_count=2, counters={"set": {"slots": str(SLOTS)}}),
        claims=made,
        pods=[pod],
    )
    demand = Demand.of(pod, Ledger(snapshot))
    if not made:
        assert demand is None
        return
    assert isinstance(demand, Demand)
    answer = demand.on(snapshot.nodes[NodeName("a")])
    assert isinstance(answer, Refusal) is not any(_solutions(found, made))
    if not isinstance(answer, Refusal):
        given_to = [[int(d.device[1:]) for d in each.devices] for _, each in answer]
        assert _fits(found, made, given_to)


def _device(name: str, found: Found) -> Device:
    model, numa, slots = found
    consumes = {"set": {"slots": str(slots)}} if slots else None
    return a_device(name, {"model": model, "numa": numa}, consumes=consumes)


def _solutions(found: Sequence[Found], made: Sequence[ResourceClaim]) -> Iterator[bool]:
    wanted = [request.exactly for claim in made for request in claim.requests]
    choices = [
        combinations(range(len(found)), 0 if each is None else each.count) for each in wanted
    ]
    for picked in product(*choices):
        rest = iter(picked)
        given_to = [[one for _ in claim.requests for one in next(rest)] for claim in made]
        if _fits(found, made, given_to):
            yield True


def _fits(
    found: Sequence[Found], made: Sequence[ResourceClaim], given_to: Sequence[Sequence[int]]
) -> bool:
    everything = [one for each in given_to for one in each]
    if len(set(everything)) < len(everything):
        return False
    if sum(found[one][2] for one in everything) > SLOTS:
        return False
    return all(_suits(found, *each) for each in zip(made, given_to, strict=True))


def _suits(found: Sequence[Found], claim: ResourceClaim, mine: Sequence[int]) -> bool:
    rest = iter(mine)
    for request in claim.requests:
        assert request.exactly is not None
        for _ in range(request.exactly.count):
            model = found[next(rest)][0]
            if any(f'"{model}"' not in str(text) for text in request.exactly.selectors):
                return False
    numa = [found[one][1] for one in mine]
    return all(len(set(numa)) == (1 if each.match else len(numa)) for each in claim.constraints)
