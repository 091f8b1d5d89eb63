"""Builders of devices, claims and what belongs to them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

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
    DeviceTaintRule,
    DeviceWish,
    Policy,
    Quantities,
    Reach,
    ResourceClaim,
    ResourceSlice,
    Version,
)
from restow.cluster.objects import Node, NodeSelectorTerm, Pod
from restow.cluster.pod_devices import ExtendedRequest, PodClaim
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import Operator, Requirement
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, Uid
from restow.core.quantity import value_nano
from tests.support.objects import NOW, a_node, a_pod, a_snapshot, key_of

DRIVER = "gpu.example.com"

Plain = str | bool | int | Version


def quantities(**amounts: str) -> Quantities:
    """Quantities by name, as Kubernetes writes them."""
    return Quantities({name: value_nano(text) for name, text in amounts.items()})


def a_device(
    name: str,
    attributes: Mapping[str, Plain] | None = None,
    *,
    capacity: Mapping[str, str] | None = None,
    policy: Policy | None = None,
    consumes: Mapping[str, Mapping[str, str]] | None = None,
    **fields: object,
) -> Device:
    """A device; `policy` is that of all its capacities."""
    made = Device(
        name=name,
        attributes=tuple(
            Attribute(name=key, value=value) for key, value in sorted((attributes or {}).items())
        ),
        capacity=tuple(
            Capacity(name=key, value=value_nano(text), text=text, policy=policy)
            for key, text in sorted((capacity or {}).items())
        ),
        consumes=tuple(
            Counters(set=key, amounts=quantities(**amounts))
            for key, amounts in (consumes or {}).items()
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Device, by name


def a_slice(
    *devices: Device | str,
    node: str | None = None,
    zone: str | None = None,
    pool: str = "",
    name: str = "",
    driver: str = DRIVER,
    counters: Mapping[str, Mapping[str, str]] | None = None,
    **fields: object,
) -> ResourceSlice:
    """A slice that `node`, or the nodes of `zone`, or all nodes reach."""
    pool = pool or f"pool-{node or zone or 'all'}"
    made = ResourceSlice(
        name=name or f"{driver}-{pool}",
        driver=driver,
        pool=pool,
        reach=reach(node=node, zone=zone),
        devices=tuple(a_device(each) if isinstance(each, str) else each for each in devices),
        counters=tuple(
            Counters(set=key, amounts=quantities(**amounts))
            for key, amounts in (counters or {}).items()
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of ResourceSlice, by name


def reach(*, node: str | None = None, zone: str | None = None) -> Reach:
    """What `node` reaches, or the nodes of `zone`, or all."""
    if node is not None:
        return Reach(node=NodeName(node))
    if zone is None:
        return Reach(all=True)
    asked = Requirement(key="zone", operator=Operator.IN, values=(zone,))
    return Reach(selector=(NodeSelectorTerm(expressions=(asked,)),))


def a_class(
    name: str = "gpu", *selectors: str | None, resource: str | None = None, age_h: int = 1
) -> DeviceClass:
    """A DeviceClass; `resource` is the extended resource it backs."""
    return DeviceClass(
        name=name,
        selectors=selectors,
        extended_resource=resource,
        created_at=NOW - timedelta(hours=age_h),
    )


def a_wish(
    count: int = 1, *selectors: str | None, device_class: str = "gpu", **fields: object
) -> DeviceWish:
    """What a request asks for: one device of class `gpu`, unless told otherwise."""
    made = DeviceWish(device_class=device_class, selectors=selectors, count=count)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of DeviceWish, by name


def a_claim(
    name: str = "claim",
    *wishes: DeviceWish | tuple[DeviceWish, ...],
    pod: str | None = None,
    constraints: Iterable[DeviceConstraint] = (),
    allocation: Allocation | None = None,
    reserved_for: Iterable[str] = (),
    **fields: object,
) -> ResourceClaim:
    """A claim with requests `r0`, `r1`, …; a tuple is a request of alternatives `s0`, `s1`, ….

    With `pod` it was made from a template for that pod.
    """
    requests = [
        DeviceRequest(
            name=f"r{number}",
            first_available=tuple(replace(one, name=f"s{place}") for place, one in enumerate(each)),
        )
        if isinstance(each, tuple)
        else DeviceRequest(name=f"r{number}", exactly=each)
        for number, each in enumerate(wishes or (a_wish(),))
    ]
    key = key_of(name)
    made = ResourceClaim(
        key=key,
        uid=Uid(f"uid-claim-{key}"),
        requests=tuple(requests),
        constraints=tuple(constraints),
        allocation=allocation,
        reserved_for=frozenset(Uid(f"uid-{key_of(each)}") for each in reserved_for),
        owner=None if pod is None else Uid(f"uid-{key_of(pod)}"),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of ResourceClaim, by name


def allocated(*devices: str, node: str | None = None) -> Allocation:
    """An allocation of `pool/device` each, for one node or all."""
    name = Requirement(key="metadata.name", operator=Operator.IN, values=(node or "",))
    return Allocation(
        devices=tuple(
            AllocatedDevice(driver=DRIVER, pool=pool, device=device)
            for pool, device in (each.split("/") for each in devices)
        ),
        nodes=None if node is None else (NodeSelectorTerm(fields=(name,)),),
    )


def claiming(
    name: str, *claims: str, node: str | None = None, templates: Iterable[str] = ()
) -> Pod:
    """A pod with claims that it names, and with claims made from `templates` for it."""
    return a_pod(
        name,
        node=node,
        claims=(
            *(PodClaim(name=each, claim=each) for each in claims),
            *(PodClaim(name=each, claim=each, generated=True) for each in templates),
        ),
    )


def extending(name: str, *requests: ExtendedRequest, node: str | None = None) -> Pod:
    """A pod whose containers request extended resources."""
    totals: dict[str, int] = {"pods": 1}
    for each in requests:
        totals[each.resource] = totals.get(each.resource, 0) + each.count
    return replace(a_pod(name, node=node, requests=Amounts(totals)), extended=requests)


def a_device_snapshot(
    *slices: ResourceSlice,
    claims: Iterable[ResourceClaim] = (),
    classes: Iterable[DeviceClass] | None = None,
    rules: Iterable[DeviceTaintRule] = (),
    pods: Iterable[Pod] = (),
    nodes: Iterable[Node | str] = ("a", "b"),
) -> Snapshot:
    """A snapshot of two nodes, `a` in zone `a` and `b` in zone `b`, and the class `gpu`."""
    made = [
        a_node(each, labels={"zone": each}) if isinstance(each, str) else each for each in nodes
    ]
    found = (a_class(),) if classes is None else classes
    return replace(
        a_snapshot(pods=pods, nodes=made),
        resource_slices={each.name: each for each in sorted(slices, key=lambda each: each.name)},
        resource_claims={each.key: each for each in sorted(claims, key=lambda each: each.key)},
        device_classes={each.name: each for each in sorted(found, key=lambda each: each.name)},
        device_taint_rules={each.name: each for each in rules},
    )
