"""A packing problem together with what its indices mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from restow.cluster.objects import Pod
from restow.core.frozen import Amounts, FrozenMap
from restow.core.ids import NodeName, ObjectKey, Uid
from restow.core.reasons import Refusal
from restow.packing.problem import Problem
from restow.planning.plan import Unplaced
from restow.policies.packing_policy import Limits
from restow.rules.wishes import Complaint, Wishes

NEVER_MOVED: Final = FrozenMap[datetime]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was done under the policy before.

    Parameters
    ----------
    moves, evictions
        What was spent of the hourly limits in the last 60 minutes.
    moves_of_day
        Pods moved in the last 24 hours, as far as plans tell.
    moved
        Pods that came in the place of a moved one, and when that one left; sorted.
    workloads
        Controllers of moved pods, and when the last of them left; sorted.
    """

    moves: int = 0
    evictions: int = 0
    moves_of_day: int = 0
    moved: FrozenMap[datetime] = NEVER_MOVED
    workloads: FrozenMap[datetime] = NEVER_MOVED

    def moves_left(self, limits: Limits) -> int:
        """Return how many pods one more plan may move."""
        left = min(limits.moves_per_plan, limits.moves_per_hour - self.moves)
        if limits.moves_per_day is not None:
            left = min(left, limits.moves_per_day - self.moves_of_day)
        return max(0, left)

    def evictions_left(self, limits: Limits) -> int:
        """Return how many pods one more plan may leave without a place."""
        return max(0, min(limits.evictions_per_plan, limits.evictions_per_hour - self.evictions))


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationLimits:
    """Most live migrations of one wave: in all, and away from each node. KubeVirt's own limits."""

    parallel: int
    outbound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The pods of one class.

    Parameters
    ----------
    pending
        Longest pending first: they are served in this order.
    running
        (node index, pods) pairs, sorted; within a node the pods that give way first come first:
        unready before ready, young before old.
    """

    pending: tuple[Pod, ...] = ()
    running: tuple[tuple[int, tuple[Pod, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulation:
    """A Problem and its meaning.

    Parameters
    ----------
    nodes
        (nodes,) names; the policy's nodes, or those of them that are looked at, sorted.
    members
        (classes,) the pods of each class.
    budgets
        (budgets,) keys of the disruption budgets.
    missable
        Per controller of movable pods, how many of its pods one wave may move: what its own update
        strategy lets be missing.
    waiting
        Covered pending pods that need no plan: their room is about to become free.
    unbindable
        Pending pods that kube-scheduler has to bind itself, under our nomination.
    concurrent
        How many pods one wave may move; None for any number.
    claimants
        Pods that claim devices.
    zoned
        Pods that need one NUMA zone on some of the nodes.
    shapes
        What there is to be room for, as a copy of each takes it of the problem's resources.
    related
        Per pod with a role in relations of the problem, their indices.
    fixed
        Per pod on the policy's nodes that may not move, why.
    wishes
        Per pending or movable pod, what its annotations ask for.
    complaints
        Annotations that could not be used.
    migrations
        What bounds the live migrations of a wave; None where no virtual machine may migrate.
    whole
        Whether it is about all of the policy's nodes, so that what is proven of it is proven of
        the cluster.
    """

    problem: Problem
    nodes: tuple[NodeName, ...] = ()
    members: tuple[Members, ...] = ()
    budgets: tuple[ObjectKey, ...] = ()
    missable: Mapping[Uid, int] = field(default_factory=dict)
    concurrent: int | None = None
    waiting: tuple[Unplaced, ...] = ()
    unbindable: frozenset[Uid] = frozenset()
    claimants: frozenset[Uid] = frozenset()
    zoned: frozenset[Uid] = frozenset()
    shapes: tuple[Amounts, ...] = ()
    related: Mapping[Uid, frozenset[int]] = field(default_factory=dict)
    fixed: Mapping[Uid, Refusal]
    wishes: Mapping[Uid, Wishes]
    complaints: tuple[Complaint, ...] = ()
    migrations: MigrationLimits | None = None
    whole: bool = True

    @property
    def pending(self) -> tuple[Pod, ...]:
        """The pods to place, in class order."""
        return tuple(pod for members in self.members for pod in members.pending)
