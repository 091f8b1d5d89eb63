"""Did a plan keep its word? Judged from outside: by its spec, and by where the pods are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from e2e.client import Json
from e2e.plans import phase
from e2e.scenario import node_of
from e2e.watches import has_gate, name


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
    wrong
        What is wrong; empty when the plan kept its word, or says that it gave up.
    """

    name: str
    phase: str
    message: str
    steps: int
    waves: int
    arrived: int
    wrong: tuple[str, ...]


def judge(plan: Json, at: Mapping[str, str]) -> Judged:
    """Return what became of a finished plan; `at` has the node of each pod ever bound, by uid."""
    steps, status = plan["spec"]["steps"], plan["status"]
    ended, message = phase(plan), str(status.get("message", ""))
    arrivals = [
        (step, _arriving(step, progress))
        for step, progress in zip(steps, _progress(plan), strict=True)
        if step["action"] != "Evict"
    ]
    missed = [
        f"{step['action']} {step['pod']['name']} to {step['to']}: {uid or 'no replacement'} "
        f"is on {at.get(uid, 'no node')}"
        for step, uid in arrivals
        if at.get(uid) != step["to"]
    ]
    return Judged(
        name=plan["metadata"]["name"],
        phase=ended,
        message=message,
        steps=len(steps),
        waves=1 + max(step["wave"] for step in steps),
        arrived=len(arrivals) - len(missed),
        wrong=tuple(missed) if ended == "Completed" else (),
    )


def left_behind(pods: Iterable[Json]) -> list[str]:
    """Return what of restow's is still on pods: a gate, or a nomination with its mark."""
    found = []
    for pod in pods:
        if has_gate(pod):
            found.append(f"{name(pod)} is gated")
        if not node_of(pod) and "restow.dev/plan" in pod["metadata"].get("annotations", {}):
            found.append(f"{name(pod)} carries the mark of a plan")
    return found


def _progress(plan: Json) -> list[Json]:
    """Return the status of each step, in the order of the steps."""
    by_index = {each["index"]: each for each in plan["status"].get("steps", ())}
    return [by_index.get(index, {}) for index in range(len(plan["spec"]["steps"]))]


def _arriving(step: Json, progress: Json) -> str:
    """Return the uid of the pod that a step brings to its node, empty while there is none."""
    if step["action"] == "Place":
        return str(step["pod"]["uid"])
    return str((progress.get("replacement") or {}).get("uid", ""))
