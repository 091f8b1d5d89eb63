"""Resource slices, claims, device classes and taint rules."""

from collections.abc import Iterable, Mapping

from restow.cluster.devices import (
    AllocatedDevice,
    Allocation,
    Attribute,
    Capacity,
    Counters,
    Device,
    DeviceClass,
    DeviceConstraint,
    DeviceRequest,
    DeviceTaint,
    DeviceTaintRule,
    DeviceToleration,
    DeviceWish,
    Policy,
    Quantities,
    Range,
    Reach,
    ResourceClaim,
    ResourceSlice,
    Version,
)
from restow.cluster.parse import wire_devices as wires
from restow.cluster.parse.metadata import created_at, key_of, owner_of, uid_of
from restow.cluster.parse.pods import node_terms
from restow.cluster.parse.problems import FieldError
from restow.cluster.parse.wire import Quantities as WireQuantities
from restow.cluster.parse.wire import Quantity
from restow.core.ids import NodeName, Uid
from restow.core.quantity import value_nano

_EXTENDED = "resource.kubernetes.io/extended-resource-claim"


def resource_slice(wire: wires.Slice) -> ResourceSlice:
    """Return the slice.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    spec = wire.spec
    return ResourceSlice(
        name=key_of(wire.metadata, namespaced=False).name,
        driver=spec.driver,
        pool=spec.pool.name,
        generation=spec.pool.generation,
        slice_count=spec.pool.resource_slice_count,
        reach=_reach(spec),
        per_device=bool(spec.per_device_node_selection),
        devices=tuple(_device(each) for each in spec.devices or ()),
        counters=tuple(
            Counters(set=each.name, amounts=_counters(each.counters))
            for each in spec.shared_counters or ()
        ),
        grouped=any(
            each.compatibility_groups
            for device in spec.devices or ()
            for each in device.consumes_counters or ()
        ),
    )


def resource_claim(wire: wires.Claim) -> ResourceClaim:
    """Return the claim.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    owner, devices = owner_of(wire.metadata), wire.spec.devices
    return ResourceClaim(
        key=key_of(wire.metadata, namespaced=True),
        uid=uid_of(wire.metadata),
        requests=tuple(_request(each) for each in devices.requests or ()),
        constraints=tuple(
            DeviceConstraint(
                requests=frozenset(each.requests or ()),
                match=each.match_attribute,
                distinct=each.distinct_attribute,
            )
            for each in devices.constraints or ()
        ),
        allocation=_allocation(wire.status),
        reserved_for=frozenset(Uid(each.uid) for each in wire.status.reserved_for or ()),
        owner=None if owner is None else owner.uid,
        deleting=wire.metadata.deletion_timestamp is not None,
        extended=(wire.metadata.annotations or {}).get(_EXTENDED) == "true",
    )


def device_class(wire: wires.Class) -> DeviceClass:
    """Return the class.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    return DeviceClass(
        name=key_of(wire.metadata, namespaced=False).name,
        selectors=_selectors(wire.spec.selectors),
        extended_resource=wire.spec.extended_resource_name,
        created_at=created_at(wire.metadata),
    )


def device_taint_rule(wire: wires.TaintRule) -> DeviceTaintRule:
    """Return the rule; one without a selector selects nothing."""
    selector = wire.spec.device_selector
    return DeviceTaintRule(
        name=key_of(wire.metadata, namespaced=False).name,
        taint=_taint(wire.spec.taint),
        selects=selector is not None,
        driver=None if selector is None else selector.driver,
        pool=None if selector is None else selector.pool,
        device=None if selector is None else selector.device,
    )


def _reach(spec: wires.SliceSpec | wires.Device) -> Reach:
    selector = spec.node_selector
    return Reach(
        node=NodeName(spec.node_name) if spec.node_name else None,
        all=bool(spec.all_nodes),
        selector=None if selector is None else node_terms(selector, "nodeSelector"),
    )


def _device(wire: wires.Device) -> Device:
    return Device(
        name=wire.name,
        attributes=tuple(
            Attribute(name=name, value=_attribute(each))
            for name, each in sorted((wire.attributes or {}).items())
        ),
        capacity=tuple(
            _capacity(name, each) for name, each in sorted((wire.capacity or {}).items())
        ),
        consumes=tuple(
            Counters(set=each.counter_set, amounts=_counters(each.counters))
            for each in wire.consumes_counters or ()
        ),
        taints=tuple(_taint(each) for each in wire.taints or ()),
        reach=_reach(wire),
        shared=bool(wire.allow_multiple_allocations),
        binds=bool(wire.binds_to_node),
        conditional=bool(wire.binding_conditions),
    )


def _attribute(wire: wires.Attribute) -> str | bool | int | Version | None:
    if wire.int_value is not None:
        return wire.int_value
    if wire.bool_value is not None:
        return wire.bool_value
    if wire.string is not None:
        return wire.string
    return None if wire.version is None else Version(wire.version)


def _capacity(name: str, wire: wires.Capacity) -> Capacity:
    field, policy = f"spec.devices.capacity[{name}]", wire.request_policy
    return Capacity(
        name=name,
        value=_amount(wire.value, field),
        text="0" if wire.value is None else str(wire.value),
        policy=None if policy is None else _policy(policy, f"{field}.requestPolicy"),
    )


def _policy(wire: wires.Policy, field: str) -> Policy:
    span = wire.valid_range
    return Policy(
        default=_optional(wire.default, field),
        values=tuple(_amount(each, field) for each in wire.valid_values or ()),
        range=None
        if span is None
        else Range(
            least=_optional(span.min, field),
            most=_optional(span.max, field),
            step=_optional(span.step, field),
        ),
    )


def _counters(wire: Mapping[str, wires.Counter] | None) -> Quantities:
    return Quantities(
        {name: _amount(each.value, f"counters[{name}]") for name, each in (wire or {}).items()}
    )


def _request(wire: wires.Request) -> DeviceRequest:
    return DeviceRequest(
        name=wire.name,
        exactly=None if wire.exactly is None else _wish(wire.exactly),
        first_available=tuple(_wish(each) for each in wire.first_available or ()),
    )


def _wish(wire: wires.Wish) -> DeviceWish:
    """Return the wish; the API server's defaults are one device, counted exactly."""
    capacity = None if wire.capacity is None else wire.capacity.requests
    return DeviceWish(
        name=wire.name,
        device_class=wire.device_class_name,
        selectors=_selectors(wire.selectors),
        mode=wire.allocation_mode or "ExactCount",
        count=1 if wire.count is None else wire.count,
        admin=bool(wire.admin_access),
        tolerations=tuple(
            DeviceToleration(
                key=each.key or "",
                operator=each.operator or "Equal",
                value=each.value or "",
                effect=each.effect or "",
            )
            for each in wire.tolerations or ()
        ),
        capacity=_amounts(capacity, "capacity.requests"),
        derived=bool(wire.derived_attributes),
    )


def _selectors(wire: Iterable[wires.Selector] | None) -> tuple[str | None, ...]:
    return tuple(None if each.cel is None else each.cel.expression for each in wire or ())


def _taint(wire: wires.Taint) -> DeviceTaint:
    return DeviceTaint(key=wire.key, value=wire.value or "", effect=wire.effect)


def _allocation(status: wires.ClaimStatus) -> Allocation | None:
    wire = status.allocation
    if wire is None:
        return None
    results = wire.devices.results or []
    failed, ready = _binding(results, status.devices or [])
    return Allocation(
        devices=tuple(
            AllocatedDevice(
                driver=each.driver,
                pool=each.pool,
                device=each.device,
                admin=bool(each.admin_access),
                share=each.share_id,
                consumed=_amounts(each.consumed_capacity, "status.allocation.consumedCapacity"),
            )
            for each in results
        ),
        nodes=None
        if wire.node_selector is None
        else node_terms(wire.node_selector, "status.allocation.nodeSelector"),
        failed=failed,
        waiting_since=None if ready or failed else wire.allocation_timestamp,
    )


def _binding(
    results: Iterable[wires.Result], statuses: Iterable[wires.DeviceStatus]
) -> tuple[bool, bool]:
    """Return whether binding has failed, and whether it is ready, device by device as upstream.

    Source: `plugins/dynamicresources/dynamicresources.go: isClaimReadyForBinding`.
    """
    known = {
        (each.driver, each.pool, each.device, each.share_id): {
            one.type for one in each.conditions or () if one.status == "True"
        }
        for each in statuses
    }
    for each in results:
        if not each.binding_conditions:
            continue
        true = known.get((each.driver, each.pool, each.device, each.share_id))
        if true is None:
            return False, False
        if true & set(each.binding_failure_conditions or ()):
            return True, False
        if not true >= set(each.binding_conditions):
            return False, False
    return False, True


def _amounts(wire: WireQuantities | None, field: str) -> Quantities:
    return Quantities(
        {name: _amount(each, f"{field}[{name}]") for name, each in (wire or {}).items()}
    )


def _optional(wire: Quantity, field: str) -> int | None:
    return None if wire is None else _amount(wire, field)


def _amount(wire: Quantity, field: str) -> int:
    try:
        return 0 if wire is None else value_nano(str(wire))
    except ValueError as error:
        raise FieldError(
            field, str(error), "write a Kubernetes quantity such as 500m, 2 or 1.5Gi"
        ) from None
