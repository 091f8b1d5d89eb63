"""What a trace has of the GPUs of nodes and pods: a number of whole ones, or a share of one.

GPUs are an extended resource, and MIG devices of the same domain (`nvidia.com/mig-1g.5gb`), or the
devices of a DRA driver. Shares are thousandths, rounded down, so that those that shared a GPU fit
on one again. A MIG profile is a share of compute: so many of the slices that a GPU is cut into.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from restow.cluster.devices import (
    NO_QUANTITIES,
    AllocatedDevice,
    DeviceWish,
    Quantities,
    ResourceClaim,
)
from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import Uid
from restow.rules.devices.capacity import CapacityError, consumed
from restow.rules.devices.ledger import keys
from restow.rules.devices.pools import DeviceId, Inventory, PoolId, Unit
from restow.rules.devices.selectors import SelectorError, UnreadableError, matches
from restow.simulation.traces.lines import MOST_DEVICES

WHOLE: Final = 1000
COMPUTE: Final = "multiprocessors"
"""Counter of which a MIG device takes its share (NVIDIA's k8s-dra-driver-gpu)."""
SLICES: Final = 7
"""Compute slices of a GPU that has MIG, but for the A30 (NVIDIA's MIG User Guide)."""
A30: Final = {"1g.6gb": 4, "2g.12gb": 4, "4g.24gb": 4}
_PROFILE: Final = re.compile(r"(\d)g\.\w+")

PARTS: Final = "parts of several GPUs, or parts beside whole ones"
UNKNOWN: Final = "devices of which nobody knows what part of a GPU they are"
MANY: Final = f"more than {MOST_DEVICES}"
COMMON: Final = "the GPUs of a claim that several pods use"
APART: Final = "devices that no node has to itself"

Part = int | str
"""Of a GPU, in thousandths; or why the trace cannot have it."""


class Taken(NamedTuple):
    """GPUs of a pod; `why` says why the trace cannot have them, and is empty where it can."""

    gpus: int = 0
    share: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Devices:
    """All devices of a snapshot, and what its counter sets hold, by pool and name."""

    units: Mapping[DeviceId, Unit]
    counters: Mapping[tuple[PoolId, str], Quantities]
    inventory: Inventory
    known: dict[object, frozenset[Part]] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot) -> "_Devices":
        inventory = snapshot.derived(Inventory.of)
        slices = sorted(snapshot.resource_slices.values(), key=lambda each: each.generation)
        return cls(
            units={unit.id: unit for unit in inventory.units()},
            counters={
                (PoolId(each.driver, each.pool), counters.set): counters.amounts
                for each in slices
                for counters in each.counters
            },
            inventory=inventory,
        )

    def part(self, unit: Unit, taken: Quantities = NO_QUANTITIES) -> Part:
        """Return what a claim has of a GPU.

        Parameters
        ----------
        taken
            Of the capacities of a device that several claims may use.
        """
        if unit.slice.reach.node is None and unit.device.reach.node is None:
            return APART
        if unit.device.shared:
            capacity = {each.name: each.value for each in unit.device.capacity}
            parts = [WHOLE * n // capacity[name] for name, n in taken.items() if capacity.get(name)]
            return UNKNOWN if unit.device.consumes or not parts else max(1, *parts)
        if len(unit.device.consumes) > 1:
            return UNKNOWN
        profile = _attribute(unit, "profile")
        if not unit.device.consumes:
            return _of_profile(profile) or UNKNOWN if profile else WHOLE
        (drawn,) = unit.device.consumes
        there = self.counters.get((unit.pool, drawn.set), NO_QUANTITIES)
        if there.get(COMPUTE):
            return max(1, WHOLE * drawn.amounts.get(COMPUTE, 0) // there[COMPUTE])
        return WHOLE if drawn.amounts == there else _of_profile(profile) or UNKNOWN

    def suiting(
        self, driver: str, selectors: tuple[str | None, ...], asked: Quantities
    ) -> frozenset[Part]:
        """Return what a claim would have of a GPU, of each device of the driver that suits."""
        wanted = driver, selectors, asked
        if wanted not in self.known:
            self.known[wanted] = frozenset(
                self.part(unit, _consumed(asked, unit))
                for unit in self.units.values()
                if unit.id.driver == driver and _suits(unit, selectors)
            )
        return self.known[wanted]


def _devices(snapshot: Snapshot) -> _Devices:
    return snapshot.derived(_Devices.of, "nodes", "resource_slices", "device_taint_rules")


class Gpus:
    """Counts GPUs.

    Parameters
    ----------
    resource
        The extended resource that counts whole ones.
    driver
        The DRA driver whose devices are GPUs, or parts of one.
    """

    def __init__(self, resource: str, driver: str) -> None:
        self._resource, self._driver = resource, driver
        self._domain = resource.partition("/")[0]

    def of_node(self, node: Node, snapshot: Snapshot) -> int:
        """Return how many GPUs the node has, cut up or not."""
        whole = node.allocatable.of(self._resource)
        milli = sum(part * count for part, count in self._mig(node.allocatable))
        if milli:
            told = node.labels.get(f"{self._domain}/gpu.count", "")
            whole = max(whole, int(told)) if told.isdecimal() else whole - (-milli // WHOLE)
        return whole + len({_gpu(unit) for unit in self._units(node, snapshot)})

    def model(self, node: Node, snapshot: Snapshot) -> str:
        """Return what the node calls its GPUs; empty where it has no word for it."""
        told = node.labels.get(f"{self._domain}/gpu.product", "")
        units = self._units(node, snapshot)
        return told or next(filter(None, (_attribute(each, "productName") for each in units)), "")

    def of_pod(self, pod: Pod, snapshot: Snapshot, elsewhere: Container[Uid] = ()) -> Taken:
        """Return the GPUs that the pod holds; while it waits, those that it asks for.

        Parameters
        ----------
        elsewhere
            Claims whose GPUs are another pod's in the trace.
        """
        parts: list[Part] = [WHOLE] * _few(pod.requests.of(self._resource))
        parts += [part for part, count in self._mig(pod.requests) for _ in range(_few(count))]
        for key in keys(pod):
            claim = snapshot.resource_claims.get(key)
            if claim is None:
                continue
            found = list(self._of_claim(claim, snapshot))
            if found and claim.uid in elsewhere:
                return Taken(why=COMMON)
            parts += found
        return _taken(parts)

    def _mig(self, amounts: Amounts) -> Iterator[tuple[int, int]]:
        """Yield the share and the number of the MIG devices among the amounts."""
        prefix = f"{self._domain}/mig-"
        for name, count in amounts.items():
            part = _of_profile(name.removeprefix(prefix)) if name.startswith(prefix) else None
            if part is not None:
                yield part, count

    def _units(self, node: Node, snapshot: Snapshot) -> list[Unit]:
        """Return the devices of the driver that this node alone reaches."""
        if not snapshot.resource_slices:
            return []
        return [
            unit
            for pool in _devices(snapshot).inventory.pools(node)
            for unit in pool.units
            if pool.id.driver == self._driver
            and node.name in (unit.slice.reach.node, unit.device.reach.node)
        ]

    def _of_claim(self, claim: ResourceClaim, snapshot: Snapshot) -> Iterator[Part]:
        devices = _devices(snapshot)
        if claim.allocation is not None:
            for each in claim.allocation.devices:
                if each.driver == self._driver and not each.admin:
                    yield _of_device(each, devices)
            return
        for request in claim.requests:
            wish = request.exactly or next(iter(request.first_available), None)
            if wish is not None and not wish.admin:
                yield from self._of_wish(wish, snapshot, devices)

    def _of_wish(self, wish: DeviceWish, snapshot: Snapshot, devices: _Devices) -> Iterator[Part]:
        """Yield what is asked for; nothing of other drivers'."""
        made = snapshot.device_classes.get(wish.device_class)
        if made is None:
            return
        parts = devices.suiting(self._driver, (*made.selectors, *wish.selectors), wish.capacity)
        if not parts:
            return
        one = next(iter(parts)) if len(parts) == 1 else UNKNOWN
        yield from [one] * _few(wish.count) if wish.mode == "ExactCount" else [UNKNOWN]


def claims_of(pod: Pod, snapshot: Snapshot) -> frozenset[Uid]:
    """Return the uids of the pod's claims that are there."""
    found = (snapshot.resource_claims.get(key) for key in keys(pod))
    return frozenset(claim.uid for claim in found if claim is not None)


def are_there(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether the pod's claims are there; kube-scheduler waits for them."""
    made = not any(each.pending for each in pod.claims)
    return made and all(key in snapshot.resource_claims for key in keys(pod))


def _few(count: int) -> int:
    """Return the count, or one more than the trace can have."""
    return min(count, MOST_DEVICES + 1)


def _taken(parts: Sequence[Part]) -> Taken:
    why = next((part for part in parts if isinstance(part, str)), "")
    if why or len(parts) > MOST_DEVICES:
        return Taken(why=why or MANY)
    shares = [part for part in parts if isinstance(part, int) and part < WHOLE]
    if not shares:
        return Taken(gpus=len(parts))
    return Taken(gpus=1, share=shares[0]) if len(parts) == 1 else Taken(why=PARTS)


def _of_device(found: AllocatedDevice, devices: _Devices) -> Part:
    unit = devices.units.get(DeviceId(found.driver, found.pool, found.device))
    return UNKNOWN if unit is None else devices.part(unit, found.consumed)


def _of_profile(profile: str) -> int | None:
    found = _PROFILE.match(profile)
    if found is None:
        return None
    return min(WHOLE, max(1, WHOLE * int(found[1]) // A30.get(found[0], SLICES)))


def _consumed(asked: Quantities, unit: Unit) -> Quantities:
    try:
        return consumed(asked, unit.device.capacity)
    except CapacityError:
        return NO_QUANTITIES


def _gpu(unit: Unit) -> object:
    """Return what is the same for all parts of one GPU."""
    if unit.device.consumes:
        return unit.pool, unit.device.consumes[0].set
    return _attribute(unit, "parentUUID") or unit.id


def _attribute(unit: Unit, name: str) -> str:
    """Return the driver's own attribute, if it is a text."""
    found = {each.name.rpartition("/")[2]: each.value for each in unit.device.attributes}.get(name)
    return found if isinstance(found, str) else ""


def _suits(unit: Unit, selectors: Iterable[str | None]) -> bool:
    try:
        return all(each is not None and matches(each, unit.facts) for each in selectors)
    except (SelectorError, UnreadableError):
        return False
