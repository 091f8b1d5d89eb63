"""Target shapes: what a cluster should have room for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from restow.core.errors import InputError
from restow.core.frozen import Amounts
from restow.core.quantity import value, value_milli

CPU: Final = "cpu"
MEMORY: Final = "memory"
DEVICES: Final = "devices "
"""How sets of devices that serve claims are called where they stand beside resources."""


class Usable(StrEnum):
    """How much of a node's room a shape can use."""

    PACK = "Pack"  # whole copies: VMR2L's fragment rate, the whole nodes of a GPU shape
    FIT = "Fit"  # all that is free, if one copy fits at all: FGD's expected fragmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetShape:
    """A pod that should find a place.

    Parameters
    ----------
    requests
        What it needs, never nothing.
    weight
        How much it counts beside other shapes.
    most
        Copies that count on one node; None for all.
    served
        What it takes of a node where a DeviceClass backs what it asks for: devices of a set that
        suit it instead, as whoever counts the free ones calls it. None where nothing is served so.
    """

    requests: Amounts
    weight: int = 1
    most: int | None = None
    usable: Usable = Usable.PACK
    served: Amounts | None = None

    @property
    def takes(self) -> Amounts:
        """What a copy takes of a node."""
        return self.requests if self.served is None else self.served

    @property
    def main(self) -> str:
        """The resource that the shape is about: its devices if it asks for any, else its CPU."""
        devices = [name for name in self.takes if "/" in name or name.startswith(DEVICES)]
        if devices:
            return devices[0]
        return CPU if CPU in self.takes else next(iter(self.takes))

    @property
    def whole(self) -> int:
        """What one CPU, device or byte of the main resource counts, by weight."""
        return self.weight * (1000 if self.main == CPU else 1)

    @property
    def name(self) -> str:
        """The shape as it is written."""
        return ",".join(f"{name}={_text(name, amount)}" for name, amount in self.requests.items())


def largest(requests: Iterable[Amounts]) -> tuple[TargetShape, ...]:
    """Return the largest pod as a shape: what a cluster is to hold again.

    Where pods ask for devices, the largest of each kind of device, and no other: a device costs
    more than all the CPU beside it. Only CPU, memory and devices are asked for.
    """
    best: dict[str, TargetShape] = {}
    for each in requests:
        shape = wanted(each)
        if shape is None:
            continue
        known = best.get(shape.main)
        if known is None or _size(shape) > _size(known):
            best[shape.main] = shape
    devices = [name for name in sorted(best) if "/" in name]
    return tuple(best[name] for name in devices or sorted(best))


def wanted(requests: Amounts) -> TargetShape | None:
    """Return the shape of a pod: CPU, memory and devices; None if it asks for none of them."""
    asked = {name: amount for name, amount in requests.items() if _counts(name) and amount > 0}
    return TargetShape(requests=Amounts(asked)) if asked else None


def _counts(name: str) -> bool:
    return name in {CPU, MEMORY} or ("/" in name and not name.startswith("hostPort "))


def _size(shape: TargetShape) -> tuple[int, int, int]:
    asked = shape.requests
    return asked.of(shape.main), asked.of(CPU), asked.of(MEMORY)


def shape_of(text: str, *, where: str, field: str) -> TargetShape:
    """Read a shape such as `nvidia.com/gpu=8,cpu=32,memory=256Gi`, `weight=2` among them if wanted.

    Raises
    ------
    InputError
        When an amount is no quantity, or there is none.
    """
    amounts: dict[str, int] = {}
    weight = 1
    for part in text.split(","):
        name, separator, quantity = (each.strip() for each in part.partition("="))
        try:
            if not name or not separator:
                raise ValueError(f"{part!r} is not NAME=QUANTITY")
            amount = value_milli(quantity) if name == CPU else value(quantity)
            if amount <= 0:
                raise ValueError(f"{quantity!r} of {name} is not positive")
        except ValueError as error:
            raise InputError(
                where=where,
                field=field,
                problem=str(error),
                remedy="write a shape as nvidia.com/gpu=8,cpu=32,memory=256Gi",
            ) from error
        if name == "weight":
            weight = amount
        else:
            amounts[name] = amount
    if not amounts:
        raise InputError(
            where=where,
            field=field,
            problem=f"{text!r} asks for nothing",
            remedy="write a shape as nvidia.com/gpu=8,cpu=32,memory=256Gi",
        )
    return TargetShape(requests=Amounts(amounts), weight=weight)


def _text(name: str, amount: int) -> str:
    if name == CPU:
        return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"
    for unit, suffix in ((1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")):
        if amount % unit == 0:
            return f"{amount // unit}{suffix}"
    return str(amount)
