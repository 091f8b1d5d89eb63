"""Judge of Together."""

from collections.abc import Iterator

from restow.packing.judges.change import Change
from restow.packing.relations import Together


def judge(relation: Together, change: Change) -> Iterator[str]:
    """Yield the group if some of its pending pods have a place and some have none."""
    waiting = [c for c in relation.classes if change.problem.classes[c].pending]
    every = sum(change.problem.classes[c].count for c in waiting)
    placed = sum(count for c in waiting for _, count in change.end(c))
    if placed not in (0, every):
        yield f"classes {waiting}: {placed} of {every} pods of a group placed"
