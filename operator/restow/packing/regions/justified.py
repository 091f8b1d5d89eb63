"""Whether somebody may take the place of every pod that has none."""

from collections import Counter

from restow.packing.ledger import Ledger


def evictions_justified(ledger: Ledger) -> bool:
    """Return whether each evicted pod has a taker: a higher tier, or a higher rank of its group.

    As the checker has it, but from the books of a fill under construction.
    """
    classes, waiting = ledger.problem.classes, ledger.tally.waiting
    lost = [c for c, count in enumerate(waiting) if count and classes[c].running]
    if not lost:
        return True
    takers = [c for c, pods in enumerate(classes) if pods.pending > waiting[c] and pods.preempts]
    top = min((classes[c].tier for c in takers), default=len(ledger.problem.tiers))
    inside = [c for c in lost if classes[c].tier <= top]
    gone: Counter[tuple[int, int, int]] = Counter()
    for c in inside:
        gone[classes[c].tier, classes[c].group, classes[c].rank] += waiting[c]
    for tier, group, rank in gone:
        given = sum(k for (t, g, r), k in gone.items() if (t, g) == (tier, group) and r >= rank)
        taken = sum(
            classes[c].pending - waiting[c]
            for c in takers
            if (classes[c].tier, classes[c].group) == (tier, group) and classes[c].rank > rank
        )
        if given > taken:
            return False
    return True
