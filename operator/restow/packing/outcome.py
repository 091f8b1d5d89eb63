"""What a solver answers: where the pods go, and per level the value, the bound and the proof."""

from dataclasses import dataclass
from enum import StrEnum


class LevelKind(StrEnum):
    """What one level of the lexicographic objective counts."""

    KEEP = "keep"  # running pods of the tier that keep a place (here or elsewhere); maximised
    PLACE = "place"  # pending pods of the tier that get a place (`paper`: all pods); maximised
    RANK = "rank"  # pods of a contested group with a place, rank by rank (see `ranks`); maximised
    DISTURB = "disturb"  # 2 per move, 3 per eviction of the tier (order `paper`); minimised
    MOVE = "move"  # cost of the moves of the tier (tier None: number of all moves); minimised
    NODES = "nodes"  # nodes that a pod arrives at or leaves; minimised
    PACK = "pack"  # leftover packing quality; higher is better


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of the objective, in the order in which they were frozen.

    `bound` is valid for this level given the levels before it: never below `value` when maximised,
    never above it when minimised. `proven` iff they are equal and every level before is proven.
    `tier` is None for levels over all tiers. `beyond` is the bound that holds even if the nodes of
    `Problem.elsewhere` are looked at, too; None where nothing is known.

    Where a tier has RANK levels, its KEEP and PLACE say what there was before places changed hands
    inside contested groups; the last RANK level is the number of its pods with a place in the end.
    """

    kind: LevelKind
    tier: int | None
    value: int
    bound: int
    proven: bool
    beyond: int | None = None


class Status(StrEnum):
    """How the solve ended, as in PackingPlan `status.solve.outcome`."""

    OPTIMAL = "Optimal"  # every level is proven
    FEASIBLE = "Feasible"  # better than doing nothing, not proven to the last level
    UNCHANGED = "Unchanged"  # doing nothing is what remains; `levels` say whether it is proven
    OUT_OF_TIME = "OutOfTime"  # nothing better than doing nothing was found, and nothing is proven


Placement = tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer to a Problem; always there, at worst with everything left as it is.

    Parameters
    ----------
    placement
        (classes, …) per class the sorted (node index, count) pairs at the end, counts positive.
        Pods of the class beyond their sum have no place.
    levels
        In the order in which they were frozen.
    wall_s
        Seconds spent, model building included.
    engine
        Which engine answered, for the record.
    spent
        What of the budget was used, in its unit: seconds, or work.
    """

    status: Status
    placement: Placement
    levels: tuple[Level, ...]
    wall_s: float
    engine: str
    spent: float
