"""Judge of Exclusion."""

from collections.abc import Iterator

from restow.packing.judges.change import Change, tally
from restow.packing.relations import Exclusion


def judge(relation: Exclusion, change: Change) -> Iterator[str]:
    """Yield each domain in which a pod arrives beside one it excludes, or that excludes it."""
    for arriving, others in (
        (relation.carriers, relation.targets),
        (relation.targets, relation.carriers),
    ):
        there = tally((pair for c in others for pair in change.end(c)), relation.domains)
        for c in arriving:
            itself = 1 if c in others else 0
            for domain in sorted(tally(change.arrivals(c), relation.domains)):
                if there[domain] > itself:
                    beside = there[domain] - itself
                    yield f"class {c}: arrives in domain {domain} beside {beside} that it excludes"
