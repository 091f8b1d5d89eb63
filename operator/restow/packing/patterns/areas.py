"""What relations say of sums over some nodes: how far zones may differ, how many a node may have.

A relaxation: sums that hold in every end state that keeps the relation. What sums cannot say, a
limit that tightens only where a pod arrives, is left to `legality`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from restow.packing.patterns.arrays import Areas, Floats, Ints, Level
from restow.packing.problem import Problem
from restow.packing.relations import Exclusion, Relation, Spread

MOST_DOMAINS = 8
"""Pairs of more domains than that are too many sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Pods of `classes`, each counted as `where` has its node (1, -1 or 0), are at most `most`."""

    classes: tuple[int, ...]
    where: Ints
    most: int


def known(relation: Relation) -> bool:
    """Return whether sums say next to all of what the relation does."""
    if isinstance(relation, Exclusion):
        return relation.carriers == relation.targets
    return isinstance(relation, Spread)


def sums(problem: Problem) -> list[Sum]:
    """Return the sums that the relations of the problem, all of them known, imply."""
    found: list[Sum] = []
    for relation in problem.relations:
        if isinstance(relation, Spread):
            found += _of_spread(problem, relation)
        elif isinstance(relation, Exclusion):
            found += _of_exclusion(problem, relation)
    return found


def barred(problem: Problem) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Yield classes and the nodes that their relations let none of their pods come to."""
    for relation in problem.relations:
        if isinstance(relation, Spread):
            pairs = zip(relation.domains, relation.counts_on, strict=True)
            closed = [n for n, (domain, counts) in enumerate(pairs) if domain < 0 or not counts]
            yield relation.carriers, closed


def _of_spread(problem: Problem, relation: Spread) -> Iterator[Sum]:
    """Yield by how much each domain may be above each other one."""
    classes, domains = problem.classes, range(len(relation.fixed))
    carried = relation.carried or any(classes[c].running for c in relation.carriers)
    if not carried and not set(relation.counted) <= set(relation.carriers):
        return  # then only an arrival limits anything
    where = _indicators(relation)
    now = [
        fixed + sum(k * int(inside[n]) for c in relation.counted for n, k in classes[c].running)
        for fixed, inside in zip(relation.fixed, where, strict=True)
    ]
    few = len(now) < relation.min_domains
    least = 0 if few else min(now, default=0)
    every = sum(classes[c].count for c in relation.counted)
    for d in domains if few else ():
        most = max(relation.max_skew, now[d]) - relation.fixed[d]
        if most < every:
            yield Sum(classes=relation.counted, where=where[d], most=most)
    for d, e in () if few or len(now) > MOST_DOMAINS else permutations(domains, 2):
        skew = max(relation.max_skew, now[d] - least)
        most = skew - relation.fixed[d] + relation.fixed[e]
        if most < every:
            yield Sum(classes=relation.counted, where=where[d] - where[e], most=most)


def _indicators(relation: Spread) -> list[Ints]:
    """Return per domain which nodes count for it."""
    domains = np.where(relation.counts_on, relation.domains, -1)
    return [(domains == d).astype(np.int64) for d in range(len(relation.fixed))]


def _of_exclusion(problem: Problem, relation: Exclusion) -> Iterator[Sum]:
    """Yield that a domain has one pod at most, or those that it has now."""
    domains, pods = np.array(relation.domains), [problem.classes[c] for c in relation.carriers]
    if sum(each.count for each in pods) < 2:
        return
    for d in range(1 + int(domains.max(initial=-1))):
        where = (domains == d).astype(np.int64)
        now = sum(k * int(where[n]) for each in pods for n, k in each.running)
        yield Sum(classes=relation.carriers, where=where, most=max(1, now))


def areas_of(found: Iterable[tuple[Sequence[int], Ints, int]], sets: int, classes: int) -> Areas:
    """Return the areas of (classes, what each set counts, limit)."""
    listed = [(sorted(members), where, most) for members, where, most in found]
    by_class: list[list[int]] = [[] for _ in range(classes)]
    for a, (members, _, _) in enumerate(listed):
        for c in members:
            by_class[c].append(a)
    return Areas(
        where=np.array([where for _, where, _ in listed], np.int64).reshape(len(listed), sets),
        first=_offsets([members for members, _, _ in listed]),
        member=np.array([c for members, _, _ in listed for c in members], np.int64),
        start=_offsets(by_class),
        area=np.array([a for each in by_class for a in each], np.int64),
        most=np.array([most for _, _, most in listed], np.int64),
    )


def _offsets(lists: Sequence[Sequence[int]]) -> Ints:
    return np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)


def members_of(areas: Areas, area: int) -> Ints:
    """Return the classes that count in an area."""
    return areas.member[areas.first[area] : areas.first[area + 1]]


def sums_of(areas: Areas, node: int, placed: Ints) -> Ints:
    """Return (areas,) what (classes,) pods on a set of nodes add."""
    counted = np.zeros_like(areas.most)
    for c in np.flatnonzero(placed) if len(counted) else ():
        counted[areas.area[areas.start[c] : areas.start[c + 1]]] += placed[c]
    return counted * areas.where[:, node]


def totals(areas: Areas, there: Ints) -> Ints:
    """Return (areas,) the sums of (sets, classes) pods."""
    return np.array(
        [
            int(where @ there[:, members_of(areas, a)].sum(axis=1))
            for a, where in enumerate(areas.where)
        ],
        np.int64,
    )


def charges_of(areas: Areas, prices: Floats, classes: int) -> Floats:
    """Return (sets, classes) what a pod pays where it is, at so much per unit of an area."""
    charge: Floats = np.zeros((areas.where.shape[1], classes))
    for a in np.flatnonzero(prices).tolist():
        charge[:, members_of(areas, a)] += prices[a] * areas.where[a][:, None]
    return charge


def areas_on(level: Level, nodes: Ints, classes: Ints, there: Ints) -> Areas:
    """Return the areas of some nodes and classes, all pods elsewhere being as in `there`."""
    areas = level.areas
    if not len(areas.most):
        return areas_of((), len(nodes), len(classes))
    rest = there.copy()
    rest[nodes] = 0
    left = areas.most - totals(areas, rest)
    index = {int(c): k for k, c in enumerate(classes)}
    return areas_of(
        (
            ([index[c] for c in members_of(areas, a).tolist() if c in index], where, int(most))
            for a, (where, most) in enumerate(zip(areas.where[:, nodes], left, strict=True))
            if where.any()
        ),
        len(nodes),
        len(classes),
    )
