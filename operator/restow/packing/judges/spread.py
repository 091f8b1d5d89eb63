"""Judge of Spread."""

from collections.abc import Iterable, Iterator

from restow.packing.judges.change import Change
from restow.packing.relations import Spread


def judge(relation: Spread, change: Change) -> Iterator[str]:
    """Yield domains that an arrival finds, or that a stayer is left with, too full."""
    before = _skews(relation, (p for c in relation.counted for p in change.now[c].items()))
    after = _skews(relation, (p for c in relation.counted for p in change.then[c].items()))
    entered = set()
    for c in relation.carriers:
        for node, _ in change.arrivals(c):
            domain = relation.domains[node]
            entered.add(domain)
            if domain < 0 or not relation.counts_on[node]:
                yield f"class {c}: arrives on node {node}, which is not eligible for its spread"
    carried = relation.carried or any(change.now[c] for c in relation.carriers)
    for domain, (was, is_) in enumerate(zip(before, after, strict=True)):
        if domain in entered and is_ > relation.max_skew:
            yield f"domain {domain}: skew {is_} of {relation.max_skew} where a pod arrives"
        elif carried and is_ > max(was, relation.max_skew):
            yield f"domain {domain}: skew {is_} of {relation.max_skew}, was {was}"


def _skews(relation: Spread, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return per domain its count above the least."""
    counts = list(relation.fixed)
    for node, count in pairs:
        if relation.counts_on[node] and relation.domains[node] >= 0:
            counts[relation.domains[node]] += count
    least = 0 if len(counts) < relation.min_domains else min(counts, default=0)
    return [count - least for count in counts]
