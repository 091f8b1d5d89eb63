"""The measure: the share of free room that no target shape can use.

Frag = 1 - sum_s w_s sum_n U_s(free_n) / sum_s w_s sum_n free_n[rho(s)], where rho(s) is the shape's
main resource and U_s how much of it shape s can use on a node: with `Pack`
r_s[rho] * min(kappa_s, floor(free / r_s)), with `Fit` free[rho] if one copy fits, else 0. One shape
of 16 cores on NUMA nodes is VMR2L's fragment rate (arXiv 2505.17359, section 2.1), a mix of shapes
with `Fit` is FGD's expected fragmentation (USENIX ATC'23, section 4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from restow.core.frozen import Amounts
from restow.fragmentation.shapes import TargetShape, Usable


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What free room is worth to a shape.

    Parameters
    ----------
    copies
        That fit at the same time, each shape by itself.
    usable, free
        Of the main resource.
    """

    shape: TargetShape
    copies: int
    usable: int
    free: int

    @property
    def fragmentation(self) -> float:
        """The share of the free main resource that the shape cannot use; 0 where none is free."""
        return 1 - self.usable / self.free if self.free else 0.0


def measure(shapes: Iterable[TargetShape], free: Sequence[Amounts]) -> tuple[Measured, ...]:
    """Return what the free room of nodes is worth to each shape."""
    found = []
    for shape in shapes:
        copies = [copies_in(shape, room) for room in free]
        main = shape.main
        if shape.usable is Usable.PACK:
            usable = sum(copies) * shape.takes.of(main)
        else:
            usable = sum(
                max(0, room.of(main)) for room, fit in zip(free, copies, strict=True) if fit
            )
        found.append(
            Measured(
                shape=shape,
                copies=sum(copies),
                usable=usable,
                free=sum(max(0, room.of(main)) for room in free),
            )
        )
    return tuple(found)


def fragmentation(measured: Iterable[Measured]) -> float:
    """Return the fragmentation over all shapes, by weight; between 0 and 1."""
    each = tuple(measured)
    free = sum(m.shape.weight * m.free for m in each)
    return 1 - sum(m.shape.weight * m.usable for m in each) / free if free else 0.0


def copies_in(shape: TargetShape, room: Amounts) -> int:
    """Return how many copies of a shape fit in a node's free room, up to its most."""
    copies = min(max(0, room.of(name)) // amount for name, amount in shape.takes.items())
    return copies if shape.most is None else min(copies, shape.most)
