"""Immutable, hashable mappings: labels, and amounts of resources with their arithmetic."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Generic, Self, TypeVar

V = TypeVar("V")


class FrozenMap(Mapping[str, V], Generic[V]):
    """A mapping that never changes; equal content is equal and hashes alike, whatever the order."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        pairs = dict(items)
        self._items: dict[str, V] = {key: pairs[key] for key in sorted(pairs)}
        self._hash: int | None = None

    def __getitem__(self, key: str) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def keys(self) -> KeysView[str]:
        """Return the keys; as the two below, the dict's own, which is far faster than Mapping's."""
        return self._items.keys()

    def items(self) -> ItemsView[str, V]:
        """Return the pairs."""
        return self._items.items()

    def values(self) -> ValuesView[V]:
        """Return the values."""
        return self._items.values()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._items.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._items == other._items
        return isinstance(other, Mapping) and self._items == dict(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, V]]]:
        return type(self), (self._items,)


Labels = FrozenMap[str]
NO_LABELS = Labels()


class Amounts(FrozenMap[int]):
    """Amounts per resource name, in integers; a name that is absent amounts to zero.

    CPU is in millicores, everything else in its base unit: bytes, devices, `pods` in pods.
    Zeros are dropped, so that equal amounts are equal objects.
    """

    __slots__ = ()

    def __init__(self, items: Mapping[str, int] | Iterable[tuple[str, int]] = ()) -> None:
        super().__init__({name: amount for name, amount in dict(items).items() if amount})

    def of(self, name: str) -> int:
        """Return the amount of `name`, 0 when absent."""
        return self._items.get(name, 0)

    def row(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the amounts of the names, in their order."""
        get = self._items.get
        return tuple([get(name, 0) for name in names])

    def __add__(self, other: "Amounts") -> "Amounts":
        if not other._items:
            return self
        return Amounts({name: self.of(name) + other.of(name) for name in {*self, *other}})

    def __sub__(self, other: "Amounts") -> "Amounts":
        return Amounts({name: self.of(name) - other.of(name) for name in {*self, *other}})

    def lacking(self, other: "Amounts") -> "Amounts":
        """Return by how much `other` falls short of this, per resource; empty when it suffices."""
        found = {
            name: need - other.of(name)
            for name, need in self._items.items()
            if need > max(0, other.of(name))
        }
        return Amounts(found) if found else NOTHING


NOTHING = Amounts()


def total(amounts: Iterable[Amounts]) -> Amounts:
    """Return the sum; empty amounts for none."""
    sums: dict[str, int] = {}
    for each in amounts:
        for name, amount in each.items():
            sums[name] = sums.get(name, 0) + amount
    return Amounts(sums)
