"""Random pods, judged by the real kube-scheduler and by restow's rules, get the same answers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from e2e.conform.asking import asked
from e2e.conform.judge import Disagreement, disagreements
from e2e.conform.oracle import Oracle, oracle
from e2e.conform.scene import read
from e2e.conform.shrinking import smallest
from restow.rules.placement import taints
from restow.rules.registry import RULES

pytestmark = pytest.mark.cluster

CASES = 1000
WITHOUT_TAINTS = tuple(rule for rule in RULES if rule is not taints.RULE)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Oracle]:
    with oracle() as asking:
        yield asking


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kube_scheduler_and_restow_agree_on_random_pods(scheduler: Oracle) -> None:
    wrong: list[Disagreement] = []
    for _, judged in asked(scheduler, seed=1, cases=CASES):
        wrong += disagreements(judged)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mistake_is_found_and_shrunk_to_what_shows_it(scheduler: Oracle, tmp_path: Path) -> None:
    """With taints forgotten, a tainted node and a pod are all that is left of a cluster."""
    scene, judged, wrong = next(
        (scene, judged, wrong)
        for scene, judged in asked(scheduler, seed=3, cases=CASES, rules=WITHOUT_TAINTS)
        for wrong in disagreements(judged, WITHOUT_TAINTS)
    )
    told = partial(disagreements, rules=WITHOUT_TAINTS)
    small = smallest(scheduler, scene, judged, wrong, told=told)
    assert small is not None
    documents = list(yaml.safe_load_all(small.manifest()))
    assert [each["kind"] for each in documents] == ["Namespace", "Node", "Pod"]
    (taint,) = documents[1]["spec"]["taints"]
    assert taint["effect"] in {"NoSchedule", "NoExecute"}
    assert documents[2]["spec"].keys() == {"containers"}
    (kept,) = read(small.keep(tmp_path))
    assert any(disagreements(kept, WITHOUT_TAINTS))
    assert not any(disagreements(kept))
