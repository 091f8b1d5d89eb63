"""What happens in the cluster, in words, as it is seen from outside."""

import time
from collections.abc import Iterator
from typing import Final

from rich.console import Console

from e2e.client import Json
from e2e.mirror import Change
from e2e.scenario import Scenario, is_running, node_of

GATE: Final = "restow.dev/place"
WATCHED: Final = ("Pod", "PackingPlan", "PlacementGate")


class Story:
    """Prints a line for each thing worth telling, with the seconds since it began."""

    def __init__(self, console: Console, stage: Scenario) -> None:
        self._console = console
        self._namespace = stage.namespace
        self._began = time.monotonic()
        self._ends = [stage.mirrors[kind].listen(self._tell) for kind in WATCHED]

    def end(self) -> None:
        """Stop telling."""
        for end in self._ends:
            end()

    def _tell(self, change: Change) -> None:
        for line in lines(change, self._namespace):
            self._console.print(f"  [dim]{change.at - self._began:5.1f} s[/]  {line}")


def lines(change: Change, namespace: str) -> Iterator[str]:
    """Yield what one change means."""
    meta = change.last["metadata"]
    match change.kind:
        case "PackingPlan":
            yield from of_plan(change)
        case "PlacementGate":
            if change.before is None:
                yield "gate armed: the controllers' next pods will wait for their new place"
            elif change.after is None:
                yield "gate disarmed"
        case "Pod" if meta.get("namespace") == namespace:
            yield from of_pod(change)
        case _:
            return


def of_plan(change: Change) -> Iterator[str]:
    """Yield a line when a plan appears and when it changes its phase."""
    plan = change.after
    if plan is None:
        return
    name = plan["metadata"]["name"]
    if change.before is None:
        steps = plan["spec"]["steps"]
        moves = sum(step["action"] == "Move" for step in steps)
        yield f"[bold]plan {name}[/]: {moves} moves make room for {len(steps) - moves} pod"
    was, phase = phase_of(change.before), phase_of(plan)
    if phase and phase != was:
        yield f"plan {name}: [bold]{phase}[/]"


def phase_of(plan: Json | None) -> str:
    """Return the phase of a plan, empty if it has none yet."""
    return str((plan or {}).get("status", {}).get("phase", ""))


def of_pod(change: Change) -> Iterator[str]:
    """Yield a line for each step of a pod's life that restow or kube-scheduler takes."""
    pod, before = change.after, change.before or {"metadata": {}, "spec": {}, "status": {}}
    name = change.last["metadata"]["name"]
    if pod is None:
        return
    if "deletionTimestamp" in pod["metadata"] and "deletionTimestamp" not in before["metadata"]:
        yield f"[yellow]{name}[/] evicted from {node_of(pod)}"
        return
    if gated(pod) and not gated(before):
        yield f"[cyan]{name}[/] replaces it, and is gated"
    nominated = pod["status"].get("nominatedNodeName")
    if nominated and nominated != before["status"].get("nominatedNodeName"):
        yield f"[cyan]{name}[/] nominated to {nominated}"
    if gated(before) and not gated(pod):
        yield f"[cyan]{name}[/] released to kube-scheduler"
    if node_of(pod) and not node_of(before):
        yield f"[green]{name}[/] bound to {node_of(pod)}"
    if is_running(pod) and not is_running(before):
        yield f"[green]{name}[/] runs"


def gated(pod: Json) -> bool:
    """Return whether a pod holds restow's gate."""
    return any(gate["name"] == GATE for gate in pod["spec"].get("schedulingGates", ()))
