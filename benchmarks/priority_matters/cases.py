"""From the axes of a grid to a Problem, the default scheduler's counts, and back to priorities."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.priority_matters import engines, instances, mixed
from benchmarks.priority_matters.large import POLICY
from benchmarks.priority_matters.scheduler import schedule
from benchmarks.priority_matters.workloads import NOW
from restow.packing.problem import Order, Problem
from restow.planning.formulate import formulate
from restow.planning.formulation import Formulation

WITH_RULES = ("D", "E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """One cell of a grid, and the seed; grid E has `pods_per_node` 0 and tells what it drew."""

    nodes: int
    pods_per_node: int
    priorities: int
    utilisation: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What engines are asked.

    `about` is told in every line; its `default_forbidden` is evictions by the default scheduler
    beyond a budget, and pods that it leaves without a place although restow's rules keep them.
    `default` is pods with a node per priority, highest first, and `fixed` those among them that are
    no part of the problem.
    """

    about: dict[str, Any]
    problem: Problem
    default: list[int]
    fixed: list[int]

    def per_priority(self, per_tier: Sequence[int]) -> list[int]:
        """Return counts per tier of the problem as counts of all pods per priority."""
        of = dict(zip(self.problem.tiers, per_tier, strict=True))
        highest = len(self.fixed)
        return [n + of.get(highest - index, 0) for index, n in enumerate(self.fixed)]


def case(grid: str, axes: Axes, order: Order) -> Case | None:
    """Return the case; None if the start leaves no pod pending."""
    return _with_rules(grid, axes, order) if grid in WITH_RULES else _plain(axes, order)


def _plain(axes: Axes, order: Order) -> Case | None:
    instance = instances.draw(**asdict(axes))
    start = schedule(instance, preemption=False)
    if not start.pending.total():
        return None
    return Case(
        about=asdict(axes),
        problem=engines.formulate(instance, start, order),
        default=schedule(instance, preemption=True).placed(),
        fixed=[0] * axes.priorities,
    )


def _with_rules(grid: str, axes: Axes, order: Order) -> Case | None:
    start = mixed.draw(mixed.Shape(grid=grid, **asdict(axes)))
    if not start.snapshot.unbound:
        return None
    formulation = formulate(start.snapshot, POLICY, NOW, order=order)
    pods = start.snapshot.pods.values()
    fixed = Counter(pod.priority for pod in pods if pod.uid in formulation.fixed)
    return Case(
        about={
            **asdict(axes),
            "pods_per_node": axes.pods_per_node or round(len(pods) / axes.nodes, 1),
            "pending": len(start.snapshot.unbound),
            "default_forbidden": start.default_breaches
            + sum(start.default_lost[name] for name in _unevictable(formulation)),
        },
        problem=formulation.problem,
        default=start.default,
        fixed=[fixed[priority] for priority in range(axes.priorities, 0, -1)],
    )


def _unevictable(formulation: Formulation) -> set[str]:
    """Return the workloads of which restow leaves no running pod without a place."""
    found = {
        pod.owner.name
        for each, members in zip(formulation.problem.classes, formulation.members, strict=True)
        if not each.evictable
        for _, pods in members.running
        for pod in pods
        if pod.owner is not None
    }
    return found | {uid.rpartition("-")[0] for uid in formulation.fixed}
