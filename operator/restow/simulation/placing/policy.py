"""What a policy of placement is."""

from typing import Protocol

from restow.simulation.placing.cluster import Cluster

Seat = tuple[int, int]
"""A node, or -1, and devices as bits."""


class Policy(Protocol):
    """Says where a pod goes.

    Parameters
    ----------
    turn
        What it remembers from one pod to the next besides its dice: a number. What else it keeps
        follows from the cluster.
    """

    turn: int

    def seat(self, cluster: Cluster, kind: int) -> Seat:
        """Return the node and devices for a pod of a class; -1 for none."""
