"""kube-scheduler alone solves none of the samples."""

import pytest

from e2e.scenario import SAMPLES, Scenario, node_of, why_unschedulable
from e2e.waiting import steadily

pytestmark = pytest.mark.cluster

STARTS = {
    "stranded-8gpu": {"inference": 4, "notebook": 4},
    "chain": {"chain-1": ["a"], "chain-2": ["b"], "chain-3": ["c"]},
    "swap": {"swap-1": ["a"], "swap-2": ["b"]},
    "three-tiers": {
        "tier-1": ["high-1", "low-1"],
        "tier-2": ["high-2", "mid-2"],
        "tier-3": ["high-3", "low-3", "mid-3"],
    },
    "budget": {"budget-1": ["web"], "budget-2": ["batch", "batch"]},
    "devices": {"devices-1": ["model"]},
    "infeasible": {},
}


def where(scenario: Scenario) -> dict[str | None, list[str]]:
    """Return the apps on each node."""
    found: dict[str | None, list[str]] = {}
    for pod in scenario.pods():
        found.setdefault(node_of(pod), []).append(pod["metadata"]["labels"]["app"])
    return {node: sorted(apps) for node, apps in found.items()}


def test_every_sample_is_tried() -> None:
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} == STARTS.keys()


@pytest.mark.parametrize("sample", sorted(STARTS))
def test_scheduler_alone_leaves_the_pod_pending(scenario: Scenario, sample: str) -> None:
    scenario.stage(sample)
    start = where(scenario)
    if sample == "stranded-8gpu":
        assert sorted(start.values()) == [["inference", "notebook"]] * 4
    else:
        assert start == STARTS[sample]
    before = scenario.places()
    scenario.apply_sample(sample, "pending")
    pending = {"infeasible": "app=giant", "stranded-8gpu": "app=training"}.get(
        sample, "app in (p, whole)"
    )
    scenario.wait_unschedulable(pending)
    steadily(
        lambda: all(why_unschedulable(pod) for pod in scenario.pods(pending)),
        for_s=3,
        what="kube-scheduler has given up",
    )
    assert before.items() <= scenario.places().items(), "nothing has moved"
