"""PackingPolicy: who is covered, what may be done, how much and when."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from restow.policies.conditions import Condition
from restow.policies.cron import Schedule
from restow.policies.model import Flag, Model, Seconds, Whole, contradiction
from restow.policies.rescheduling import Rescheduling
from restow.policies.selector import Selector

HIGHEST_USER_PRIORITY: Final = 1_000_000_000
"""Kubernetes keeps higher values for its own `system-` classes."""
WEEK_S: Final = 7 * 24 * 3600
Count = Annotated[Whole, Field(ge=0, le=1_000_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]


class Mode(StrEnum):
    """How far restow goes."""

    OBSERVE = "Observe"
    APPROVE = "Approve"
    ACT = "Act"


class Scope(Model):
    """Which namespaces, pods and nodes the policy covers; each empty selector covers all."""

    namespaces: Selector = Selector()
    """Labels of the namespaces whose pods are covered. The label kubernetes.io/metadata.name holds
    a namespace's name."""
    pods: Selector = Selector()
    """Labels of the pods that are covered, both those to place and those that may be moved."""
    nodes: Selector = Selector()
    """Labels of the nodes that may receive pods and from which pods may be moved."""
    scheduler_names: tuple[Name, ...] = Field(
        default=("default-scheduler",), min_length=1, max_length=16
    )
    """Pods with another spec.schedulerName are neither placed nor moved."""


class Limits(Model):
    """Ceilings on disruption.

    There is no "unlimited": `kubectl apply` drops a null, so it would quietly mean the default.
    """

    moves_per_plan: Count = 20
    """Most pods that one plan may move to another node."""
    evictions_per_plan: Count = 20
    """Most pods that one plan may leave without a place, for pods of higher priority."""
    moves_per_hour: Count = 100
    """Most pods moved under this policy within any 60 minutes."""
    evictions_per_hour: Count = 50
    """Most pods left without a place under this policy within any 60 minutes."""
    moves_per_day: Count | None = None
    """Most pods moved under this policy within any 24 hours; plans that moved pods are kept so long
    then. Left out: movesPerHour stands alone."""
    concurrent_moves: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    """Most pods that are on their way at the same time: so many move in one wave, and the next one
    waits until they are ready. Left out: what disruption budgets and update strategies allow."""

    @model_validator(mode="after")
    def _plan_fits_hour(self) -> Self:
        for what, plan, hour in (
            ("moves", self.moves_per_plan, self.moves_per_hour),
            ("evictions", self.evictions_per_plan, self.evictions_per_hour),
        ):
            if plan > hour:
                raise contradiction(
                    field=f"{what}PerPlan",
                    problem=f"{plan} {what} per plan cannot fit in {hour} per hour",
                    remedy=f"lower {what}PerPlan to at most {hour} or raise {what}PerHour",
                )
        if self.moves_per_day is not None and self.moves_per_plan > self.moves_per_day:
            raise contradiction(
                field="movesPerPlan",
                problem=f"{self.moves_per_plan} moves per plan cannot fit in {self.moves_per_day} "
                "per day",
                remedy=f"lower movesPerPlan to at most {self.moves_per_day} or raise movesPerDay",
            )
        return self


class Window(Schedule):
    """A maintenance window: it opens at each time that cron names and stays open for a while."""

    duration_seconds: Whole = Field(ge=60, le=WEEK_S)
    """How long it stays open, from a minute to a week."""


class PriorityRule(Model):
    """Namespaces whose restow.dev/priority annotations count towards all others, up to a value.

    Without a rule an annotated priority counts in full only among pods of its own namespace, and
    never above the pod's PriorityClass towards others.
    """

    namespaces: Selector
    """Labels of the namespaces that may raise priorities; empty is every namespace."""
    max_priority: Whole = Field(ge=-(2**31), le=HIGHEST_USER_PRIORITY)
    """Highest value that counts towards other namespaces."""


class Moving(Model):
    """What may be moved beyond the default."""

    jobs: Flag = False
    """Whether pods of Jobs may be moved: their work starts anew."""
    local_storage: Flag = False
    """Whether pods with an emptyDir on disk or a hostPath may be moved: the data is lost."""
    honor_prefer_no_eviction: Flag = False
    """Whether descheduler.alpha.kubernetes.io/prefer-no-eviction forbids a move instead of only
    making it dearer."""
    single_replicas: Flag = False
    """Whether the only pod of a controller that wants one may be moved: nothing stands in for it
    until its replacement runs. restow.dev/movable=true allows it as well."""
    device_claims: Flag = False
    """Whether a pod with devices of its own resource claims may be moved: no nomination can hold
    devices for its replacement, so that another pod may be quicker. It is never left without a
    place for others."""
    machines: Flag = False
    """Whether virtual machines may be migrated live to make room for waiting pods; rescheduling
    migrates them in any case. A machine is dearer than a pod by its memory."""
    minimum_age_seconds: Whole = Field(default=0, ge=0, le=WEEK_S)
    """How long a pod must have run before it may be moved."""
    cooldown_seconds: Whole = Field(default=300, ge=0, le=4 * WEEK_S)
    """How long after a move the pod that came in the place of the moved one stays; at most
    finishedPlanTtlSeconds, because moves are known from the plans that are kept."""
    workload_cooldown_seconds: Whole = Field(default=0, ge=0, le=4 * WEEK_S)
    """How long after a move of one of its pods all pods of a workload stay, a Deployment with all
    its ReplicaSets for one; at most finishedPlanTtlSeconds. The plan that moved it goes on."""


class PackingPolicySpec(Model):
    """Who is covered, what may be done, how much and when; every field has a safe default."""

    mode: Mode = Mode.OBSERVE
    """How far restow goes. Observe: plans are written and nothing else is touched. Approve: a plan
    waits for the annotation restow.dev/approved=true. Act: plans are carried out at once."""
    scope: Scope = Scope()
    """Which namespaces, pods and nodes are covered. Where several policies cover a pod, the first
    by name governs it; one that covers every pod comes after all that select some."""
    grace_seconds: Seconds = Field(default=30, ge=0, le=3600)
    """How long a pod must have been Unschedulable before restow looks for a place."""
    batch_window_seconds: Seconds = Field(default=5, ge=0, le=600)
    """How long to wait for further pods, so that one plan serves them all."""
    solve_time_limit_seconds: Seconds = Field(default=10, gt=0, le=300)
    """How long one decision may take, the building of the model included."""
    limits: Limits = Limits()
    """Ceilings on disruption."""
    windows: tuple[Window, ...] = Field(default=(), max_length=64)
    """Maintenance windows: plans begin only while one is open. None at all is always."""
    priorities: tuple[PriorityRule, ...] = Field(default=(), max_length=64)
    """Which namespaces may raise the priority of their pods towards others by annotation."""
    moving: Moving = Moving()
    """What may be moved beyond the default."""
    rescheduling: Rescheduling | None = None
    """Moves that undo fragmentation while no pod waits; left out for none. An empty section is all
    defaults."""
    finished_plan_ttl_seconds: Whole = Field(default=3600, ge=3600, le=4 * WEEK_S)
    """How long a finished PackingPlan is kept. At least an hour: the hourly limits are counted
    from the plans."""

    @model_validator(mode="after")
    def _moves_are_remembered(self) -> Self:
        kept = self.finished_plan_ttl_seconds
        for field, cooldown in (
            ("cooldownSeconds", self.moving.cooldown_seconds),
            ("workloadCooldownSeconds", self.moving.workload_cooldown_seconds),
        ):
            if cooldown > kept:
                raise contradiction(
                    field=f"moving.{field}",
                    problem=f"plans that tell of a move {cooldown} s ago are kept for {kept} s "
                    "only",
                    remedy=f"raise finishedPlanTtlSeconds to {cooldown} or lower the cooldown",
                )
        return self


class LastPlan(Model):
    """The newest plan made under the policy."""

    name: Name
    """Name of the PackingPlan."""
    time: AwareDatetime
    """When it was made."""
    outcome: Annotated[str, StringConstraints(max_length=64)] = ""
    """How the solve ended, as in its status.solve.outcome."""


class SeenShape(Model):
    """Pods that asked for the same."""

    shape: Annotated[str, StringConstraints(max_length=512)]
    """What they asked for, as in rescheduling.shapes."""
    pods: Whole = Field(ge=0)
    """Most of them at one look."""
    last: AwareDatetime
    """When there was one."""


class PolicyCondition(StrEnum):
    """Types of the conditions of a PackingPolicy."""

    VALID = "Valid"  # the spec can be used; otherwise the message says what to change
    ACTIVE = "Active"  # plans of this policy may be carried out now: mode, window, limits
    READY = "Ready"  # valid, and the operator is watching the cluster for it
    CHURNING = "Churning"  # plans move workloads back and forth; the message names one
    OVERLAPS = "Overlaps"  # another policy covers some of the same pods; the first by name governs


class PackingPolicyStatus(Model):
    """What restow makes of the policy, and what it has done under it."""

    observed_generation: Whole | None = Field(default=None, ge=0)
    """Generation of the spec that this status speaks of."""
    conditions: tuple[Condition, ...] = Field(default=(), max_length=16)
    """Valid: the spec can be used. Active: plans may be carried out now. Ready: the operator
    watches the cluster for this policy. Churning: plans move workloads back and forth. Overlaps:
    another policy covers some of the same pods."""
    pending_pods: Whole | None = Field(default=None, ge=0)
    """Covered pods that kube-scheduler has given up on."""
    last_plan: LastPlan | None = None
    """The newest plan made under the policy."""
    moves_last_hour: Whole = Field(default=0, ge=0)
    """Pods moved under the policy within the last 60 minutes."""
    evictions_last_hour: Whole = Field(default=0, ge=0)
    """Pods left without a place under the policy within the last 60 minutes."""
    seen_shapes: tuple[SeenShape, ...] = Field(default=(), max_length=16)
    """What pods asked for lately, where rescheduling.learnShapesDays wants that to be learned."""
    next_window: AwareDatetime | None = None
    """When the next maintenance window opens, while none is open."""


class PackingPolicy(Model):
    """What restow may do for the pods that kube-scheduler has given up on.

    It says which pods and nodes are covered, how far restow goes, how much it may disturb, and
    when.
    """

    model_config = ConfigDict(extra="ignore")

    api_version: Literal["restow.dev/v1alpha1"] = "restow.dev/v1alpha1"
    kind: Literal["PackingPolicy"] = "PackingPolicy"
    metadata: Mapping[str, Any]
    spec: PackingPolicySpec = PackingPolicySpec()
    status: PackingPolicyStatus = PackingPolicyStatus()
