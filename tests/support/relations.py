"""Relations judged by the words of their docstrings, pod by pod: the reference of the tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from restow.packing.problem import Problem
from restow.packing.relations import (
    Attraction,
    Clash,
    Combination,
    Exclusion,
    Quota,
    Relation,
    Spread,
    Together,
)

Rows = Sequence[Sequence[int]]
"""(classes, nodes) numbers of pods."""


@dataclass(frozen=True)
class Seat:
    """One pod at the end: its class, its node, and whether it was there before."""

    pods: int
    node: int
    stayed: bool


def seats(home: Rows, plan: Rows) -> list[Seat]:
    return [
        Seat(c, n, i < home[c][n])
        for c, row in enumerate(plan)
        for n, count in enumerate(row)
        for i in range(count)
    ]


def kept(problem: Problem, home: Rows, plan: Rows) -> bool:
    """Return whether every relation of the problem holds."""
    there = seats(home, plan)
    return all(_holds(relation, problem, home, there) for relation in problem.relations)


def _holds(relation: Relation, problem: Problem, home: Rows, there: list[Seat]) -> bool:
    match relation:
        case Exclusion():
            return _apart(relation, there)
        case Attraction():
            return all(
                _finds(relation, problem, home, there, pod) for pod in there if not pod.stayed
            ) and _keeps(relation, home, there)
        case Spread():
            return _even(relation, home, there)
        case Quota():
            return _affords(relation, there)
        case Together():
            group = [c for c in relation.classes if problem.classes[c].pending]
            found = sum(pod.pods in group for pod in there)
            return found in (0, sum(problem.classes[c].pending for c in group))
        case Clash():
            return not any(_held(relation, there, *each) for each in relation.forbidden)


def _held(relation: Clash, there: list[Seat], domain: int, pods: Combination) -> bool:
    here = [seat for seat in there if relation.domains[seat.node] == domain]
    return any(not seat.stayed and seat.pods in dict(pods) for seat in here) and all(
        sum(seat.pods == c for seat in here) >= count for c, count in pods
    )


def _apart(relation: Exclusion, there: list[Seat]) -> bool:
    for pod in there:
        for other in there:
            together = relation.domains[pod.node] == relation.domains[other.node] != -1
            if pod is other or not together or (pod.stayed and other.stayed):
                continue
            if pod.pods in relation.carriers and other.pods in relation.targets:
                return False
    return True


def _finds(
    relation: Attraction, problem: Problem, home: Rows, there: list[Seat], pod: Seat
) -> bool:
    if pod.pods not in relation.needy:
        return True
    domain = relation.domains[pod.node]
    if domain == -1:
        return False
    needy = {c for r in problem.relations if isinstance(r, Attraction) for c in r.needy}
    sure = [p for p in there if p.pods in relation.providers and (p.stayed or p.pods not in needy)]
    if relation.fixed[domain] or any(relation.domains[p.node] == domain for p in sure):
        return True
    present = any(
        home[c][n] and relation.domains[n] != -1
        for c in relation.providers
        for n in range(len(relation.domains))
    )
    if not relation.seed or present or any(relation.fixed) or pod.pods not in relation.providers:
        return False
    arrived = {
        relation.domains[p.node]
        for p in there
        if not p.stayed and p.pods in {*relation.needy, *relation.providers}
    }
    return arrived - {-1} == {domain}


def _keeps(relation: Attraction, home: Rows, there: list[Seat]) -> bool:
    for domain, fixed in enumerate(relation.fixed):
        nodes = [n for n, d in enumerate(relation.domains) if d == domain]
        had = fixed + sum(home[c][n] for c in relation.providers for n in nodes)
        here = [pod for pod in there if pod.node in nodes]
        waits = relation.anchored[domain] or any(
            pod.stayed and pod.pods in relation.needy for pod in here
        )
        if had and waits and not fixed and not any(p.pods in relation.providers for p in here):
            return False
    return True


def _even(relation: Spread, home: Rows, there: list[Seat]) -> bool:
    def skews(pods: list[tuple[int, int]]) -> list[int]:
        counts = list(relation.fixed)
        for c, n in pods:
            if c in relation.counted and relation.counts_on[n] and relation.domains[n] != -1:
                counts[relation.domains[n]] += 1
        least = 0 if len(counts) < relation.min_domains else min(counts)
        return [count - least for count in counts]

    now = [(c, n) for c, row in enumerate(home) for n, k in enumerate(row) for _ in range(k)]
    before, after = skews(now), skews([(pod.pods, pod.node) for pod in there])
    for pod in there:
        if pod.stayed or pod.pods not in relation.carriers:
            continue
        domain = relation.domains[pod.node]
        if domain == -1 or not relation.counts_on[pod.node] or after[domain] > relation.max_skew:
            return False
    if not relation.carried and not any(c in relation.carriers for c, _ in now):
        return True
    return all(a <= max(relation.max_skew, b) for a, b in zip(after, before, strict=True))


def _affords(relation: Quota, there: list[Seat]) -> bool:
    units = dict(relation.units)
    taken = [0] * len(relation.room)
    for pod in there:
        if not pod.stayed and relation.domains[pod.node] != -1:
            taken[relation.domains[pod.node]] += units.get(pod.pods, 0)
    return all(a <= b for a, b in zip(taken, relation.room, strict=True))
