"""Seeded choices in few words."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """A random source; equal seeds give equal scenes."""

    def maybe(self, share: float) -> bool:
        """Return True in this share of the calls."""
        return self.random() < share

    def some(self, items: Sequence[T], least: int = 0, most: int | None = None) -> list[T]:
        """Return different items, in the order given."""
        number = self.randint(least, len(items) if most is None else min(most, len(items)))
        chosen = set(self.sample(range(len(items)), number))
        return [each for index, each in enumerate(items) if index in chosen]
