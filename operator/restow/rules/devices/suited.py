"""Which devices suit which wishes: how many of them are free bounds what a node can serve.

A bound, no more: whether the devices suffice for all pods together, constraints and shared counters
included, only the allocator tells. It is exact where every wish takes whole devices, and of two
sets of suitable devices one includes the other or they have nothing in common (Hall's theorem).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

from restow.cluster.devices import DeviceRequest, DeviceWish, ResourceClaim
from restow.cluster.objects import Node
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.rules.board import Board
from restow.rules.devices import extended
from restow.rules.devices.candidates import is_tolerated
from restow.rules.devices.classes import classes_by_resource
from restow.rules.devices.demand import Demand
from restow.rules.devices.pools import DeviceId, Inventory, Unit
from restow.rules.devices.wants import AbortError, Place, UnknownError, wants

Suited = frozenset[DeviceId]

_PROBE: Final = ResourceClaim(key=ObjectKey("", "probe"), uid=Uid(""))
"""Carries a wish to the allocator's own reading of it."""


class Asked(NamedTuple):
    """Whole devices that a pod asks for; with a `resource`, unless a plugin of the node has it."""

    wish: DeviceWish
    number: int
    resource: str = ""


@dataclass(frozen=True, kw_only=True)
class Suits:
    """The sets of devices that suit some wish of some pod.

    Parameters
    ----------
    board
        Without the pods that ask: what they hold now counts as free.
    asked
        Per pod with claims, what it asks for.
    """

    board: Board
    nodes: tuple[Node, ...]
    asked: Mapping[Uid, tuple[Asked, ...]]

    @classmethod
    def of(cls, demands: Iterable[Demand], nodes: Sequence[Node], board: Board) -> "Suits":
        """Return what of the devices of `nodes` suits pods that do not sit on the board."""
        asked = {each.pod.uid: tuple(_asked(each)) for each in demands}
        return cls(board=board, nodes=tuple(nodes), asked=asked)

    def needs(self, uid: Uid) -> Amounts:
        """Return how many devices of each set the pod takes at least."""
        needs: dict[str, int] = {}
        for each in self.asked.get(uid, ()):
            mine = self._suited[each.wish]
            for found, name in self._names.items():
                if mine and mine <= found and (not each.resource or mine == found):
                    needs[name] = needs.get(name, 0) + each.number
        return Amounts(needs)

    def free(self, node: NodeName) -> Amounts:
        """Return how many devices of each set the node reaches that nobody on the board holds.

        Where a plugin of the node has an extended resource, devices do not bound: plenty.
        """
        units = self._free.get(node, frozenset())
        allocatable = self.board.nodes[node].allocatable
        return Amounts(
            {
                name: self._plenty
                if any(allocatable.of(each) for each in self._resources.get(found, ()))
                else len(found & units)
                for found, name in self._names.items()
            }
        )

    def kind(self, device: DeviceId) -> object:
        """Return what tells a device from others: those of one kind serve alike."""
        if device in self._peculiar:
            return device
        return frozenset(name for found, name in self._names.items() if device in found)

    @cached_property
    def _plenty(self) -> int:
        return sum(each.number for found in self.asked.values() for each in found)

    @cached_property
    def _suited(self) -> Mapping[DeviceWish, Suited]:
        """Per wish, the devices that suit it; none where that is no bound on it."""
        wishes = dict.fromkeys(each.wish for found in self.asked.values() for each in found)
        return {wish: self._suiting(wish) for wish in wishes}

    @cached_property
    def _names(self) -> Mapping[Suited, str]:
        found = dict.fromkeys(each for each in self._suited.values() if each)
        return {each: f"devices {number}" for number, each in enumerate(found)}

    @cached_property
    def _resources(self) -> Mapping[Suited, set[str]]:
        """Per set, the extended resources that are asked of it."""
        found: dict[Suited, set[str]] = {}
        for pods in self.asked.values():
            for each in pods:
                if each.resource:
                    found.setdefault(self._suited[each.wish], set()).add(each.resource)
        return found

    @cached_property
    def _free(self) -> Mapping[NodeName, Suited]:
        held = self.board.devices.stock().held
        return {
            node.name: frozenset(unit.id for unit in self._units(node) if not held.is_any(unit.id))
            for node in self.nodes
        }

    @cached_property
    def _peculiar(self) -> frozenset[DeviceId]:
        """The devices that are not whole and alone: shares, and parts that draw on counters."""
        inventory = self.board.snapshot.derived(Inventory.of)
        return frozenset(
            unit.id for unit in inventory.units() if unit.device.shared or unit.device.consumes
        )

    def _units(self, node: Node) -> Iterator[Unit]:
        inventory = self.board.snapshot.derived(Inventory.of)
        for pool in inventory.pools(node):
            yield from pool.units

    def _suiting(self, wish: DeviceWish) -> Suited:
        """Return the devices that suit a wish; none if shares of a device may serve it."""
        classes = self.board.snapshot.device_classes
        inventory = self.board.snapshot.derived(Inventory.of)
        request = DeviceRequest(name="probe", exactly=wish)
        claim = replace(_PROBE, requests=(request,))
        found: set[DeviceId] = set()
        for node in self.nodes:
            try:
                (((want,),),) = wants((claim,), Place(node, inventory.pools(node), classes))
                for unit in self._units(node):
                    if want.takes(unit) and is_tolerated(unit, wish.tolerations):
                        if unit.device.shared:
                            return frozenset()
                        found.add(unit.id)
            except (AbortError, UnknownError):  # the rule says so of the node itself
                return frozenset()
        return frozenset(found)


def _asked(demand: Demand) -> Iterator[Asked]:
    """Yield the whole devices that the pod asks for in any case, of its own claims."""
    pod, snapshot = demand.pod, demand.snapshot
    for claim in demand.waiting:
        if claim.owner != pod.uid:
            continue
        for each in claim.requests:
            wish = each.exactly
            if wish is not None and wish.mode == "ExactCount" and not wish.admin:
                yield Asked(replace(wish, name="", count=1), wish.count)
    classes = classes_by_resource(snapshot)
    for resource in sorted(extended.backed(pod, snapshot)):
        for request in extended.requests(pod, (resource,), classes):
            if request.exactly is not None:
                wish = request.exactly
                yield Asked(replace(wish, count=1), wish.count, resource)
