"""Nodes that no rule can tell apart, so that of equal plans only one is looked at."""

from collections import Counter

from restow.packing.fill import Fill
from restow.packing.problem import Problem
from restow.packing.relations import Attraction, Clash, Exclusion, Quota, Relation, Spread, Together


def node_classes(problem: Problem) -> list[list[int]]:
    """Return the sets of interchangeable nodes with two members or more, sorted.

    Interchangeable: same capacity, same running pods per class, allowed for the same classes, and
    in each relation in the same domain or each alone in domains that are told alike.
    Exchanging two of them turns any plan into another of the same value on every level, so a
    model may order them.
    """
    marks: list[list[tuple[int, int]]] = [[] for _ in problem.capacity]
    for c, pods in enumerate(problem.classes):
        for node, count in pods.running:
            marks[node].append((c, count))
        for node in pods.allowed:
            marks[node].append((c, -1))
    places = [_places(relation) for relation in problem.relations]
    found: dict[tuple[object, ...], list[int]] = {}
    for node, row in enumerate(problem.capacity):
        where = tuple(place[node] for place in places if place)
        found.setdefault((row, tuple(sorted(marks[node])), where), []).append(node)
    return [members for members in found.values() if len(members) > 1]


def _places(relation: Relation) -> list[tuple[object, ...]]:
    """Return per node what the relation says of it; empty if it says nothing of nodes."""
    if isinstance(relation, Together):
        return []
    size = Counter(relation.domains)
    found: list[tuple[object, ...]] = []
    for node, domain in enumerate(relation.domains):
        counts = isinstance(relation, Spread) and relation.counts_on[node]
        alone = domain >= 0 and size[domain] == 1
        found.append((counts, *_facts(relation, domain)) if alone else (counts, "in", domain))
    return found


def _facts(
    relation: Exclusion | Attraction | Spread | Quota | Clash, domain: int
) -> tuple[object, ...]:
    """Return what the relation says of a domain beside which nodes are in it."""
    match relation:
        case Exclusion():
            return ()
        case Attraction():
            return relation.fixed[domain], relation.anchored[domain]
        case Spread():
            return (relation.fixed[domain],)
        case Quota():
            return (relation.room[domain],)
        case Clash():
            return tuple(pods for each, pods in relation.forbidden if each == domain)


def order_weights(problem: Problem) -> list[int]:
    """Return per class the weight by which interchangeable nodes are ordered (fullest first)."""
    return [c + 1 for c in range(len(problem.classes))]


def in_order(problem: Problem, fill: Fill, interchangeable: list[list[int]]) -> Fill:
    """Return `fill` with interchangeable nodes renamed so that their weights do not ascend."""
    weights = order_weights(problem)
    name = {n: n for n in range(len(problem.capacity))}
    for members in interchangeable:
        load = {
            n: sum(w * row.get(n, 0) for w, row in zip(weights, fill, strict=True)) for n in members
        }
        fullest = sorted(members, key=lambda n: (-load[n], n))
        name.update(zip(fullest, members, strict=True))
    return [{name[n]: count for n, count in row.items()} for row in fill]
