"""What a person would call a node's hardware."""

from typing import Final

from restow.cluster.objects import Node

_LABELS: Final = ("nvidia.com/gpu.product", "node.kubernetes.io/instance-type")
"""The first of these that a node has names its kind."""


def kind_of(node: Node) -> str:
    """Return the product of its GPUs, or its instance type; empty when no label tells."""
    return next((node.labels[label] for label in _LABELS if node.labels.get(label)), "")
