"""What is counted while a trace is replayed, and the summary of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from restow.simulation.traces.trace import Arrival, Departure, Trace

Json = dict[str, Any]


class Sample(NamedTuple):
    """A point of the curves.

    Parameters
    ----------
    allocation, fragmentation
        Shares, 0 to 1: of all devices (or of all CPU) in use; of what is free and of no use to
        typical pods.
    waiting, asked
        Pods that wait, and the devices (or CPUs) they ask for.
    migrations
        So far.
    waited
        Mean seconds that those who wait have waited.
    """

    at: float
    allocation: float
    fragmentation: float
    waiting: int
    asked: float
    migrations: int
    waited: float


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What has been counted.

    Parameters
    ----------
    placed_at
        When each pod was first placed.
    moved_at
        When each was last moved.
    integrals
        Over the time that counts: of what is used, of what is asked for by pods that wait, and of
        their number.
    plans, moves
        By purpose.
    """

    samples: list[Sample] = field(default_factory=list)
    placed_at: dict[int, float] = field(default_factory=dict)
    moved_at: dict[int, float] = field(default_factory=dict)
    integrals: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    plans: dict[str, int] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)

    def add(self, seconds: float, values: Iterable[int]) -> None:
        """Add so many seconds of values that did not change."""
        self.integrals = [
            total + seconds * value for total, value in zip(self.integrals, values, strict=True)
        ]

    def note(self, purpose: str, moved: int) -> None:
        """Add a plan."""
        self.plans[purpose] = self.plans.get(purpose, 0) + 1
        self.moves[purpose] = self.moves.get(purpose, 0) + moved

    @property
    def migrations(self) -> int:
        """Return how many pods were moved so far."""
        return sum(self.moves.values())

    def remember(self) -> Json:
        """Return all of it for a file."""
        return {
            "samples": [list(sample) for sample in self.samples],
            "placed_at": list(self.placed_at.items()),
            "moved_at": list(self.moved_at.items()),
            "integrals": self.integrals,
            "plans": self.plans,
            "moves": self.moves,
        }

    @classmethod
    def recall(cls, kept: Json) -> "Ledger":
        """Return what `remember` kept."""
        return cls(
            samples=[Sample(*each) for each in kept["samples"]],
            placed_at=dict(map(tuple, kept["placed_at"])),
            moved_at=dict(map(tuple, kept["moved_at"])),
            integrals=list(kept["integrals"]),
            plans=dict(kept["plans"]),
            moves=dict(kept["moves"]),
        )


def waits(trace: Trace, ledger: Ledger, since: float) -> tuple[list[float], int]:
    """Return how long each pod that came since then waited, and how many never got a place.

    Who is gone, or still waits at the end, has waited until then.
    """
    gone = {event.pod: event.at for event in trace.events if isinstance(event, Departure)}
    found, never = list[float](), 0
    for event in trace.events:
        if isinstance(event, Arrival) and event.at >= since:
            placed = ledger.placed_at.get(event.pod)
            never += placed is None
            end = gone.get(event.pod, trace.ends_s) if placed is None else placed
            found.append(end - event.at)
    return found, never


def summary(trace: Trace, ledger: Ledger, *, since: float, whole: int, unit: int) -> Json:
    """Return what a run comes to.

    Parameters
    ----------
    since
        Means are of the time from then on.
    whole
        All devices or CPUs in thousandths; `unit` of them are one.
    """
    seconds = trace.ends_s - since
    used, asked, waiting = (each / seconds if seconds > 0 else 0.0 for each in ledger.integrals)
    waited, never = waits(trace, ledger, since)
    counted = [sample for sample in ledger.samples if sample.at >= since]
    fragments = [sample.fragmentation for sample in counted]
    stranded = [sample.fragmentation * (1 - sample.allocation) for sample in counted]
    return {
        "allocation": used / whole if whole else 0.0,
        "fragmentation": float(np.mean(fragments)) if fragments else 0.0,
        "stranded": float(np.mean(stranded)) if stranded else 0.0,
        "waiting": waiting,
        "asked": asked / unit,
        "pods": len(waited),
        "neverPlaced": never,
        "pendingSeconds": {
            "mean": float(np.mean(waited)) if waited else 0.0,
            "p95": float(np.quantile(waited, 0.95)) if waited else 0.0,
            "most": max(waited, default=0.0),
        },
        "migrations": ledger.migrations,
        "moves": ledger.moves,
        "plans": ledger.plans,
    }
