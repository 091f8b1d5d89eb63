"""Which devices a pod may ever get, whatever is held: pods whose sets are apart never compete."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from restow.cluster.devices import DeviceWish
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.rules.devices import extended
from restow.rules.devices.classes import classes_by_resource
from restow.rules.devices.ledger import keys
from restow.rules.devices.pools import DeviceId, Inventory, PoolId, Unit
from restow.rules.devices.selectors import SelectorError, UnreadableError, matches
from restow.rules.devices.wants import wishes


class CounterSet(NamedTuple):
    """Counters of a pool: devices that draw on the same ones compete."""

    pool: PoolId
    name: str


Footprint = frozenset[DeviceId | CounterSet]

_Selected = tuple[str, tuple[str | None, ...]]
"""A class, and what a request selects beyond it."""


def of(pod: Pod, snapshot: Snapshot) -> Footprint:
    """Return every device that one of the pod's requests selects, and the counters it draws on."""
    known = snapshot.derived(_known)
    found: Footprint = frozenset()
    for each in _wishes(pod, snapshot):
        key = each.device_class, each.selectors
        if key not in known:
            known[key] = frozenset(_selected(key, snapshot))
        found |= known[key]
    return found


def _known(_: Snapshot) -> dict[_Selected, Footprint]:
    return {}


def _wishes(pod: Pod, snapshot: Snapshot) -> Iterator[DeviceWish]:
    claims = snapshot.resource_claims
    for key in keys(pod):
        if key in claims:
            for request in claims[key].requests:
                yield from wishes(request)
    classes = classes_by_resource(snapshot)
    for resource in extended.backed(pod, snapshot):
        yield DeviceWish(device_class=classes[resource].name)


def _selected(key: _Selected, snapshot: Snapshot) -> Iterator[DeviceId | CounterSet]:
    name, selectors = key
    found = snapshot.device_classes.get(name)
    if found is None:
        return
    asked = (*found.selectors, *selectors)
    for unit in snapshot.derived(Inventory.of).units():
        if all(map(partial(_may_match, unit), asked)):
            yield unit.id
            yield from (CounterSet(unit.pool, each.set) for each in unit.device.consumes)


def _may_match(unit: Unit, selector: str | None) -> bool:
    """Tell whether the selector takes the device; true when that cannot be told."""
    if selector is None:
        return True
    try:
        return matches(selector, unit.facts)
    except (SelectorError, UnreadableError):
        return True
