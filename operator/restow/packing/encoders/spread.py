"""Encoder of Spread: counts per domain against the least of them."""

from restow.packing.encoders.domains import Nodes, by_domain
from restow.packing.relations import Spread
from restow.packing.variables import Counts, Linear, Variables


def encode(relation: Spread, x: Variables) -> None:
    """Add how far each domain's count may be above the least."""
    nodes = range(len(relation.domains))
    x.bar(
        relation.carriers,
        tuple(n for n in nodes if relation.domains[n] < 0 or not relation.counts_on[n]),
    )
    places = by_domain(relation.domains)
    counting = {
        domain: tuple(n for n in places.get(domain, ()) if relation.counts_on[n])
        for domain in range(len(relation.fixed))
    }
    now = {
        domain: relation.fixed[domain] + x.present(relation.counted, counted)
        for domain, counted in counting.items()
    }
    then = {
        domain: relation.fixed[domain] + x.held(relation.counted, counted)
        for domain, counted in counting.items()
    }
    few = len(relation.fixed) < relation.min_domains
    least: Linear | int = 0 if few or not then else _least(relation, x, counting, then)
    least_now = 0 if few else min(now.values(), default=0)
    carried = relation.carried or any(x.problem.classes[c].running for c in relation.carriers)
    for domain, count in then.items():
        skew, present = count - least, now[domain] - least_now
        if carried:
            x.proto.add(skew <= max(relation.max_skew, present))
        if not carried or present > relation.max_skew:
            arrival = x.any_arrival(relation.carriers, places.get(domain, ()))
            if arrival is not None:
                x.proto.add(skew <= relation.max_skew).only_enforce_if(arrival)


def _least(
    relation: Spread, x: Variables, counting: dict[int, Nodes], then: dict[int, Linear]
) -> Linear:
    """Return a variable that is at most every count; the most of it is the least count."""
    most = max(relation.fixed) + sum(x.problem.classes[c].count for c in relation.counted)
    least = x.proto.new_int_var(0, most, "")
    for count in then.values():
        x.proto.add(least <= count)

    def smallest(counts: Counts) -> int:
        return min(
            relation.fixed[domain] + counts.held(relation.counted, nodes)
            for domain, nodes in counting.items()
        )

    x.derive(least, smallest)
    return least
