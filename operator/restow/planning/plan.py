"""A Plan: a decision as a value that can be printed, stored, approved, replayed and drawn."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from restow.cluster.objects import OwnerRef
from restow.core.ids import NodeName, ObjectKey, PodRef
from restow.core.reasons import Reason
from restow.packing.outcome import Status


class Trigger(StrEnum):
    """What asked for the plan."""

    PENDING_PODS = "PendingPods"
    RESCHEDULING = "Rescheduling"
    DRAIN = "Drain"
    MANUAL = "Manual"


class Action(StrEnum):
    """What a step does to its pod."""

    EVICT = "Evict"  # left without a place
    MOVE = "Move"  # evicted, and its replacement steered to `target`
    MIGRATE = "Migrate"  # a virtual machine, live
    PLACE = "Place"  # a pending pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act of a plan. `source` is None for PLACE, `target` is None for EVICT.

    `owner` is the pod's controller, by which its replacement is recognised (None for PLACE of a
    bare pod). `bindable` is False when kube-scheduler must bind the pod itself under its
    nomination (claims, unknown rules). `vmi` names the VirtualMachineInstance of MIGRATE, in the
    pod's namespace; None for others.
    """

    wave: int
    action: Action
    pod: PodRef
    source: NodeName | None = None
    target: NodeName | None = None
    owner: OwnerRef | None = None
    priority: int = 0
    bindable: bool = True
    vmi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A pending pod that the plan does not place; `proven` when no plan could."""

    pod: PodRef
    reason: Reason
    message: str
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierResult:
    """One priority tier: its pods, those with a place before and after, and the bound."""

    priority: int
    pods: int
    placed_before: int
    placed: int
    bound: int
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """Pods moved and pods left without a place; `bound` is the least number of both together.

    Of rescheduling towards a goal it is the least that reaches the goal: more than were moved where
    the limit ends before that.
    """

    moves: int
    evictions: int
    bound: int
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve:
    """How the decision came about (PackingPlan `status.solve`)."""

    outcome: Status
    wall_s: float
    engine: str
    tiers: tuple[TierResult, ...]
    disturbed: Disturbed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragmentation:
    """What rescheduling makes of free room (PackingPlan `status.fragmentation`).

    Parameters
    ----------
    metric
        What the objective is about, one of the names below.
    before, after
        (name, value) of each metric, sorted (`planning.promise` has their names).
    bound, proven
        The best `metric` that any plan within the limit could leave, and whether that is reached.
    """

    metric: str
    before: tuple[tuple[str, float], ...]
    after: tuple[tuple[str, float], ...]
    bound: float
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One decision. `steps` are in execution order, waves ascending from 0.

    `fragmentation` is None unless the plan is one of rescheduling.

    `name` derives from the snapshot digest and the steps: equal decisions have equal names.
    """

    name: str
    trigger: Trigger
    policy: str
    snapshot_digest: str
    taken_at: datetime
    steps: tuple[Step, ...]
    unplaced: tuple[Unplaced, ...]
    solve: Solve
    fragmentation: Fragmentation | None = None

    @property
    def waves(self) -> int:
        """Number of waves."""
        return 1 + max((step.wave for step in self.steps), default=-1)

    @property
    def placed(self) -> tuple[ObjectKey, ...]:
        """Keys of the pending pods that the plan places, in step order."""
        return tuple(step.pod.key for step in self.steps if step.action is Action.PLACE)
