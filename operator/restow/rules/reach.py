"""Which nodes reach a volume: its node affinity, and the zones of its labels.

Source: `k8s.io/component-helpers/storage/volume/helpers.go: CheckNodeAffinity` and
`plugins/volumezone/volume_zone.go`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from restow.cluster.objects import Node, NodeSelectorTerm
from restow.cluster.snapshot import Snapshot
from restow.cluster.storage import PersistentVolume
from restow.cluster.terms import Operator
from restow.core.ids import NodeName
from restow.rules import csi_migration
from restow.rules.csi_migration import BETA_REGION, BETA_ZONE, REGION, ZONE, ZONE_DELIMITER
from restow.rules.node_selection import takes

_TOPOLOGY: Final = (BETA_ZONE, BETA_REGION, ZONE, REGION)
_STABLE: Final = {BETA_ZONE: ZONE, BETA_REGION: REGION}


class Zones(NamedTuple):
    """The values of a topology label that a volume is reachable from."""

    key: str
    values: frozenset[str]


def is_taken(terms: tuple[NodeSelectorTerm, ...] | None, node: Node) -> bool:
    """Return whether a volume with these terms is reachable; only labels of the node count."""
    if terms is None:
        return True
    nameless = replace(node, name=NodeName("")) if any(term.fields for term in terms) else node
    return takes(terms, nameless)


def nodes_taken(terms: tuple[NodeSelectorTerm, ...], snapshot: Snapshot) -> Iterator[NodeName]:
    """Yield the nodes from which a volume with these terms is reachable, each once."""
    seen: set[NodeName] = set()
    for term in terms:
        for name in _candidates(term, snapshot):
            if name not in seen and is_taken((term,), snapshot.nodes[name]):
                seen.add(name)
                yield name


def affinity_at(
    volume: PersistentVolume, node: Node, snapshot: Snapshot
) -> tuple[NodeSelectorTerm, ...] | None:
    """Return the volume's terms as they count on the node: translated where it is migrated.

    Raises
    ------
    ValueError
        When the node has its plugin migrated and upstream cannot translate the volume.
    """
    disk = volume.disk
    drivers = snapshot.csi_nodes.get(node.name)
    if disk is None or drivers is None or disk.kind not in drivers.migrated_plugins:
        return volume.node_affinity
    if csi_migration.translated(disk, volume.labels) is None:
        raise ValueError(f"PersistentVolume {volume.name} has no CSI equivalent")
    return csi_migration.node_affinity(volume)


def zones(volume: PersistentVolume) -> tuple[Zones, ...]:
    """Return what the topology labels of the volume demand; a malformed label demands nothing."""
    found: list[Zones] = []
    for key in _TOPOLOGY:
        label = volume.labels.get(key)
        if label is not None:
            values = [value.strip() for value in label.split(ZONE_DELIMITER)]
            if all(values):
                found.append(Zones(key, frozenset(values)))
    return tuple(found)


def in_zones(demanded: tuple[Zones, ...], node: Node) -> bool:
    """Return whether the node is in all of the zones; one without any topology label is."""
    if not any(key in node.labels for key in _TOPOLOGY):
        return True
    return all(_zone(node, each.key) in each.values for each in demanded)


def _zone(node: Node, key: str) -> str | None:
    """Return the node's value, by the stable key when it lacks the old one."""
    value = node.labels.get(key)
    return value if value is not None else node.labels.get(_STABLE.get(key, key))


def _candidates(term: NodeSelectorTerm, snapshot: Snapshot) -> Iterator[NodeName]:
    """Yield nodes that the term may take: those with one of the values it asks for, or all."""
    for each in term.expressions:
        if each.operator is Operator.IN:
            for value in each.values:
                yield from snapshot.nodes_by_label.get((each.key, value), ())
            return
    yield from snapshot.nodes
