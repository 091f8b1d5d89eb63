"""Devices of dynamic resource allocation beside the resources that nodes and pods write down."""

from collections import Counter
from dataclasses import replace

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.rules.board import Board
from restow.rules.devices.demand import Demand
from restow.rules.devices.ledger import Ledger
from restow.rules.devices.pools import Inventory


def with_devices(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the devices of each driver as a resource, `DRIVER/devices`.

    Nodes have those that they alone reach, pods those that they hold; one that waits for devices
    has what it asks for, where all devices are of one driver.
    """
    if not snapshot.resource_slices:
        return snapshot
    inventory, ledger = snapshot.derived(Inventory.of), Board(snapshot).devices
    there = {name: _of_node(node, inventory) for name, node in snapshot.nodes.items()}
    drivers = {name for found in there.values() for name in found}
    held = {pod.uid: _of_pod(pod, ledger, drivers) for pod in snapshot.pods.values()}
    return replace(
        snapshot,
        nodes={
            name: replace(node, allocatable=node.allocatable + Amounts(there[name]))
            for name, node in snapshot.nodes.items()
        },
        pods={
            key: replace(pod, requests=pod.requests + Amounts(held[pod.uid]))
            for key, pod in snapshot.pods.items()
        },
    )


def _of_node(node: Node, inventory: Inventory) -> dict[str, int]:
    return Counter(
        _name(pool.id.driver)
        for pool in inventory.pools(node)
        for unit in pool.units
        if unit.slice.reach.node == node.name
    )


def _of_pod(pod: Pod, ledger: Ledger, drivers: set[str]) -> dict[str, int]:
    found = Counter(_name(device.driver) for device in ledger.before(pod))
    demand = None if found or not pod.claims else Demand.of(pod, ledger)
    if isinstance(demand, Demand) and len(drivers) == 1:
        asked = (each.exactly for claim in demand.waiting for each in claim.requests)
        found[min(drivers)] = sum(wish.count for wish in asked if wish is not None)
    return {name: count for name, count in found.items() if name in drivers and count}


def _name(driver: str) -> str:
    return f"{driver}/devices"
