"""What is placed: nodes, and classes of pods with how many pods are of each."""

from dataclasses import dataclass

from restow.sharing.arrays import Ints
from restow.sharing.problem import FULL, Node, PodClass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    """Nodes and classes.

    Parameters
    ----------
    count
        (kinds,) pods of each class: the mix that placement may know.
    """

    nodes: tuple[Node, ...]
    kinds: tuple[PodClass, ...]
    count: Ints

    def capacity(self) -> int:
        """Return what all devices are, in thousandths of one."""
        return sum(node.devices for node in self.nodes) * FULL
