"""Judge of Quota."""

from collections.abc import Iterator

from restow.packing.judges.change import Change, tally
from restow.packing.relations import Quota


def judge(relation: Quota, change: Change) -> Iterator[str]:
    """Yield domains whose arrivals take more than there is."""
    taken = tally(
        ((node, units * more) for c, units in relation.units for node, more in change.arrivals(c)),
        relation.domains,
    )
    for domain, units_taken in sorted(taken.items()):
        if units_taken > relation.room[domain]:
            yield f"domain {domain}: {units_taken} units taken of {relation.room[domain]}"
