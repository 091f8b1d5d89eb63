"""Who says what to move: a port, and the engine of devices that pods share behind it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from restow.packing.effort import Effort
from restow.sharing.engine import share
from restow.simulation.replay.virtual import Move, Seated, VirtualCluster


class Purpose(StrEnum):
    """Why it is asked."""

    RESCHEDULING = "Rescheduling"
    PENDING_PODS = "PendingPods"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is asked of a planner.

    Parameters
    ----------
    now_s
        Time of the trace.
    limit
        Most pods that may move.
    cooling
        Pods that were moved lately, and stay.
    """

    purpose: Purpose
    now_s: float
    limit: int
    cooling: frozenset[int]


class Planner(Protocol):
    """Says what to move; the same question has the same answer."""

    def __call__(self, cluster: VirtualCluster, look: Look) -> list[Move]:
        """Return the pods that move, and those that waited and get a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPlanner:
    """Moves pods so that as much as possible of the devices that pods wait for is in use.

    Parameters
    ----------
    work
        Search for one plan.
    """

    work: float
    seed: int

    def __call__(self, cluster: VirtualCluster, look: Look) -> list[Move]:
        """Return the best plan found."""
        problem, pods = cluster.problem(look.limit, cooling=look.cooling)
        effort = Effort(seconds=None, work=self.work, seed=self.seed)
        return [
            Move(
                pod=pods[step.pod],
                seat=Seated(node=step.node, mask=sum(1 << d for d in step.devices)),
            )
            for step in share(problem, effort).plan
        ]
