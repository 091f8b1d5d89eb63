"""The packing problem: integers only, pods by class, nodes by index."""

from dataclasses import dataclass
from enum import StrEnum

from restow.packing.outcome import Placement
from restow.packing.relations import Relation


class Order(StrEnum):
    """In which order the objectives are frozen."""

    RESTOW = "restow"  # per tier: keep the running, place the pending; then the cheapest moves
    PAPER = "paper"  # per tier: place, then disturb least (Priority Matters); for comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class PodClass:
    """Pods that are interchangeable for placement.

    Parameters
    ----------
    demand
        (resources,) requests of one pod, in the units of `Problem.resources`; never negative.
    tier
        Index into `Problem.tiers`; 0 is the highest priority.
    group, rank
        Pods of one `group` (a namespace) and tier are ordered among themselves by `rank`, higher
        first: a running pod may lose its place to a pending one of its own tier only inside its
        group and to a strictly higher rank. Ranks of different groups are never compared.
    allowed
        Sorted indices of the nodes that may receive a pod of this class. The node a pod runs on
        need not be among them: staying is always allowed.
    pending
        Number of pods of the class that have no node. A class is either pending or running.
    running
        (node index, count) pairs, sorted, counts positive: where the pods of the class are now.
    movable
        Whether a running pod of the class may leave its node for another one.
    evictable
        Whether a running pod of the class may be left without a place for a strictly higher
        tier (or rank in its group). Implies `movable`.
    move_cost
        Cost of one move, non-negative.
    preempts
        False for `preemptionPolicy: Never`: a pending pod that may cause moves, never evictions.
    budgets
        Indices into `Problem.budgets` that a disruption (move or eviction) of one pod draws on.
    """

    demand: tuple[int, ...]
    tier: int
    group: int = 0
    rank: int = 0
    allowed: tuple[int, ...]
    pending: int = 0
    running: tuple[tuple[int, int], ...] = ()
    movable: bool = False
    evictable: bool = False
    move_cost: int = 1
    preempts: bool = True
    budgets: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of pods in the class."""
        if self.pending:
            return self.pending
        return sum([count for _, count in self.running])


Elsewhere = tuple[tuple[tuple[int, ...], tuple[tuple[tuple[int, ...], int | None, int], ...]], ...]
"""Per node that is no part of a problem its free room and its pods: what each holds, its tier
(None for one of no tier of the problem), and the least that a move of it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One packing problem.

    Parameters
    ----------
    resources
        Names of the dimensions, for reports; a host port is a dimension of capacity 1.
    capacity
        (nodes, resources) room for the pods of `classes`: allocatable minus what fixed pods hold;
        never negative. A node whose pods exceed it already may keep them but receives none until
        it fits.
    tiers
        Priorities, strictly descending; `PodClass.tier` indexes them.
    classes
        The pods. Classes that can neither move nor be evicted are not here but in `capacity`.
    budgets
        Disruptions allowed at one moment per disruption budget. Moves of one budget may follow one
        another in waves, so a budget of 0 forbids any disruption, and otherwise
        evictions + (1 if any pod of the budget moves) <= allowed.
    sequential_budgets
        False: a budget bounds the sum of its moves and evictions instead, so that one wave
        suffices (used when no order of waves was found).
    relations
        What pods ask of where others are; see `packing.relations`.
    max_moves, max_evictions
        Limits of the plan on pods moved and pods left without a place; None for no limit.
    order
        The order of the objectives.
    start
        A first placement that is known and keeps every rule; None if there is none.
    elsewhere
        Other nodes of the cluster, for bounds that hold there, too; None where there are none.
    """

    resources: tuple[str, ...]
    capacity: tuple[tuple[int, ...], ...]
    tiers: tuple[int, ...]
    classes: tuple[PodClass, ...]
    budgets: tuple[int, ...] = ()
    sequential_budgets: bool = True
    relations: tuple[Relation, ...] = ()
    max_moves: int | None = None
    max_evictions: int | None = None
    order: Order = Order.RESTOW
    start: Placement | None = None
    elsewhere: Elsewhere | None = None
