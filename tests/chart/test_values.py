import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.generate import CHART, readme
from restow.policies.invalid import checked
from restow.policies.packing_policy import PackingPolicySpec
from tests.chart.rendered import helm, of_kind, refusal, render

VALUES = (CHART / "values.yaml").read_text()
FREE = {"policy.spec", "resources"}
"""Objects whose content is not the chart's to describe."""
SCENARIOS = sorted((CHART / "ci").glob("*-values.yaml"))


def paths(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value and path not in FREE:
            yield from paths(value, f"{path}.")
        else:
            yield path


def in_schema(node: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, each in node["properties"].items():
        path = f"{above}{key}"
        if "properties" in each and path not in FREE:
            assert each["additionalProperties"] is False, path
            yield from in_schema(each, f"{path}.")
        else:
            yield path


def test_schema_values_and_readme_name_the_same_keys() -> None:
    known = set(paths(yaml.safe_load(VALUES)))
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(in_schema(schema)) - {"global"} == known
    assert set(re.findall(r"^\| `([\w.]+)` \|", readme(VALUES), re.MULTILINE)) == known


def test_templates_use_every_value() -> None:
    text = "".join(path.read_text() for path in (CHART / "templates").iterdir())
    for path in paths(yaml.safe_load(VALUES)):
        assert f".Values.{path}" in text, path


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        ('colour="red"', "additional properties 'colour' not allowed"),
        ('image.colour="red"', "additional properties 'colour' not allowed"),
        ('policy={"mode": "Act"}', "additional properties 'mode' not allowed"),
        ('policy.spec.mode="Banana"', "'Observe', 'Approve', 'Act'"),
        ("policy.spec.mod=1", "additional properties 'mod' not allowed"),
        ("policy.spec.graceSeconds=-1", "minimum: got -1, want 0"),
        ('replicaCount="two"', "got string, want integer"),
        ("metrics.serviceMonitor.interval=30", "got number, want string"),
        ('image.digest="latest"', "does not match pattern"),
        ('prometheus.tokenFile="token"', "does not match pattern"),
        ('prometheus.existingSecret="thanos"', "got string, want object"),
        ('log.level="loud"', "'debug', 'info', 'warning', 'error'"),
    ],
)
def test_values_that_mean_nothing_are_refused(sets: str, says: str) -> None:
    assert says in refusal(sets)


def test_monitor_without_service_is_refused_with_the_remedy() -> None:
    said = refusal("metrics.service.create=false", "metrics.serviceMonitor.create=true")
    assert "set metrics.service.create=true" in said


@pytest.mark.parametrize("values", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_passes_lint_and_holds_a_valid_policy(values: Path) -> None:
    done = helm("lint", str(CHART), "--strict", f"--values={values}")
    assert done.returncode == 0, done.stdout
    for policy in of_kind(render(values=values), "PackingPolicy"):
        checked(PackingPolicySpec, policy["spec"], where=values.name, at="spec")


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("Observe", "nothing else is touched"),
        ("Approve", "kubectl annotate packingplan NAME restow.dev/approved=true"),
        ("Act", "plans are CARRIED OUT"),
    ],
)
def test_notes_state_the_mode_the_next_command_and_how_to_stop(mode: str, says: str) -> None:
    notes = helm(
        "install", "restow", str(CHART), "--dry-run=client", "--namespace=packing",
        f"--set=policy.spec.mode={mode}",
    ).stdout.partition("NOTES:")[2]  # fmt: skip
    assert f"is in mode {mode}" in notes
    assert says in notes
    assert "kubectl scale deployment restow -n packing --replicas=0" in notes
