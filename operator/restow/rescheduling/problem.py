"""What is rescheduled, in integers: nodes with free room, pods that may move, and what to gain."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from restow.core.errors import ModelError

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Something a node should have room for.

    Parameters
    ----------
    requests
        (places, resources) what one copy needs in each place of a node where it could stand, a NUMA
        node for one; copies are counted in every place, so no two places share a resource.
    weight
        Gain of one copy.
    most
        Copies that count in each place; None for all.
    """

    requests: tuple[tuple[int, ...], ...]
    weight: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoverClass:
    """Pods or VMs that may take each other's place.

    Parameters
    ----------
    modes
        (modes, resources) what one needs in each way to stand on a node.
    nodes
        Nodes it may be on; None for all.
    """

    modes: tuple[tuple[int, ...], ...]
    nodes: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One pod or VM that may move: where it is, what it is, and how it stands there.

    Parameters
    ----------
    cost
        Of plans that are worth as much, the one whose migrations cost less is the better.
    fee
        Worth that a plan pays if this one moves, however often; negative where it is to leave.
    """

    node: int
    kind: int
    mode: int = 0
    cost: int = 1
    fee: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Movers no two of which may be on one node.

    Parameters
    ----------
    movers
        Indices of movers.
    taken
        Nodes where others of the group are that do not move.
    """

    movers: frozenset[int]
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Free room is to be worth as much as possible after at most `limit` migrations.

    What a plan is worth is that, less the fees of those who move.

    Parameters
    ----------
    free
        (nodes, resources) what is free now; a node that is overfilled has no place here.
    emptied
        (nodes,) what a node is worth besides while no mover is on it; nothing for any node by
        default.

    Raises
    ------
    ModelError
        A node has less than nothing free: a bug.
    """

    free: tuple[tuple[int, ...], ...]
    kinds: tuple[MoverClass, ...]
    movers: tuple[Mover, ...]
    shapes: tuple[Shape, ...]
    limit: int
    groups: tuple[Group, ...] = ()
    emptied: tuple[int, ...] = ()
    _modes: tuple[Ints, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        modes = tuple(np.array(kind.modes, np.int64) for kind in self.kinds)
        object.__setattr__(self, "_modes", modes)
        if not self.emptied:
            object.__setattr__(self, "emptied", (0,) * len(self.free))
        if any(amount < 0 for row in self.free for amount in row):
            raise ModelError("a node has less than nothing free")

    def size(self, mover: Mover) -> Ints:
        """Return what a mover takes now, by resource."""
        return self.needs(mover.kind, mover.mode)

    def needs(self, kind: int, mode: int) -> Ints:
        """Return what one of `kind` takes when it stands in `mode`, by resource."""
        size: Ints = self._modes[kind][mode]
        return size

    def worth_of(self, free: Ints, movers: Ints) -> int:
        """Return what the cluster is worth.

        Parameters
        ----------
        free
            (nodes, resources) what is free.
        movers
            (nodes,) how many movers are there.
        """
        empty = np.array(self.emptied, np.int64)[movers == 0]
        return int(worth(self.shapes, free).sum() + empty.sum())

    def worth_now(self) -> int:
        """Return what the cluster is worth as it is."""
        there = np.bincount([m.node for m in self.movers], minlength=len(self.free))
        return self.worth_of(np.array(self.free, np.int64), there)

    def may_be_on(self, kind: int, node: int) -> bool:
        """Return whether one of `kind` may be on the node, room aside."""
        nodes = self.kinds[kind].nodes
        return nodes is None or node in nodes


def worth(shapes: tuple[Shape, ...], free: Ints) -> Ints:
    """Return what free room is worth: the weighted copies of each shape that fit.

    Parameters
    ----------
    free
        (..., resources).

    Returns
    -------
    Ints
        (...).
    """
    total = np.zeros(free.shape[:-1], np.int64)
    for shape in shapes:
        for request in shape.requests:
            asked = [r for r, amount in enumerate(request) if amount > 0]
            copies = np.min(
                [free[..., r] // request[r] for r in asked], axis=0, initial=np.iinfo(np.int64).max
            )
            if shape.most is not None:
                copies = np.minimum(copies, shape.most)
            total += shape.weight * np.maximum(copies, 0)
    return total
