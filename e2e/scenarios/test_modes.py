"""How far restow goes is the policy's word: Observe only writes plans down, Approve waits."""

from collections.abc import Mapping

import pytest

from e2e.client import Client, Json
from e2e.operation import Operator
from e2e.plans import actions, phase, wait_clean, wait_plan
from e2e.scenario import Scenario
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster

SAMPLE = "stranded-8gpu"
OURS = ("packingplans", "packingpolicies")
"""Observe writes plans, and the policy's status tells what it sees."""
OF_THE_CONTROL_PLANE = ("leases", "apiservices", "componentstatuses")
"""Renewed by whoever holds them, or made up for each answer."""

Versions = Mapping[str, str]


def test_observe_writes_a_plan_and_nothing_else(scenario: Scenario, operator: Operator) -> None:
    before = pose(scenario, "Observe")
    plan = wait_plan(scenario, "Proposed")
    assert [action for action, _ in actions(plan)] == ["Move", "Move", "Place"]
    stays(scenario, before, for_s=3)
    approve(scenario, plan)  # is nothing to a policy that only observes
    stays(scenario, before, for_s=2)
    assert [phase(each) for each in scenario.plans()] == ["Proposed"]


def test_approve_waits_for_the_word_and_then_acts(scenario: Scenario, operator: Operator) -> None:
    before = pose(scenario, "Approve")
    plan = wait_plan(scenario, "Proposed")
    stays(scenario, before, for_s=2)
    remedy = f"kubectl annotate packingplan {name_of(plan)} restow.dev/approved=true"
    assert remedy in plan["status"]["message"]
    approve(scenario, plan)
    scenario.wait_running(9)
    assert name_of(wait_plan(scenario, "Completed")) == name_of(plan)
    wait_clean(scenario)


def test_approval_of_a_stale_plan_makes_a_new_one_instead_of_acting(
    scenario: Scenario, operator: Operator
) -> None:
    pose(scenario, "Approve")
    old = wait_plan(scenario, "Proposed")
    target = next(step["to"] for step in old["spec"]["steps"] if step["action"] == "Place")
    operator.kill()  # so that the approval and what makes it stale are found together
    before = scenario.places()
    scenario.client.kubectl("cordon", target)
    approve(scenario, old)
    operator.start()
    new = eventually(
        lambda: [plan for plan in scenario.plans() if name_of(plan) != name_of(old)],
        within_s=20,
        what="a new plan is proposed",
        until=lambda found: [phase(plan) for plan in found] == ["Proposed"],
    )[0]
    assert target not in {step.get("to") for step in new["spec"]["steps"]}
    eventually(
        lambda: phase(scenario.client.get("PackingPlan", name_of(old))),
        within_s=5,
        what="the old plan is over",
        until=lambda seen: seen in {"Stale", "Superseded"},
    )
    steadily(lambda: scenario.places() == before, for_s=2, what="nothing moves without a word")
    approve(scenario, new)
    scenario.wait_running(9)
    assert name_of(wait_plan(scenario, "Completed")) == name_of(new)
    wait_clean(scenario)


def pose(scenario: Scenario, mode: str) -> Versions:
    """Strand the sample's pod, let the cluster come to rest, then apply a policy of that mode.

    Returns the resource versions of just before the policy.
    """
    scenario.stage(SAMPLE)
    scenario.apply_sample(SAMPLE, "pending")
    scenario.wait_unschedulable("app=training")
    last: Versions = {}

    def at_rest() -> bool:
        nonlocal last
        before, last = last, versions(scenario.client)
        return before == last

    eventually(at_rest, within_s=30, what="nobody writes anything any more")
    scenario.apply(policy_in(mode, scenario))
    return last


def policy_in(mode: str, scenario: Scenario) -> Json:
    """Return the sample's policy in another mode."""
    policy = scenario.read_sample(SAMPLE, "policy")[0]
    return policy | {"spec": policy["spec"] | {"mode": mode}}


def versions(client: Client) -> Versions:
    """Return the resource version of everything that can be listed, but what others must write.

    The namespaces of former scenarios, which are on their way out, are left out.
    """
    found: dict[str, str] = {}
    namespaces = client.list("Namespace")
    going = {name_of(one) for one in namespaces if "deletionTimestamp" in one["metadata"]}
    for prefix in prefixes(client):
        for kind in client.request("GET", prefix)["resources"]:
            name = kind["name"]
            if "list" not in kind["verbs"] or name in OURS + OF_THE_CONTROL_PLANE:
                continue
            for item in client.request("GET", f"{prefix}/{name}")["items"]:
                meta = item["metadata"]
                if going & {meta.get("namespace"), meta["name"]}:
                    continue
                if name != "events" or is_of_restow(item):  # others may repeat theirs
                    at = f"{prefix}/{name} {meta.get('namespace', '')}/{meta['name']}"
                    found[at] = meta.get("resourceVersion", "")
    return found


def prefixes(client: Client) -> list[str]:
    """Return the preferred version of each API group."""
    groups = client.request("GET", "/apis")["groups"]
    return ["/api/v1", *(f"/apis/{each['preferredVersion']['groupVersion']}" for each in groups)]


def is_of_restow(event: Json) -> bool:
    """Return whether restow posted an Event."""
    return "restow" in (event.get("reportingController") or event.get("reportingComponent") or "")


def stays(scenario: Scenario, before: Versions, *, for_s: float) -> None:
    """Check that for a while nothing is made, changed or removed."""
    seen: list[str] = []

    def same() -> bool:
        now = versions(scenario.client)
        seen[:] = [at for at in before.keys() | now.keys() if before.get(at) != now.get(at)]
        return not seen

    try:
        steadily(same, for_s=for_s, what="nothing but the plan is written")
    except AssertionError as error:
        raise AssertionError(f"{error}; written were {sorted(seen)}") from None


def approve(scenario: Scenario, plan: Json) -> None:
    """Do what a person does to let a plan be carried out."""
    scenario.client.kubectl("annotate", "packingplan", name_of(plan), "restow.dev/approved=true")


def name_of(item: Json) -> str:
    """Return an object's name."""
    return str(item["metadata"]["name"])
