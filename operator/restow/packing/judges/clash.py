"""Judge of Clash."""

from collections.abc import Iterator

from restow.packing.judges.change import Change, tally
from restow.packing.relations import Clash


def judge(relation: Clash, change: Change) -> Iterator[str]:
    """Yield each forbidden combination that a domain holds and that somebody arrived to."""
    classes = sorted({c for _, pods in relation.forbidden for c, _ in pods})
    there = {c: tally(change.end(c), relation.domains) for c in classes}
    came = {c: tally(change.arrivals(c), relation.domains) for c in classes}
    for domain, pods in relation.forbidden:
        if any(came[c][domain] for c, _ in pods) and all(there[c][domain] >= k for c, k in pods):
            held = ", ".join(f"{there[c][domain]} of class {c}" for c, _ in pods)
            yield f"domain {domain}: cannot serve {held} together"
