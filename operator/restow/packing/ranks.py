"""Ranks: who goes first inside one group of one tier, and what it may cost whom.

A tier is first solved as if there were no ranks (KEEP, then PLACE). A group is *contested* when a
pending pod of it has a higher rank than another pod of the same group and tier. For tiers with a
contested group, the places are then shared out inside each group:

1. *Shares*, in which ranks play no part: for each group up to the last contested one, by index,
   the most running pods that keep a place, then the most pending pods that get one; KEEP and PLACE
   of the tier hold. Inside a contested group, running pods that a higher tier has driven out are
   taken from the lowest ranks.
2. KEEP and PLACE of the tier are dropped. From now on, for every contested group, the number of
   its pods with a place never falls below its share, and for each rank r

       running with rank >= r that keep a place + preempting pending with rank > r that get one
           >= share of running with rank >= r

   so that each running pod that loses its place can be matched with a pending pod of its own
   group and of strictly higher rank (Hall's condition for nested neighbourhoods). The running and
   the pending pods of all other groups together keep their numbers.
3. RANK levels: group by group, by index, and rank by rank from the highest: the most running pods
   that keep a place, then the most pending ones that get one. A last RANK level counts all pods of
   the tier with a place, so that room freed by a swap is used.
"""

from collections.abc import Iterable

from restow.packing.problem import Problem

Group = tuple[int, int]
"""Tier and group."""


def groups(problem: Problem) -> dict[Group, list[int]]:
    """Return the classes of each group of each tier, by index."""
    found: dict[Group, list[int]] = {}
    for c, pods in enumerate(problem.classes):
        if pods.count:
            found.setdefault((pods.tier, pods.group), []).append(c)
    return dict(sorted(found.items()))


def contested(problem: Problem, tier: int) -> list[int]:
    """Return the groups of `tier` in which a pending pod outranks another pod, by index."""
    found = []
    for (t, group), classes in groups(problem).items():
        waiting = [problem.classes[c].rank for c in classes if problem.classes[c].pending]
        lowest = min(problem.classes[c].rank for c in classes)
        if t == tier and waiting and max(waiting) > lowest:
            found.append(group)
    return found


def ranks(problem: Problem, classes: Iterable[int]) -> list[int]:
    """Return the distinct ranks of `classes`, from the highest."""
    return sorted({problem.classes[c].rank for c in classes}, reverse=True)


def running(problem: Problem, classes: Iterable[int], rank: int | None = None) -> list[int]:
    """Return the running ones of `classes`, with rank at least `rank`."""
    return [
        c
        for c in classes
        if not problem.classes[c].pending and (rank is None or problem.classes[c].rank >= rank)
    ]


def waiting(problem: Problem, classes: Iterable[int]) -> list[int]:
    """Return the pending ones of `classes`."""
    return [c for c in classes if problem.classes[c].pending]


def challengers(problem: Problem, classes: Iterable[int], rank: int) -> list[int]:
    """Return the preempting pending ones of `classes` with rank above `rank`."""
    return [
        c
        for c in classes
        if problem.classes[c].pending
        and problem.classes[c].preempts
        and problem.classes[c].rank > rank
    ]
