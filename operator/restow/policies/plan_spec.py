"""Spec of a PackingPlan: the decision, which never changes."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints, model_validator

from restow.policies.model import Flag, Model, Whole, contradiction

Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]
UidText = Annotated[str, StringConstraints(max_length=128)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Message = Annotated[str, StringConstraints(max_length=4096)]
Int32 = Annotated[Whole, Field(ge=-(2**31), le=2**31 - 1)]
Count = Annotated[Whole, Field(ge=0)]
MOST_STEPS: Final = 4096
"""Bound of the CRD's lists, for the cost of its rules; a plan that is only printed may be longer.

etcd takes 1.5 MiB per object: 1,000 steps with long names, and their status, were seen to fit.
"""
BOUNDED: Final[dict[str, JsonValue]] = {"maxItems": MOST_STEPS}


class PlanTrigger(StrEnum):
    """What asked for the plan."""

    PENDING_PODS = "PendingPods"
    RESCHEDULING = "Rescheduling"
    DRAIN = "Drain"
    MANUAL = "Manual"


class PlanAction(StrEnum):
    """What a step does to its pod."""

    EVICT = "Evict"
    MOVE = "Move"
    MIGRATE = "Migrate"
    PLACE = "Place"


class PlanSnapshot(Model):
    """The state of the cluster that the plan rests on."""

    digest: Annotated[str, StringConstraints(max_length=128, pattern=r"^sha256:[0-9a-f]+$")]
    """Digest of what was decided upon: equal digests, equal plans."""
    taken_at: AwareDatetime
    """When the cluster was in this state."""


class PlanPod(Model):
    """One incarnation of a pod."""

    namespace: Name
    """Namespace of the pod."""
    name: Name
    """Name of the pod."""
    uid: UidText = ""
    """Uid of the pod; a replacement of the same name has another one."""


class PlanOwner(Model):
    """The controller of a pod."""

    api_version: Name
    """API group and version of the controller."""
    kind: Name
    """Kind of the controller."""
    name: Name
    """Name of the controller."""
    uid: UidText
    """Uid of the controller, by which the pod's replacement is recognised."""


class PlanStep(Model):
    """One act on one pod."""

    wave: Whole = Field(ge=0)
    """Steps of one wave belong together; the next wave begins when they are done."""
    action: PlanAction
    """Evict: the pod is left without a place. Move: it is evicted, and its replacement is steered
    to the node `to`. Migrate: a virtual machine moves live. Place: a pending pod gets a node."""
    pod: PlanPod
    """The pod acted on."""
    vmi: Name | None = None
    """The VirtualMachineInstance that migrates."""
    source: Name | None = Field(default=None, alias="from")
    """Node that the pod leaves; left out for Place."""
    target: Name | None = Field(default=None, alias="to")
    """Node that the pod or its replacement goes to; left out for Evict."""
    owner: PlanOwner | None = None
    """The pod's controller; left out for a pending pod that has none."""
    priority: Int32 = 0
    """Priority that counted in the decision."""
    bindable: Flag = True
    """False when kube-scheduler binds the pod itself under its nomination, because it depends on
    something that only kube-scheduler may settle."""

    @model_validator(mode="after")
    def _machine_fits_action(self) -> Self:
        if (self.vmi is not None) != (self.action is PlanAction.MIGRATE):
            raise contradiction(
                field="vmi",
                problem="Migrate, and nothing else, is about a virtual machine",
                remedy="name the VirtualMachineInstance for Migrate, and leave it out otherwise",
            )
        return self

    @model_validator(mode="after")
    def _nodes_fit_action(self) -> Self:
        leaves, arrives = self.action is not PlanAction.PLACE, self.action is not PlanAction.EVICT
        for field, value, wanted in (("from", self.source, leaves), ("to", self.target, arrives)):
            if wanted and value is None:
                raise contradiction(
                    field=field, problem=f"{self.action} needs a node here", remedy="name the node"
                )
            if not wanted and value is not None:
                raise contradiction(
                    field=field, problem=f"{self.action} takes no node here", remedy="remove it"
                )
        if self.source is not None and self.source == self.target:
            raise contradiction(
                field="to", problem="the pod is there already", remedy="name another node"
            )
        return self


class PlanUnplaced(Model):
    """A pending pod that the plan does not place."""

    pod: PlanPod
    """The pod."""
    reason: Word
    """Why, as a reason code."""
    message: Message = ""
    """Why, for people."""
    proven: Flag = False
    """Whether it is proven that no plan could place it."""


class PackingPlanSpec(Model):
    """The decision; it never changes."""

    trigger: PlanTrigger = PlanTrigger.PENDING_PODS
    """What asked for the plan."""
    policy: Annotated[str, StringConstraints(max_length=253)] = ""
    """The PackingPolicy under which it was made; empty when made by hand without one."""
    snapshot: PlanSnapshot
    """The state of the cluster that it rests on."""
    steps: tuple[PlanStep, ...] = Field(default=(), json_schema_extra=BOUNDED)
    """What to do, in order, waves ascending from 0."""
    unplaced: tuple[PlanUnplaced, ...] = Field(default=(), json_schema_extra=BOUNDED)
    """Pending pods that remain without a place."""

    @model_validator(mode="after")
    def _waves_ascend(self) -> Self:
        waves = [step.wave for step in self.steps]
        if waves != sorted(waves):
            raise contradiction(
                field="steps",
                problem="the waves of the steps do not ascend",
                remedy="sort the steps by wave",
            )
        return self
