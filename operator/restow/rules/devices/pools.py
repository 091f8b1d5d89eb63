"""Resource pools: which devices a node reaches, and whether they can be given out.

Source: k8s.io/dynamic-resource-allocation v0.37.2, structured/internal/incubating/
pools_incubating.go, which is the variant that kube-scheduler 1.37 uses by default, and
resourceslice/tracker for DeviceTaintRules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from restow.cluster.devices import Device, DeviceTaintRule, Quantities, Reach, ResourceSlice
from restow.cluster.objects import Node
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.rules.devices.selectors import Facts
from restow.rules.node_selection import takes


class PoolId(NamedTuple):
    """A pool of a driver."""

    driver: str
    name: str

    def __str__(self) -> str:
        return f"{self.driver}/{self.name}"


class DeviceId(NamedTuple):
    """A device of a pool."""

    driver: str
    pool: str
    device: str

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A device in its slice; `facts` is what selectors see of it."""

    id: DeviceId
    device: Device
    slice: ResourceSlice
    facts: Facts

    @property
    def pool(self) -> PoolId:
        """The pool it belongs to."""
        return PoolId(self.id.driver, self.id.pool)

    def reached(self, node: Node) -> bool:
        """Return whether the node reaches it, of those that its slice is for."""
        return not self.slice.per_device or reaches(self.device.reach, node)


Counters = Mapping[str, Quantities]
"""Amounts per counter, by counter set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """A pool as one node sees it.

    Parameters
    ----------
    flaw
        `being updated` or `invalid` when nothing is given out of it, else empty.
    units
        Devices of the slices that the node reaches, in order.
    others
        Devices of its further slices: they draw on the same counters.
    """

    id: PoolId
    flaw: str = ""
    units: tuple[Unit, ...] = ()
    others: tuple[Unit, ...] = ()
    counters: Counters = field(default_factory=dict)

    @property
    def conditional(self) -> bool:
        """Whether a device has binding conditions: such pools come last."""
        return any(each.device.conditional for each in self.units)


UPDATING: Final = "being updated"
INVALID: Final = "invalid"


class Inventory:
    """All devices of a snapshot, and the pools as each node sees them."""

    def __init__(self, slices: Iterable[ResourceSlice]) -> None:
        self._local: dict[NodeName, list[ResourceSlice]] = {}
        self._wide: list[ResourceSlice] = []
        self._by_pool: dict[PoolId, list[ResourceSlice]] = {}
        self._units: dict[str, tuple[Unit, ...]] = {}
        self._pools: dict[NodeName, tuple[Pool, ...]] = {}
        for each in slices:
            self._by_pool.setdefault(_pool_of(each), []).append(each)
            if each.grouped:
                continue
            if each.reach.node is not None:
                self._local.setdefault(each.reach.node, []).append(each)
            else:
                self._wide.append(each)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the inventory of the snapshot, taints of DeviceTaintRules put on."""
        rules = tuple(each for each in snapshot.device_taint_rules.values() if each.selects)
        return cls(_tainted(each, rules) for each in snapshot.resource_slices.values())

    def pools(self, node: Node) -> tuple[Pool, ...]:
        """Return the pools that the node reaches, in the order in which they are tried."""
        if node.name not in self._pools:
            found = sorted(self._gather(node), key=lambda pool: (pool.conditional, pool.id))
            self._pools[node.name] = tuple(found)
        return self._pools[node.name]

    def units(self) -> Iterator[Unit]:
        """Yield every device, of outdated slices as well."""
        for slices in self._by_pool.values():
            yield from self._all(slices)

    def _gather(self, node: Node) -> Iterator[Pool]:
        newest: dict[PoolId, list[ResourceSlice]] = {}
        wide = (each for each in self._wide if _relevant(each, node))
        for each in (*self._local.get(node.name, ()), *wide):
            pool = newest.setdefault(_pool_of(each), [])
            if pool and each.generation > pool[0].generation:
                pool.clear()
            if not pool or each.generation == pool[0].generation:
                pool.append(each)
        for name, slices in newest.items():
            found = self._pool(name, slices)
            if found is not None:
                yield found

    def _pool(self, name: PoolId, slices: list[ResourceSlice]) -> Pool | None:
        """Return the pool, None when a newer generation is under way that the node is not in."""
        generation, wanted = slices[0].generation, slices[0].slice_count
        everything = slices
        if len(slices) != wanted:
            if any(each.generation > generation for each in self._by_pool[name]):
                return None
            everything = [
                each
                for each in self._by_pool[name]
                if each.generation == generation and not each.grouped
            ]
            if len(everything) != wanted:
                return Pool(id=name, flaw=UPDATING)
        return self._build(name, slices, everything)

    def _build(
        self, name: PoolId, slices: Sequence[ResourceSlice], everything: Sequence[ResourceSlice]
    ) -> Pool:
        here = {each.name for each in slices}
        units = self._all(each for each in sorted(slices, key=_name) if not each.counters)
        others = self._all(
            each for each in everything if each.name not in here and not each.counters
        )
        sets = [each for found in everything for each in found.counters]
        counters = {each.set: each.amounts for each in sets}
        valid = (
            len({each.id for each in units}) == len(units)
            and len(counters) == len(sets)
            and _drawn(units, counters)
            and _drawn(others, counters)
        )
        if not valid:
            return Pool(id=name, flaw=INVALID)
        return Pool(id=name, units=units, others=others, counters=counters)

    def _all(self, slices: Iterable[ResourceSlice]) -> tuple[Unit, ...]:
        return tuple(unit for each in slices for unit in self._of(each))

    def _of(self, found: ResourceSlice) -> tuple[Unit, ...]:
        if found.name not in self._units:
            self._units[found.name] = tuple(
                Unit(
                    DeviceId(found.driver, found.pool, each.name),
                    each,
                    found,
                    Facts(found.driver, each.attributes, each.capacity, each.shared),
                )
                for each in found.devices
            )
        return self._units[found.name]


def reaches(reach: Reach, node: Node) -> bool:
    """Return whether the node reaches what says so."""
    if reach.node is not None:
        return reach.node == node.name
    return reach.all or (reach.selector is not None and takes(reach.selector, node))


def _relevant(found: ResourceSlice, node: Node) -> bool:
    if found.reach.all or found.reach.selector is not None:
        return reaches(found.reach, node)
    return found.per_device and any(reaches(each.reach, node) for each in found.devices)


def _drawn(units: Iterable[Unit], counters: Counters) -> bool:
    """Tell whether the devices draw only on counters that are there."""
    return all(
        taken.set in counters and taken.amounts.keys() <= counters[taken.set].keys()
        for unit in units
        for taken in unit.device.consumes
    )


def _tainted(found: ResourceSlice, rules: Sequence[DeviceTaintRule]) -> ResourceSlice:
    mine = [
        each
        for each in rules
        if each.driver in (None, found.driver) and each.pool in (None, found.pool)
    ]
    if not mine:
        return found
    devices = tuple(
        replace(
            device,
            taints=(
                *device.taints,
                *(each.taint for each in mine if each.device in (None, device.name)),
            ),
        )
        for device in found.devices
    )
    return replace(found, devices=devices)


def _pool_of(found: ResourceSlice) -> PoolId:
    return PoolId(found.driver, found.pool)


def _name(found: ResourceSlice) -> str:
    return found.name
