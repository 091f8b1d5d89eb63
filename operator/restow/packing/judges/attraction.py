"""Judge of Attraction."""

from collections.abc import Iterator

from restow.packing.judges.change import Change, tally
from restow.packing.relations import Attraction


def judge(relation: Attraction, change: Change) -> Iterator[str]:
    """Yield arrivals without a provider, and stayers that lose theirs."""
    yield from _arrivals(relation, change)
    yield from _stayers(relation, change)


def _arrivals(relation: Attraction, change: Change) -> Iterator[str]:
    dependent = {
        c
        for other in change.problem.relations
        if isinstance(other, Attraction)
        for c in other.needy
    }
    sure = tally(
        (
            pair
            for c in relation.providers
            for pairs in (change.stays(c), () if c in dependent else change.arrivals(c))
            for pair in pairs
        ),
        relation.domains,
    )
    excepted = _first_pod(relation, change)
    for c in relation.needy:
        for node, _ in change.arrivals(c):
            domain = relation.domains[node]
            if domain < 0:
                yield f"class {c}: arrives on node {node}, which is in no domain of its affinity"
            elif not relation.fixed[domain] + sure[domain] and not (
                excepted and c in relation.providers
            ):
                yield f"class {c}: arrives in domain {domain}, which has no provider"


def _first_pod(relation: Attraction, change: Change) -> bool:
    """Whether no provider sits in a domain now and all that arrives is in one domain."""
    if not relation.seed or any(relation.fixed):
        return False
    for c in relation.providers:
        if any(relation.domains[node] >= 0 for node in change.now[c]):
            return False
    entered = {
        relation.domains[node]
        for c in {*relation.needy, *relation.providers}
        for node, _ in change.arrivals(c)
        if relation.domains[node] >= 0
    }
    return len(entered) <= 1


def _stayers(relation: Attraction, change: Change) -> Iterator[str]:
    had = {
        relation.domains[node] for c in relation.providers for node, k in change.now[c].items() if k
    }
    has = tally((p for c in relation.providers for p in change.end(c)), relation.domains)
    stay = tally((p for c in relation.needy for p in change.stays(c)), relation.domains)
    for domain, fixed in enumerate(relation.fixed):
        waits_there = relation.anchored[domain] or stay[domain]
        if domain in had and not fixed and waits_there and not has[domain]:
            yield f"domain {domain}: pods stay there and lose their last provider"
