"""What restow knows of dynamic resource allocation (resource.k8s.io/v1); frozen and slim.

Quantities of devices are integers in billionths (`core.quantity.value_nano`), which is exact.
"""

from dataclasses import dataclass
from datetime import datetime

from restow.cluster.objects import NodeSelectorTerm
from restow.core.frozen import FrozenMap
from restow.core.ids import NodeName, ObjectKey, Uid

Quantities = FrozenMap[int]
NO_QUANTITIES: Quantities = Quantities()


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version, as text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute of a device; `value` None is of a kind that restow does not know."""

    name: str
    value: str | bool | int | Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Amounts that may be consumed; `least`, `most` and `step` None do not bind."""

    least: int | None = None
    most: int | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`requestPolicy` of a capacity: what a request is rounded up to.

    Parameters
    ----------
    default
        What a request that does not name the capacity consumes, None for all of it.
    values
        The only amounts that may be consumed, ascending; empty when any may.
    """

    default: int | None = None
    values: tuple[int, ...] = ()
    range: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A capacity of a device; `text` is the quantity as written, for CEL."""

    name: str
    value: int
    text: str
    policy: Policy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Counters of a named set: what a pool has of them, or what a device takes."""

    set: str
    amounts: Quantities


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTaint:
    """A taint of a device; only NoSchedule and NoExecute keep newcomers away."""

    key: str
    value: str = ""
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceToleration:
    """A toleration of device taints; an empty `key` or `effect` is any."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which nodes reach a slice or a device; nothing set is none."""

    node: NodeName | None = None
    all: bool = False
    selector: tuple[NodeSelectorTerm, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of a ResourceSlice.

    Parameters
    ----------
    reach
        Counts only in a slice with `per_device`.
    shared
        Whether several claims may use it (`allowMultipleAllocations`).
    binds
        Whether an allocation of it holds on that node only, although others reach it.
    conditional
        Whether it has binding conditions: its pool is tried after those without.
    """

    name: str
    attributes: tuple[Attribute, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    consumes: tuple[Counters, ...] = ()
    taints: tuple[DeviceTaint, ...] = ()
    reach: Reach = Reach()
    shared: bool = False
    binds: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSlice:
    """A ResourceSlice.

    Parameters
    ----------
    generation, slice_count
        Of the pool: slices of older generations are void, and with fewer slices than `slice_count`
        the pool is incomplete.
    per_device
        Whether each device says itself which nodes reach it.
    counters
        Counter sets that the devices of the pool draw on.
    grouped
        Whether a device names compatibility groups, which kube-scheduler 1.37 does not know by
        default: the slice is passed over.
    """

    name: str
    driver: str
    pool: str
    generation: int = 1
    slice_count: int = 1
    reach: Reach = Reach()
    per_device: bool = False
    devices: tuple[Device, ...] = ()
    counters: tuple[Counters, ...] = ()
    grouped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClass:
    """A DeviceClass; a selector of None is of a kind that restow does not know."""

    name: str
    selectors: tuple[str | None, ...] = ()
    extended_resource: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTaintRule:
    """A DeviceTaintRule; a `driver`, `pool` or `device` of None is any."""

    name: str
    taint: DeviceTaint
    selects: bool = True
    driver: str | None = None
    pool: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWish:
    """What a request asks for, or one of its alternatives.

    Parameters
    ----------
    name
        Of the alternative; empty for a request without any.
    selectors
        CEL; None is a selector of a kind that restow does not know.
    mode
        `ExactCount` or `All`.
    capacity
        What each device must have left, or gives.
    derived
        Whether it asks for derived attributes, which kube-scheduler 1.37 refuses by default.
    """

    name: str = ""
    device_class: str
    selectors: tuple[str | None, ...] = ()
    mode: str = "ExactCount"
    count: int = 1
    admin: bool = False
    tolerations: tuple[DeviceToleration, ...] = ()
    capacity: Quantities = NO_QUANTITIES
    derived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A request of a claim.

    `exactly` and `first_available` exclude each other; neither is a request of a kind that restow
    does not know.
    """

    name: str
    exactly: DeviceWish | None = None
    first_available: tuple[DeviceWish, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConstraint:
    """All devices of the `requests` (all when empty) agree, or differ, in an attribute."""

    requests: frozenset[str] = frozenset()
    match: str | None = None
    distinct: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedDevice:
    """A device in an allocation; `share` is set for a part of a shared one."""

    driver: str
    pool: str
    device: str
    admin: bool = False
    share: str | None = None
    consumed: Quantities = NO_QUANTITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What a claim got.

    Parameters
    ----------
    nodes
        Terms of the nodes that reach it, None for all.
    failed
        Whether a binding failure condition is true.
    waiting_since
        When it was allocated, while binding conditions are not all true; None when they are, or
        when it is not said.
    """

    devices: tuple[AllocatedDevice, ...] = ()
    nodes: tuple[NodeSelectorTerm, ...] | None = None
    failed: bool = False
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceClaim:
    """A ResourceClaim.

    Parameters
    ----------
    allocation
        None while nothing is allocated.
    owner
        Uid of its controller; the pod's, for a claim made from a template.
    extended
        Whether kube-scheduler made it for extended resources of its owner.
    """

    key: ObjectKey
    uid: Uid
    requests: tuple[DeviceRequest, ...] = ()
    constraints: tuple[DeviceConstraint, ...] = ()
    allocation: Allocation | None = None
    reserved_for: frozenset[Uid] = frozenset()
    owner: Uid | None = None
    deleting: bool = False
    extended: bool = False
