"""Moments in the life of a plan, as seen from outside in what changes in the cluster."""

from e2e.ambush import Moment
from e2e.client import Json
from e2e.mirror import Change
from e2e.plans import phase
from e2e.watches import evicted, has_gate


def plan_in(*phases: str) -> Moment:
    """Return the moment at which a plan is in one of the phases."""
    return lambda change: change.after is not None and phase(change.after) in phases


def plan_created(change: Change) -> bool:
    """Return whether a plan has just been created."""
    return change.before is None


def plan_in_wave(number: int) -> Moment:
    """Return the moment at which a wave of a plan begins, the first being 0."""
    return lambda change: status(change.last).get("wave") == number


def plan_cleans_up(change: Change) -> bool:
    """Return whether all that a plan was to do is done, and only its marks are left."""
    return bool(status(change.last).get("execution", {}).get("ending"))


def gate_armed(change: Change) -> bool:
    """Return whether the admission gate has been armed."""
    armed = "restow.dev/gate" in change.last["metadata"].get("labels", {})
    return armed and change.after is not None


def nominated(app: str) -> Moment:
    """Return the moment at which an unbound pod of an app is nominated."""
    return lambda change: is_of(change, app) and unbound(change.last) and bool(nominee(change.last))


def bound(app: str) -> Moment:
    """Return the moment at which a pod of an app is bound."""
    return lambda change: is_of(change, app) and not unbound(change.last)


def pod_evicted(change: Change) -> bool:
    """Return whether a pod is being removed by the Eviction API."""
    return evicted(change.last)


def replacement_gated(change: Change) -> bool:
    """Return whether a pod has appeared behind the gate."""
    return has_gate(change.last)


def replacement_nominated(change: Change) -> bool:
    """Return whether a pod behind the gate is nominated."""
    return has_gate(change.last) and bool(nominee(change.last))


def gate_released(change: Change) -> bool:
    """Return whether a pod has just lost the gate."""
    before, after = change.before, change.after
    return before is not None and after is not None and has_gate(before) and not has_gate(after)


def status(item: Json) -> Json:
    """Return the status of an object, empty if it has none."""
    found: Json = item.get("status") or {}
    return found


def nominee(pod: Json) -> str:
    """Return the node that a pod is nominated for, empty for none."""
    return str(status(pod).get("nominatedNodeName") or "")


def unbound(pod: Json) -> bool:
    """Return whether a pod waits for a node."""
    return not pod["spec"].get("nodeName")


def is_of(change: Change, app: str) -> bool:
    """Return whether a change is about a pod of an app."""
    return bool(change.last["metadata"].get("labels", {}).get("app") == app)
