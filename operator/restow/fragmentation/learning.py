"""Target shapes learned from the pods of a cluster: what it was asked for lately, it will be again.

Only what there is at a look is seen: a pod that comes and goes between two of them is not.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from restow.core.frozen import Amounts
from restow.fragmentation.shapes import TargetShape, wanted

MOST: Final = 8
"""Shapes that are kept: those whose pods take the most of their main resource."""

PARTS: Final = 100
"""By which weights are told: at least one of them each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Pods that asked for the same.

    Parameters
    ----------
    pods
        Most of them at one look.
    last
        When there was one.
    """

    shape: TargetShape
    pods: int
    last: datetime


def learned(
    known: Iterable[Seen], requests: Iterable[Amounts], now: datetime, horizon: timedelta
) -> tuple[Seen, ...]:
    """Return what was seen within the horizon, the greatest demand first.

    Parameters
    ----------
    known
        What was seen before.
    requests
        Of the pods that there are now, those that wait among them.
    """
    found = {each.shape: each for each in known if now - each.last <= horizon}
    counts = Counter(shape for each in requests if (shape := wanted(each)) is not None)
    for shape, pods in counts.items():
        before = found[shape].pods if shape in found else 0
        found[shape] = Seen(shape=shape, pods=max(pods, before), last=now)
    by_demand = sorted(found.values(), key=_demand, reverse=True)
    return tuple(by_demand[:MOST])


def shapes(seen: Iterable[Seen]) -> tuple[TargetShape, ...]:
    """Return the shapes, each weighing as its pods are many.

    Where pods ask for devices, those of devices alone: a device costs more than all the CPU beside
    it.
    """
    each = tuple(seen)
    chosen = [one for one in each if "/" in one.shape.main] or list(each)
    total = sum(one.pods for one in chosen)
    return tuple(
        TargetShape(
            requests=one.shape.requests, weight=max(1, round(PARTS * one.pods / max(1, total)))
        )
        for one in chosen
    )


def _demand(seen: Seen) -> tuple[bool, int, str]:
    shape = seen.shape
    return "/" in shape.main, seen.pods * shape.requests.of(shape.main), shape.name
