"""Where everybody is: room left on each node while columns are carried out and pods are put."""

import numpy as np

from restow.sharing.arrays import Fleet, Ints
from restow.sharing.columns import Column, bits_of


class Layout:
    """The nodes as they are now, to be changed.

    Parameters
    ----------
    cpu, memory, device
        (nodes,), (nodes,), (nodes, devices) free.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.cpu, self.memory = fleet.nodes.cpu.copy(), fleet.nodes.memory.copy()
        self.device = fleet.nodes.device.copy()

    def shift(self, node: int, kind: int, bits: int, sign: int) -> None:
        """Add to a node's room, or take from it, what a pod takes."""
        kinds = self._fleet.kinds
        self.cpu[node] += sign * kinds.cpu[kind]
        self.memory[node] += sign * kinds.memory[kind]
        for d in bits_of(bits):
            self.device[node, d] += sign * kinds.units[kind]

    def leave(self, column: Column, sign: int = 1) -> None:
        """Let a column's pods leave, or come back."""
        nodes, first = self._fleet.nodes, int(self._fleet.nodes.start[column.node])
        for b in bits_of(column.leave):
            kind, mask = int(nodes.kind[first + b]), int(nodes.mask[first + b])
            self.shift(column.node, kind, mask, sign)

    def holds(self, node: int) -> bool:
        """Return whether nothing of a node is overfilled."""
        amounts = (self.cpu[node], self.memory[node], self.device[node].min())
        return bool(min(amounts) >= 0)

    def best(self, kind: int) -> tuple[int, int] | None:
        """Return the node and devices where a pod leaves least room unusable, or None."""
        kinds, nodes = self._fleet.kinds, self._fleet.nodes
        units, number = int(kinds.units[kind]), int(kinds.number[kind])
        fits = (self.cpu >= kinds.cpu[kind]) & (self.memory >= kinds.memory[kind])
        fits &= kinds.model[kind, nodes.model] > 0
        room = self.device >= max(units, 1)
        fits &= room.sum(axis=1) >= number
        at = np.flatnonzero(fits)
        if not len(at):
            return None
        waste = self.cpu[at] / 1e6
        if number:
            tight = np.where(room[at], self.device[at] - units, self._fleet.full + 1)
            waste = waste + (tight.min(axis=1) if number == 1 else 0)
        node = int(at[np.argmin(waste)])
        return node, self._devices(node, units, number)

    def _devices(self, node: int, units: int, number: int) -> int:
        if not number:
            return 0
        room: Ints = self.device[node]
        able = np.flatnonzero(room >= units)
        tightest = able[np.argsort(room[able], kind="stable")[:number]]
        return sum(1 << int(d) for d in tightest)
