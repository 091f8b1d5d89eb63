"""Builders of plans as values and as stored objects."""

from datetime import datetime
from typing import TypedDict, Unpack

from restow.cluster.objects import Pod
from restow.core.ids import NodeName
from restow.core.reasons import Reason
from restow.packing.outcome import Status
from restow.planning.plan import (
    Action,
    Disturbed,
    Plan,
    Solve,
    Step,
    TierResult,
    Trigger,
    Unplaced,
)
from tests.support.objects import NOW


def a_place(pod: Pod, target: str, *, wave: int = 0) -> Step:
    """A pending pod goes to a node."""
    return Step(
        wave=wave,
        action=Action.PLACE,
        pod=pod.ref,
        target=NodeName(target),
        owner=pod.owner,
        priority=pod.priority,
    )


def a_move(pod: Pod, target: str, *, wave: int = 0) -> Step:
    """A running pod goes to another node."""
    return Step(
        wave=wave,
        action=Action.MOVE,
        pod=pod.ref,
        source=pod.node,
        target=NodeName(target),
        owner=pod.owner,
        priority=pod.priority,
    )


def an_eviction(pod: Pod, *, wave: int = 0) -> Step:
    """A running pod is left without a place."""
    return Step(
        wave=wave,
        action=Action.EVICT,
        pod=pod.ref,
        source=pod.node,
        owner=pod.owner,
        priority=pod.priority,
    )


def without_node(pod: Pod, *, reason: Reason = Reason.NO_ROOM, message: str = "") -> Unplaced:
    """A pending pod that stays pending, proven."""
    return Unplaced(pod=pod.ref, reason=reason, message=message, proven=True)


class PlanFields(TypedDict, total=False):
    """What `a_plan` lets a test override."""

    name: str
    policy: str
    taken_at: datetime
    unplaced: tuple[Unplaced, ...]
    outcome: Status
    tiers: tuple[TierResult, ...]
    trigger: Trigger


def a_plan(*steps: Step, **fields: Unpack[PlanFields]) -> Plan:
    """A plan of these steps, optimal, of policy `default`."""
    moves = sum(step.action in (Action.MOVE, Action.MIGRATE) for step in steps)
    evictions = sum(step.action is Action.EVICT for step in steps)
    return Plan(
        name=fields.get("name", "plan-1"),
        trigger=fields.get("trigger", Trigger.PENDING_PODS),
        policy=fields.get("policy", "default"),
        snapshot_digest="sha256:" + "0" * 64,
        taken_at=fields.get("taken_at", NOW),
        steps=steps,
        unplaced=fields.get("unplaced", ()),
        solve=Solve(
            outcome=fields.get("outcome", Status.OPTIMAL),
            wall_s=0.25,
            engine="test",
            tiers=fields.get("tiers", ()),
            disturbed=Disturbed(
                moves=moves, evictions=evictions, bound=moves + evictions, proven=True
            ),
        ),
    )
