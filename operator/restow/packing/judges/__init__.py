"""Relations judged on plain counts: one module per relation, none knowing `packing.encoders`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from restow.packing.judges import attraction, clash, exclusion, quota, spread, together
from restow.packing.judges.change import Change
from restow.packing.relations import Attraction, Clash, Exclusion, Quota, Relation, Spread, Together

JUDGES: Mapping[type, Callable[[Any, Change], Iterator[str]]] = {
    Exclusion: exclusion.judge,
    Attraction: attraction.judge,
    Spread: spread.judge,
    Quota: quota.judge,
    Together: together.judge,
    Clash: clash.judge,
}
"""Relation to the function that yields what breaks it."""


def complaints(relations: Iterable[Relation], change: Change) -> Iterator[str]:
    """Yield what the end state of `change` breaks of `relations`."""
    for relation in relations:
        yield from JUDGES[type(relation)](relation, change)
