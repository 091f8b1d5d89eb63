"""Relations in the CP-SAT model: one module per relation, none knowing `packing.judges`."""

from collections.abc import Callable, Mapping
from typing import Any

from restow.packing.encoders import attraction, clash, exclusion, quota, spread, together
from restow.packing.relations import Attraction, Clash, Exclusion, Quota, Spread, Together
from restow.packing.variables import Variables

ENCODERS: Mapping[type, Callable[[Any, Variables], None]] = {
    Exclusion: exclusion.encode,
    Attraction: attraction.encode,
    Spread: spread.encode,
    Quota: quota.encode,
    Together: together.encode,
    Clash: clash.encode,
}
"""Relation to the function that adds its constraints."""


def encode(x: Variables) -> None:
    """Add the constraints of every relation of the Problem."""
    for relation in x.problem.relations:
        ENCODERS[type(relation)](relation, x)
