"""`restow reschedule` as its users meet it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_main import dump, node, pod, policy, restow

__all__ = ["restow"]  # a fixture

Json = dict[str, Any]

SCATTERED = [node("n1", 8), node("n2", 8), pod("a", 2, on="n1"), pod("b", 2, on="n2")]
"""Each node has 6 of 8 GPUs free: one move makes one of them whole."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return dump(tmp_path / "dump.json", *SCATTERED)


def plan_of(out: str) -> Json:
    found: Json = json.loads(out)
    return found


@pytest.mark.solver
@pytest.mark.slow
def test_the_plan_is_one_object_on_stdout_with_what_it_gains(restow: Any, file: Path) -> None:
    asked = ("--max-migrations", "1", "--shape", "nvidia.com/gpu=8", "-o", "json")
    result = restow("reschedule", "--from", file, *asked)
    assert result.code == 0
    plan = plan_of(result.out)
    assert (plan["kind"], plan["spec"]["trigger"]) == ("PackingPlan", "Rescheduling")
    assert [step["action"] for step in plan["spec"]["steps"]] == ["Move"]
    fragments = plan["status"]["fragmentation"]
    assert fragments["before"]["copies of nvidia.com/gpu=8"] == 0
    assert fragments["after"]["copies of nvidia.com/gpu=8"] == 1
    assert fragments["proven"] is True


@pytest.mark.solver
@pytest.mark.slow
def test_the_table_says_what_is_gained_and_draws_the_nodes(restow: Any, file: Path) -> None:
    result = restow("reschedule", "--from", file, "--max-migrations", "2")
    assert result.code == 0
    assert "changes nothing" in result.out, "the largest pod asks for two, and finds room"
    result = restow(
        "reschedule", "--from", file, "--max-migrations", "2", "--shape", "nvidia.com/gpu=8"
    )
    assert "moves 1 pod in 1 wave; fragmentation 1.000 to 0.333 (proven)" in result.out
    assert "nvidia.com/gpu per node" in result.out


@pytest.mark.solver
@pytest.mark.slow
def test_a_goal_asks_for_as_few_moves_as_can_be(restow: Any, file: Path) -> None:
    asked = ("--max-migrations", "9", "--shape", "nvidia.com/gpu=8", "--copies", "1")
    result = restow("reschedule", "--from", file, *asked)
    assert "fewest moves: proven" in result.out


@pytest.mark.solver
@pytest.mark.slow
def test_nodes_are_emptied_and_the_page_says_so(restow: Any, file: Path) -> None:
    asked = ("--max-migrations", "1", "--objective", "consolidate")
    result = restow("reschedule", "--from", file, *asked, "-o", "html")
    assert result.code == 0
    assert "empty nodes 0 to 1 (proven)" in result.out
    assert result.out.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shape", "gpu"), "--shape: 'gpu' is not NAME=QUANTITY; write a shape as"),
        (("--copies", "1", "--fragmentation", "0.5"), "--copies: --fragmentation is another goal"),
        (("--shape", "cpu=1", "--shape", "cpu=2", "--copies", "1"), "of which of 2 shapes"),
        (("--objective", "consolidate", "--copies", "1"), "Consolidate has no use for it"),
        (("--objective", "drain"), "--node: Drain needs to know which nodes"),
        (("--objective", "drain", "--node", "none"), "there is no node 'none'"),
        (("--objective", "balance"), "--utilization: Balance needs it"),
        (("--price", "much"), "--price: 'much' is no quantity"),
        (("--price", "-1"), "--price: '-1' is below nothing"),
        (("--price", "1", "--copies", "1"), "whatever the moves cost"),
        (("--time-limit", "soon"), "--time-limit"),
        (("--policy", "none"), "there is no PackingPolicy 'none'"),
    ],
)
def test_bad_input_is_named_with_its_remedy(
    restow: Any, file: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = restow("reschedule", "--from", file, "--max-migrations", "1", *arguments)
    assert result.code == 2
    assert said in result.err
    assert result.out == ""


def test_a_cluster_without_pods_cannot_say_what_to_make_room_for(
    restow: Any, tmp_path: Path
) -> None:
    file = dump(tmp_path / "dump.json", node("n1", 8))
    result = restow("reschedule", "--from", file, "--max-migrations", "1")
    assert result.code == 2
    assert "name it, as in --shape" in result.err


def test_a_policy_with_a_shape_that_cannot_be_read_is_named(restow: Any, tmp_path: Path) -> None:
    bad = policy("p", rescheduling={"shapes": ["gpu"]})
    file = dump(tmp_path / "dump.json", *SCATTERED, bad)
    result = restow("reschedule", "--from", file, "--max-migrations", "1")
    assert result.code == 2
    assert "spec.rescheduling.shapes" in result.err
    assert "'gpu' is not NAME=QUANTITY" in result.err
