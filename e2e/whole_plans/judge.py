"""Did a plan keep its word? Judged from outside: by its spec, and by where the pods are."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from e2e.client import Json
from e2e.plans import phase
from e2e.scenario import node_of
from e2e.watches import has_gate, name
from restow.core.marks import HOLD
from restow.rules.moving.leaving import CAUSES

PREEMPTED: Final = CAUSES["PreemptionByScheduler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One plan, by its name.

    Parameters
    ----------
    phase, message
        As in its status.
    steps
        Number of steps.
    waves
        Number of waves.
    arrived
        Pods that the plan gave a node, and that are on it.
    evicted
        Pods that it evicted.
    outsiders
        Pods named in the message that are none of the plan's: who came between.
    wrong
        What is wrong; empty when the plan kept its word, or says on whose account it gave up.
    """

    name: str
    phase: str
    message: str
    steps: int
    waves: int
    arrived: int
    evicted: int
    outsiders: tuple[str, ...]
    wrong: tuple[str, ...]


class Seat(NamedTuple):
    """Where a pod was bound, and the uid of its controller; empty for none."""

    node: str
    owner: str


NOWHERE: Final = Seat("no node", "")


def judge(plan: Json, at: Mapping[str, Seat]) -> Judged:
    """Return what became of a finished plan; `at` has the seat of each pod ever bound, by uid.

    Of pods of one controller any may be the one that arrived. A move that was not begun, because
    all pending pods had their nodes, has no arrival. Where nobody was evicted, a pending pod that
    is elsewhere found that place by itself. A pod that lost its place to one that is none of the
    plan's is no broken word if the step names that one.
    """
    steps, status = plan["spec"]["steps"], plan["status"]
    ended, message = phase(plan), str(status.get("message", ""))
    every = list(zip(steps, _progress(plan), strict=True))
    others = _outsiders(plan, message)
    evicted = sum("disturbedAt" in progress for _, progress in every)
    arrivals = [
        (step, _arriving(step, progress), _outsiders(plan, str(progress.get("message", ""))))
        for step, progress in every
        if step["action"] == "Place" or (step["action"] == "Move" and "disturbedAt" in progress)
    ]
    missed = [
        f"{step['action']} {step['pod']['name']} to {step['to']}: {uid or 'no replacement'} "
        f"is on {at.get(uid, NOWHERE).node}"
        for step, uid, to_blame in arrivals
        if not to_blame and not _keeps_word(step, uid, at)
    ]
    arrived = sum(_keeps_word(step, uid, at) for step, uid, _ in arrivals)
    return Judged(
        name=plan["metadata"]["name"],
        phase=ended,
        message=message,
        steps=len(steps),
        waves=1 + max(step["wave"] for step in steps),
        arrived=arrived,
        evicted=evicted,
        outsiders=others,
        wrong=_wrong(ended, message, missed if evicted else [], others),
    )


def _wrong(
    ended: str, message: str, missed: list[str], outsiders: tuple[str, ...]
) -> tuple[str, ...]:
    if ended == "Aborted" and not outsiders:
        return (f"aborted on nobody else's account: {message}",)
    return tuple(missed) if ended == "Completed" else ()


def _outsiders(plan: Json, message: str) -> tuple[str, ...]:
    """Return the pods, as namespace/name, that the message names and that the plan does not.

    And kube-scheduler, where it preempts a pod of the plan: it tells nobody for whom.
    """
    ours = {f"{step['pod']['namespace']}/{step['pod']['name']}" for step in plan["spec"]["steps"]}
    for progress in _progress(plan):
        if other := progress.get("replacement"):
            ours.add(f"{other['namespace']}/{other['name']}")
    place = plan["spec"]["steps"][0]["pod"]["namespace"]
    named = set(re.findall(rf"\b{place}/[\w.-]*\w", message))
    others = {"kube-scheduler"} if PREEMPTED in message else set[str]()
    return tuple(sorted(named - ours | others))


def left_behind(pods: Iterable[Json]) -> list[str]:
    """Return what of restow's is still on pods: a gate, or a nomination with its mark."""
    found = []
    for pod in pods:
        if has_gate(pod):
            found.append(f"{name(pod)} is gated")
        if not node_of(pod) and "restow.dev/plan" in pod["metadata"].get("annotations", {}):
            found.append(f"{name(pod)} carries the mark of a plan")
    return found


def placeholders(pods: Iterable[Json]) -> list[str]:
    """Return the placeholders among the pods; there are none once no plan is carried out."""
    return [
        f"placeholder {name(pod)} is left"
        for pod in pods
        if any(gate["name"] == HOLD for gate in pod["spec"].get("schedulingGates", ()))
    ]


def _progress(plan: Json) -> list[Json]:
    """Return the status of each step, in the order of the steps."""
    by_index = {each["index"]: each for each in plan["status"].get("steps", ())}
    return [by_index.get(index, {}) for index in range(len(plan["spec"]["steps"]))]


def _arriving(step: Json, progress: Json) -> str:
    """Return the uid of the pod that a step brings to its node, empty while there is none."""
    own = str(step["pod"]["uid"]) if step["action"] == "Place" else ""
    return str((progress.get("replacement") or {}).get("uid", own))


def _keeps_word(step: Json, uid: str, at: Mapping[str, Seat]) -> bool:
    """Whether the pod that arrived is where the step wanted it, and a pod of its controller."""
    seat = at.get(uid, NOWHERE)
    meant = uid == step["pod"]["uid"] or seat.owner == (step.get("owner") or {}).get("uid")
    return seat.node == step["to"] and meant
