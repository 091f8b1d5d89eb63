"""Columns: one use of a node each, as "these leave, those arrive"."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from restow.sharing.arrays import Fleet
from restow.sharing.pricing import Uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One use of a node.

    Parameters
    ----------
    leave
        Which of the node's pods leave, as bits.
    arrive
        Class and devices, as bits, of each arrival.
    gain
        Thousandths of devices in use, more than now.
    net
        Arrivals less departures by class, where they differ.
    """

    node: int
    leave: int
    arrive: tuple[tuple[int, int], ...]
    gain: int = field(compare=False)
    net: tuple[tuple[int, int], ...] = field(compare=False)

    @property
    def moves(self) -> int:
        """Return how many pods leave."""
        return self.leave.bit_count()


def column_of(fleet: Fleet, node: int, leave: int, arrive: list[tuple[int, int]]) -> Column:
    """Return the column of departures, as bits, and of arrivals."""
    net = Counter[int]()
    for kind, _ in arrive:
        net[kind] += 1
    first = int(fleet.nodes.start[node])
    for bit in bits_of(leave):
        net[int(fleet.nodes.kind[first + bit])] -= 1
    return Column(
        node=node,
        leave=leave,
        arrive=tuple(arrive),
        gain=sum(number * int(fleet.kinds.gain[kind]) for kind, number in net.items()),
        net=tuple((kind, number) for kind, number in sorted(net.items()) if number),
    )


def bits_of(mask: int) -> tuple[int, ...]:
    """Return the positions of a word's bits."""
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)


class Columns:
    """The columns found so far, each once."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.all: list[Column] = []
        self._known: set[Column] = set()

    def extend(self, uses: Uses) -> list[Column]:
        """Enter the uses found, and return those that are new."""
        new = []
        for node, size in np.argwhere(uses.size >= 0).tolist():
            count = int(uses.size[node, size])
            kinds = uses.kind[node, size, :count].tolist()
            bits = uses.bits[node, size, :count].tolist()
            leave = int(uses.leave[node, size])
            column = column_of(self.fleet, node, leave, list(zip(kinds, bits, strict=True)))
            if column not in self._known:
                self._known.add(column)
                new.append(column)
        self.all += new
        return new
