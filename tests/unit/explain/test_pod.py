"""What `restow explain pod` says. `RESTOW_GOLDEN=write` writes the texts anew: read the diff."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from restow.core.ids import ObjectKey
from restow.explain.change import Leeway
from restow.explain.document import document
from restow.explain.pod import Explanation, explain
from restow.report.explanation import report
from tests.support.decisions import solver
from tests.support.explained import SITUATIONS, Situation
from tests.support.objects import NOW

GOLDEN = Path(__file__).parents[2] / "golden" / "explain"

pytestmark = pytest.mark.solver


def explained(situation: Situation) -> Explanation:
    pod = situation.snapshot.pods[situation.pod]
    return explain(pod, situation.snapshot, situation.policies, solver, NOW)


def printed(explanation: Explanation) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100, highlight=False).print(report(explanation, NOW))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@pytest.mark.parametrize("name", SITUATIONS)
def test_text_is_the_golden_one(name: str) -> None:
    text = printed(explained(SITUATIONS[name]()))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("RESTOW_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


def test_readme_shows_what_is_printed() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert (
        f"```\n$ restow explain pod ml/trainer\n{(GOLDEN / 'story.txt').read_text()}```" in readme
    )


def test_every_golden_text_has_its_situation() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_json_and_text_say_the_same(name: str) -> None:
    explanation = explained(SITUATIONS[name]())
    body: dict[str, Any] = json.loads(json.dumps(document(explanation)))
    text = " ".join(printed(explanation).split())
    assert f"{body['pod']['namespace']}/{body['pod']['name']}" in text
    for said in _messages(body):
        assert " ".join(said.split()) in text


def _messages(body: dict[str, Any]) -> list[str]:
    found = [body[part]["message"] for part in ("noWork", "nodes") if part in body]
    found += [each["message"] for each in body.get("moving", {}).get("reasons", ())]
    change = body.get("change", {})
    found += [change[part]["message"] for part in ("waits", "refused") if part in change]
    for near in body.get("nearest", ()):
        found += near["lacks"] if "waits" not in change else []
    return found


@pytest.mark.parametrize(
    ("name", "leeways"),
    [
        ("stranded", [Leeway.NONE]),
        ("limits_spent", [Leeway.LIMITS]),
        ("budget_spent", [Leeway.BUDGETS]),
        ("opted_out", []),
    ],
)
def test_a_change_beyond_limits_and_budgets_is_said_as_such(
    name: str, leeways: list[Leeway]
) -> None:
    alone = explained(SITUATIONS[name]()).alone
    assert alone is not None
    assert [change.leeway for change in alone.changes] == leeways
    assert (alone.verdict is None) == (leeways == [Leeway.NONE])


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_starts_at_once_starts_where_kube_scheduler_would_take_it(name: str) -> None:
    explanation = explained(SITUATIONS[name]())
    changes = explanation.alone.changes if explanation.alone is not None else ()
    for change in changes:
        if change.disturbed == 0:
            assert explanation.obstacles is not None
            (step,) = change.plan.steps
            assert step.target in explanation.obstacles.count.available


def test_the_change_is_for_the_pod_alone() -> None:
    situation = SITUATIONS["stranded"]()
    explanation = explained(situation)
    assert explanation.alone is not None
    (change,) = explanation.alone.changes
    assert change.plan.placed == (ObjectKey("default", "trainer"),)
    assert explanation.rivals == 1


def test_explaining_twice_says_the_same() -> None:
    situation = SITUATIONS["budget_spent"]()
    assert printed(explained(situation)) == printed(explained(situation))
