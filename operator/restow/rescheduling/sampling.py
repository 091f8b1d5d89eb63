"""Some kinds of many, of all sizes: a few are enough to fill any room well.

They are others each time: kinds are nearly one of a kind, and what leaves has to match what arrives
in whole numbers, which needs a choice.
"""

import numpy as np

from restow.rescheduling.problem import Ints
from restow.rescheduling.table import Table

SAMPLE = 200
"""Kinds at a time."""


class Sampling:
    """Draws holes of kinds that are there; the same ones in the same order each time it is made."""

    def __init__(self, table: Table) -> None:
        own = np.unique(table.leaving)
        self._by_size = own[np.argsort(table.share[own], kind="stable")]
        self._luck = np.random.default_rng(0)

    def some(self, prices: Ints) -> Ints:
        """Return (holes,) the prices of some of the holes that have one, and 0 for all others."""
        priced = self._by_size[prices[self._by_size] > 0]
        found = np.zeros_like(prices)
        if len(priced):
            strata = np.arange(SAMPLE) * len(priced) // SAMPLE
            within = self._luck.integers(0, 1 + len(priced) // SAMPLE, SAMPLE)
            drawn = priced[(strata + within) % len(priced)]
            found[drawn] = prices[drawn]
        return found
