"""What nobody can use is named with its remedy, where it stands, and the rest goes on."""

import subprocess
from pathlib import Path

import pytest
import yaml

from e2e.client import CommandError, Json
from e2e.operation import Operator
from e2e.plans import actions, wait_clean, wait_plan
from e2e.process_operator import RESTOW
from e2e.release import Release
from e2e.scenario import Scenario
from e2e.waiting import eventually, steadily

pytestmark = pytest.mark.cluster


def test_contradictory_policies_get_a_condition_while_the_others_go_on(
    scenario: Scenario, operator: Operator
) -> None:
    nothing = {"matchLabels": {"a": "b"}, "matchExpressions": [expression("NotIn", ["b"])]}
    nowhere = {"cron": "0 22 * * *", "timeZone": "Mars/Phobos", "durationSeconds": 3600}
    never = {"cron": "61 25 * * *", "durationSeconds": 3600}
    scenario.apply(
        policy("bad-scope", scope={"pods": nothing}),
        policy("bad-time", windows=[never]),
        policy("bad-zone", windows=[nowhere]),
    )
    says = {
        "bad-scope": ["spec.scope.pods", "'a'", "remove one of the requirements"],
        "bad-time": ["spec.windows[0].cron", "61", "minute, hour"],
        "bad-zone": ["spec.windows[0].timeZone", "'Mars/Phobos'", "Europe/Berlin"],
    }
    for name, words in says.items():
        message = wait_condition(scenario, name, "Valid", "False")["message"]
        assert [word for word in words if word not in message] == []
        assert wait_condition(scenario, name, "Ready", "False")["message"] == "correct the spec"
    scenario.stage("swap")
    scenario.apply_sample("swap", "policy", "pending")
    scenario.wait_running(3)
    assert wait_condition(scenario, "swap", "Valid", "True")
    scenario.apply(policy("bad-time", windows=[never | {"cron": "0 22 * * *"}]))
    wait_condition(scenario, "bad-time", "Valid", "True")
    wait_condition(scenario, "bad-zone", "Valid", "False")
    done = plan_by_hand(scenario.client.kubeconfig, "--policy=swap")
    assert (done.returncode, "changes nothing" in done.stdout) == (0, True)
    assert "warning: PackingPolicy bad-zone: spec.windows[0].timeZone" in done.stderr
    done = plan_by_hand(scenario.client.kubeconfig, "--policy=bad-zone")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: PackingPolicy bad-zone: spec.windows[0].timeZone" in done.stderr


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"mode": "Banana"}, ["spec.mode", "Banana", "Observe", "Approve", "Act"]),
        ({"limits": {"movesPerPlan": 10, "movesPerHour": 5}}, ["movesPerHour", "lower the one"]),
        ({"graceSeconds": -1}, ["spec.graceSeconds", "greater than or equal to 0"]),
        ({"modus": "Act"}, ["modus", "unknown field"]),
        ({"windows": [{"cron": "at night", "durationSeconds": 60}]}, ["cron", "five fields"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_api_server_refuses_a_wrong_policy_and_says_what_is_right(
    scenario: Scenario, release: Release, spec: Json, says: list[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        scenario.apply(policy("wrong", **spec))
    assert [word for word in says if word not in str(refused.value)] == []


def test_unusable_annotations_are_named_on_the_objects_that_carry_them(
    scenario: Scenario, operator: Operator
) -> None:
    scenario.stage("swap")
    (pod,) = (pod["metadata"]["name"] for pod in scenario.pods("app=b"))
    annotate(scenario, "namespace", scenario.namespace, "restow.dev/movable=maybe")
    annotate(scenario, "deployment", "a", "restow.dev/priority=urgentt")
    annotate(scenario, "pod", pod, "restow.dev/move-cost=-1")
    scenario.apply_sample("swap", "policy")
    warned = {
        (scenario.namespace, "Namespace"): ["restow.dev/movable", "'maybe'", '"true" or "false"'],
        ("a", "Deployment"): ["restow.dev/priority", "'urgentt'", "existing PriorityClass"],
        (pod, "Pod"): ["restow.dev/move-cost", "'-1'", "integer from 0 to 1000"],
    }
    for (name, kind), words in warned.items():
        event = wait_event(scenario, name, "BadAnnotation")
        assert (event["type"], event["involvedObject"]["kind"]) == ("Warning", kind)
        if kind != "Namespace":  # its name is unique
            assert event["involvedObject"]["uid"] == uid(scenario, kind, name)
        assert [word for word in words if word not in event["message"]] == []
    scenario.apply_sample("swap", "pending")
    scenario.wait_running(3)
    plan = wait_plan(scenario, "Completed")
    assert sorted(actions(plan)) == [("Move", "a"), ("Move", "b"), ("Place", "p")]
    wait_clean(scenario)
    told = {event["involvedObject"]["name"] for event in bad_annotations(scenario)}
    assert told == {scenario.namespace, "a", pod}
    steadily(
        lambda: len(bad_annotations(scenario)) == len(warned), for_s=2, what="each is said once"
    )


def test_plan_without_the_right_to_look_names_what_is_missing(
    scenario: Scenario, release: Release, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    described = yaml.safe_load(release.identity().kubeconfig.read_text())
    token = scenario.client.kubectl(
        "create", "token", "default", f"--namespace={scenario.namespace}"
    ).strip()
    described["users"][0]["user"]["token"] = token
    kubeconfig.write_text(yaml.safe_dump(described))
    done = plan_by_hand(kubeconfig)
    lines = [line for line in done.stderr.splitlines() if not line.endswith("…")]
    assert (done.returncode, done.stdout, len(lines)) == (1, "", 1)
    assert f"system:serviceaccount:{scenario.namespace}:default" in lines[0]
    assert "cannot list resource" in lines[0]


def plan_by_hand(kubeconfig: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `restow plan` on the cluster."""
    return subprocess.run(
        [str(RESTOW), "plan", f"--kubeconfig={kubeconfig}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def policy(name: str, **spec: object) -> Json:
    """Return a policy."""
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def expression(operator: str, values: list[str]) -> Json:
    """Return one requirement on the label `a`."""
    return {"key": "a", "operator": operator, "values": values}


def annotate(scenario: Scenario, kind: str, name: str, word: str) -> None:
    """Do as a user does."""
    scenario.client.kubectl("annotate", f"--namespace={scenario.namespace}", kind, name, word)


def uid(scenario: Scenario, kind: str, name: str) -> str:
    """Return an object's uid."""
    found: str = scenario.client.get(kind, name, scenario.namespace)["metadata"]["uid"]
    return found


def wait_condition(scenario: Scenario, name: str, kind: str, status: str) -> Json:
    """Wait until a policy's condition has a status; return the condition."""

    def look() -> list[Json]:
        found = scenario.client.get("PackingPolicy", name)
        at = found["metadata"]["generation"]
        conditions: list[Json] = found.get("status", {}).get("conditions", [])
        return [
            each
            for each in conditions
            if each["type"] == kind and each.get("observedGeneration") == at
        ]

    return eventually(
        look,
        within_s=15,
        what=f"{kind} of {name} is {status}",
        until=lambda found: [each["status"] for each in found] == [status],
    )[0]


def wait_event(scenario: Scenario, name: str, reason: str) -> Json:
    """Wait until restow has said something on an object; return the Event."""
    return eventually(
        lambda: [
            each
            for each in scenario.events(reason=reason)
            if each["involvedObject"]["name"] == name
        ],
        within_s=15,
        what=f"{reason} is said on {name}",
    )[0]


def bad_annotations(scenario: Scenario) -> list[Json]:
    """Return the Events about annotations, those on the Namespace itself included."""
    return scenario.events(reason="BadAnnotation")
