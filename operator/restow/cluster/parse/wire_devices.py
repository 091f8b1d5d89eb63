"""Slim wire forms of dynamic resource allocation, resource.k8s.io/v1; see `wire`."""

from datetime import datetime

import msgspec

from restow.cluster.parse.wire import Condition, Meta, Nothing, Quantities, Quantity, Wire
from restow.cluster.parse.wire_pod import NodeTerms


class Attribute(Wire, frozen=True):
    """DeviceAttribute."""

    int_value: int | None = msgspec.field(name="int", default=None)
    bool_value: bool | None = msgspec.field(name="bool", default=None)
    string: str | None = None
    version: str | None = None


class Range(Wire, frozen=True):
    """CapacityRequestPolicyRange."""

    min: Quantity = None
    max: Quantity = None
    step: Quantity = None


class Policy(Wire, frozen=True):
    """CapacityRequestPolicy."""

    default: Quantity = None
    valid_values: list[Quantity] | None = None
    valid_range: Range | None = None


class Capacity(Wire, frozen=True):
    """DeviceCapacity."""

    value: Quantity = None
    request_policy: Policy | None = None


class Counter(Wire, frozen=True):
    """Counter."""

    value: Quantity = None


class CounterSet(Wire, frozen=True):
    """CounterSet."""

    name: str
    counters: dict[str, Counter] | None = None


class Consumption(Wire, frozen=True):
    """DeviceCounterConsumption."""

    counter_set: str
    counters: dict[str, Counter] | None = None
    compatibility_groups: list[str] | None = None


class Taint(Wire, frozen=True):
    """DeviceTaint."""

    key: str = ""
    value: str | None = None
    effect: str = ""


class Toleration(Wire, frozen=True):
    """DeviceToleration."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class Device(Wire, frozen=True):
    """Device."""

    name: str
    attributes: dict[str, Attribute] | None = None
    capacity: dict[str, Capacity] | None = None
    consumes_counters: list[Consumption] | None = None
    node_name: str | None = None
    node_selector: NodeTerms | None = None
    all_nodes: bool | None = None
    taints: list[Taint] | None = None
    binds_to_node: bool | None = None
    binding_conditions: list[str] | None = None
    allow_multiple_allocations: bool | None = None


class Pool(Wire, frozen=True):
    """ResourcePool."""

    name: str
    generation: int = 0
    resource_slice_count: int = 0


class SliceSpec(Wire, frozen=True):
    """ResourceSliceSpec."""

    driver: str
    pool: Pool
    node_name: str | None = None
    node_selector: NodeTerms | None = None
    all_nodes: bool | None = None
    devices: list[Device] | None = None
    per_device_node_selection: bool | None = None
    shared_counters: list[CounterSet] | None = None


class Slice(Wire, frozen=True):
    """ResourceSlice."""

    metadata: Meta
    spec: SliceSpec


class Cel(Wire, frozen=True):
    """CELDeviceSelector."""

    expression: str


class Selector(Wire, frozen=True):
    """DeviceSelector."""

    cel: Cel | None = None


class CapacityRequirements(Wire, frozen=True):
    """CapacityRequirements."""

    requests: Quantities | None = None


class Wish(Wire, frozen=True):
    """ExactDeviceRequest and DeviceSubRequest."""

    name: str = ""
    device_class_name: str = ""
    selectors: list[Selector] | None = None
    allocation_mode: str | None = None
    count: int | None = None
    admin_access: bool | None = None
    tolerations: list[Toleration] | None = None
    capacity: CapacityRequirements | None = None
    derived_attributes: list[Nothing] | None = None


class Request(Wire, frozen=True):
    """DeviceRequest."""

    name: str
    exactly: Wish | None = None
    first_available: list[Wish] | None = None


class Constraint(Wire, frozen=True):
    """DeviceConstraint."""

    requests: list[str] | None = None
    match_attribute: str | None = None
    distinct_attribute: str | None = None


class DeviceClaim(Wire, frozen=True):
    """DeviceClaim."""

    requests: list[Request] | None = None
    constraints: list[Constraint] | None = None


class ClaimSpec(Wire, frozen=True):
    """ResourceClaimSpec."""

    devices: DeviceClaim = DeviceClaim()


class Result(Wire, frozen=True):
    """DeviceRequestAllocationResult."""

    driver: str
    pool: str
    device: str
    admin_access: bool | None = None
    share_id: str | None = msgspec.field(name="shareID", default=None)
    consumed_capacity: Quantities | None = None
    binding_conditions: list[str] | None = None
    binding_failure_conditions: list[str] | None = None


class Results(Wire, frozen=True):
    """DeviceAllocationResult."""

    results: list[Result] | None = None


class Allocation(Wire, frozen=True):
    """AllocationResult."""

    devices: Results = Results()
    node_selector: NodeTerms | None = None
    allocation_timestamp: datetime | None = None


class DeviceStatus(Wire, frozen=True):
    """AllocatedDeviceStatus."""

    driver: str
    pool: str
    device: str
    share_id: str | None = msgspec.field(name="shareID", default=None)
    conditions: list[Condition] | None = None


class Consumer(Wire, frozen=True):
    """ResourceClaimConsumerReference."""

    uid: str


class ClaimStatus(Wire, frozen=True):
    """ResourceClaimStatus."""

    allocation: Allocation | None = None
    reserved_for: list[Consumer] | None = None
    devices: list[DeviceStatus] | None = None


class Claim(Wire, frozen=True):
    """ResourceClaim."""

    metadata: Meta
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class ClassSpec(Wire, frozen=True):
    """DeviceClassSpec."""

    selectors: list[Selector] | None = None
    extended_resource_name: str | None = None


class Class(Wire, frozen=True):
    """DeviceClass."""

    metadata: Meta
    spec: ClassSpec = ClassSpec()


class TaintSelector(Wire, frozen=True):
    """DeviceTaintSelector."""

    driver: str | None = None
    pool: str | None = None
    device: str | None = None


class TaintRuleSpec(Wire, frozen=True):
    """DeviceTaintRuleSpec."""

    device_selector: TaintSelector | None = None
    taint: Taint = Taint()


class TaintRule(Wire, frozen=True):
    """DeviceTaintRule."""

    metadata: Meta
    spec: TaintRuleSpec = TaintRuleSpec()
