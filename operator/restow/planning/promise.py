"""What a plan of rescheduling promises: measures before and after, and what no plan could pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from restow.fragmentation.measure import Measured, fragmentation
from restow.planning.goal import Goal
from restow.planning.plan import Fragmentation
from restow.policies.rescheduling import Objective

WHOLE: Final = "fragmentation"
"""Metric of Defragment, over all shapes."""
EMPTY: Final = "empty nodes"
"""Metric of Consolidate; the only one of which more is better."""
LEFT: Final = "pods to drain"
"""Metric of Drain."""
ABOVE: Final = "nodes above the bound"
"""Metric of Balance."""
NET: Final = "net "
"""Before the name of a metric from which migrations, at their price, are taken."""
COST: Final = "cost of migrations"
"""What all migrations cost, in ordinary ones."""
LARGEST: Final = "largest utilization"
"""Of Balance: of any node, of its main resource."""

ROUNDING: Final = 1e-9
"""What floating point may add to a ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What there is to see of a placement.

    Parameters
    ----------
    measured
        What its free room is worth to each shape.
    empty
        Removable nodes without a pod.
    left
        Pods on nodes that are to be drained, but those that go with their node.
    above, largest
        Of Balance: nodes above the bound, and the largest utilization of any.
    cost
        Of the migrations that lead there, in ordinary ones.
    """

    measured: tuple[Measured, ...]
    empty: int = 0
    left: int = 0
    above: int = 0
    largest: float = 0.0
    cost: Fraction = Fraction(0)


def rises(metric: str) -> bool:
    """Return whether more of a metric is better."""
    return metric.endswith(EMPTY)


def promised(goal: Goal, before: Sight, after: Sight, most: Fraction | None) -> Fragmentation:
    """Return what the plan says of itself.

    Parameters
    ----------
    most
        What no plan within the limit gains more than: in the goal's main resource or in nodes, of
        Drain in pods; None where that is not known, but that no metric falls below nothing.
    """
    metric = _METRIC[goal.objective]
    sights = (_metrics(goal, before), _metrics(goal, after))
    now, then = (dict(each)[metric] for each in sights)
    whole = sum(m.shape.weight * m.free for m in before.measured)
    if goal.price:
        metric = NET + metric
        paid = float(goal.due * after.cost)
        paid = -paid if rises(metric) else paid / whole if whole else 0.0
        then += paid
        sights = ((*sights[0], (metric, now)), (*sights[1], (metric, then)))
    if most is None:
        gain = now
    elif goal.objective is Objective.DEFRAGMENT:
        gain = float(most) / whole if whole else 0.0
    else:
        gain = float(most if goal.price else int(most))
    best = max(then, now + gain) if rises(metric) else min(then, max(0.0, now - gain))
    return Fragmentation(
        metric=metric,
        before=tuple(sorted(sights[0])),
        after=tuple(sorted(sights[1])),
        bound=best,
        proven=abs(then - best) <= ROUNDING,
    )


_METRIC: Final = {
    Objective.DEFRAGMENT: WHOLE,
    Objective.CONSOLIDATE: EMPTY,
    Objective.DRAIN: LEFT,
    Objective.BALANCE: ABOVE,
}


def _metrics(goal: Goal, sight: Sight) -> tuple[tuple[str, float], ...]:
    match goal.objective:
        case Objective.DEFRAGMENT:
            found = tuple(_of_shapes(sight.measured))
        case Objective.CONSOLIDATE:
            found = ((EMPTY, float(sight.empty)),)
        case Objective.DRAIN:
            found = ((LEFT, float(sight.left)),)
        case Objective.BALANCE:
            found = ((ABOVE, float(sight.above)), (LARGEST, sight.largest))
    return (*found, (COST, float(sight.cost)))


def _of_shapes(measured: Iterable[Measured]) -> Iterable[tuple[str, float]]:
    each = tuple(measured)
    yield WHOLE, fragmentation(each)
    for shape in each:
        yield f"copies of {shape.shape.name}", float(shape.copies)
        if len(each) > 1:
            yield f"fragmentation for {shape.shape.name}", shape.fragmentation
