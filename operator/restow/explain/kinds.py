"""Nodes by kind: those that a person would call the same."""

from collections.abc import Iterable

from restow.cluster.objects import Node
from restow.core.frozen import Amounts

_LABELS = ("nvidia.com/gpu.product", "node.kubernetes.io/instance-type")
"""The first of these that a node has names its kind."""


def by_kind(nodes: Iterable[Node]) -> tuple[tuple[str, tuple[Node, ...]], ...]:
    """Return (name of the kind, nodes) pairs; by name, nodes sorted.

    A kind is an allocatable and the labels that tell hardware apart. Without such a label it is
    named after its first node.
    """
    groups: dict[tuple[Amounts, tuple[str | None, ...]], list[Node]] = {}
    for node in sorted(nodes, key=lambda node: node.name):
        labels = tuple(node.labels.get(label) for label in _LABELS)
        groups.setdefault((node.allocatable, labels), []).append(node)
    named = [
        (next((label for label in labels if label), f"like {members[0].name}"), tuple(members))
        for (_, labels), members in groups.items()
    ]
    return tuple(sorted(named, key=lambda each: (each[0], each[1][0].name)))
