"""The allocator gives what a plain search gives, which tries everything in upstream's order."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restow.cluster.devices import (
    Device,
    DeviceConstraint,
    DeviceTaint,
    DeviceToleration,
    DeviceWish,
    ResourceClaim,
)
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules.devices.demand import Demand
from restow.rules.devices.ledger import Ledger
from tests.property.backtracking import MEMORY, SLOTS, Backtracking, Thing
from tests.support.devices import (
    DRIVER,
    a_claim,
    a_device,
    a_device_snapshot,
    a_slice,
    a_wish,
    claiming,
    quantities,
)

pytestmark = pytest.mark.property

MODELS = ("x", "y")
SICK = DeviceTaint(key="sick", effect="NoSchedule")

things = st.lists(
    st.builds(
        Thing,
        model=st.sampled_from((*MODELS, *MODELS, *MODELS, None)),
        numa=st.sampled_from((0, 0, 1, 1, None)),
        slots=st.sampled_from((0, 0, 0, 1, 2)),
        shared=st.sampled_from((False, False, False, True)),
        sick=st.sampled_from((False, False, False, True)),
    ),
    max_size=6,
)


def _wish(count: int, model: str | None, mem: str | None, *flags: bool) -> DeviceWish:
    selectors = [] if model is None else [f'device.attributes["{DRIVER}"].model == "{model}"']
    everything, admin, tolerant = flags
    return a_wish(
        1 if everything else count,
        *selectors,
        mode="All" if everything else "ExactCount",
        admin=admin,
        tolerations=(DeviceToleration(operator="Exists"),) if tolerant else (),
        capacity=quantities() if mem is None else quantities(mem=mem),
    )


seldom = st.sampled_from((False, False, False, False, True))
wishes = st.builds(
    _wish,
    st.integers(1, 3),
    st.sampled_from((None, *MODELS)),
    st.sampled_from((None, None, "1", str(MEMORY), str(MEMORY + 1))),
    seldom,
    seldom,
    st.booleans(),
)
constraints = st.lists(
    st.builds(
        lambda kind, requests: DeviceConstraint(
            requests=frozenset(requests), **{kind: f"{DRIVER}/numa"}
        ),
        st.sampled_from(("match", "distinct")),
        st.sampled_from(((), ("r0",), ("r1",))),
    ),
    max_size=1,
)
requests = st.one_of(wishes, wishes, st.tuples(wishes, wishes))
claims = st.lists(
    st.tuples(st.lists(requests, min_size=1, max_size=2), constraints), min_size=1, max_size=3
)


@settings(deadline=None, max_examples=1500)
@given(found=things, asked=claims)
def test_the_allocator_gives_what_a_plain_search_gives(
    found: list[Thing],
    asked: list[tuple[list[DeviceWish | tuple[DeviceWish, ...]], list[DeviceConstraint]]],
) -> None:
    made = [
        a_claim(f"c{number}", *wanted, constraints=limits)
        for number, (wanted, limits) in enumerate(asked)
    ]
    plain = Backtracking(things=found, claims=made)
    assert _given(found, made) == plain.run()


def _given(found: list[Thing], made: list[ResourceClaim]) -> list[list[int]] | str | None:
    pod = claiming("pod", *(each.key.name for each in made))
    snapshot = a_device_snapshot(
        a_slice(*map(_device, range(len(found)), found), node="a", slice_count=2),
        a_slice(node="a", name="counters", slice_count=2, counters={"set": {"slots": str(SLOTS)}}),
        claims=made,
        pods=[pod],
    )
    demand = Demand.of(pod, Ledger(snapshot))
    assert isinstance(demand, Demand)
    answer = demand.on(snapshot.nodes[NodeName("a")])
    if isinstance(answer, Refusal):
        return "error" if answer.reason is Reason.DEVICE_REQUEST_INVALID else None
    return [[int(d.device[1:]) for d in each.devices] for _, each in answer]


def _device(place: int, found: Thing) -> Device:
    attributes = {"model": found.model, "numa": found.numa}
    return replace(
        a_device(
            f"d{place}",
            {name: value for name, value in attributes.items() if value is not None},
            capacity={"mem": str(MEMORY)},
            consumes={"set": {"slots": str(found.slots)}} if found.slots else None,
        ),
        shared=found.shared,
        taints=(SICK,) if found.sick else (),
    )
