"""Reading PackingPlans in scenarios."""

from e2e.client import Json
from e2e.mirror import Mirrors
from e2e.scenario import Scenario
from e2e.waiting import eventually

FINAL = ("Completed", "Aborted", "Stale", "Superseded")


def phase(plan: Json) -> str:
    """Return where a plan stands, empty if it has no status yet."""
    return str(plan.get("status", {}).get("phase") or "")


def actions(plan: Json) -> list[tuple[str, str]]:
    """Return action and app (the pod's name without its random parts) of each step, in order."""
    return [(step["action"], app(step["pod"]["name"])) for step in plan["spec"].get("steps", ())]


def app(pod: str) -> str:
    """Return the Deployment's name within the name of one of its pods."""
    return pod.rsplit("-", 2)[0]


def disturbed(plan: Json) -> Json:
    """Return how many pods a plan moves and evicts, and what is proven."""
    found: Json = plan["status"]["solve"]["disturbed"]
    return found


def wait_plan(scenario: Scenario, *phases: str, within_s: float = 30) -> Json:
    """Wait until the newest plan is in one of the phases; return it."""
    plans = eventually(
        scenario.plans,
        within_s=within_s,
        what=f"the newest plan is {' or '.join(phases)}",
        until=lambda found: bool(found) and phase(found[-1]) in phases,
    )
    return plans[-1]


def marks(mirrors: Mirrors) -> list[str]:
    """Return what restow has left on pods: gates, and nominations and marks of unbound ones."""
    found = []
    for pod in mirrors["Pod"].all():
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        unbound = not pod["spec"].get("nodeName")
        if any(
            gate["name"] == "restow.dev/place" for gate in pod["spec"].get("schedulingGates", ())
        ):
            found.append(f"{name} is gated")
        if unbound and pod["status"].get("nominatedNodeName"):
            found.append(f"{name} is nominated")
        if unbound and "restow.dev/plan" in pod["metadata"].get("annotations", {}):
            found.append(f"{name} carries the mark of a plan")
    return found


def armed(scenario: Scenario) -> bool:
    """Return whether the admission gate is armed."""
    return any(
        "restow.dev/gate" in item["metadata"].get("labels", {})
        for item in scenario.client.list("PlacementGate")
    )


def wait_clean(scenario: Scenario, *, within_s: float = 15) -> None:
    """Wait until restow has left nothing behind: no gate armed, no mark on any pod."""
    eventually(
        lambda: (marks(scenario.mirrors), armed(scenario)),
        within_s=within_s,
        what="restow has left nothing behind",
        until=lambda left: left == ([], False),
    )
