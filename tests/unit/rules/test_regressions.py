"""What kube-scheduler once said and restow did not: recorded by `python -m e2e.conform`."""

from pathlib import Path

import pytest

from e2e.conform.judge import disagreements
from e2e.conform.scene import read

RECORDED = sorted((Path(__file__).parents[2] / "regressions").glob("*.jsonl"))


@pytest.mark.parametrize("recording", RECORDED, ids=lambda path: path.stem)
def test_rules_say_what_kube_scheduler_said(recording: Path) -> None:
    scenes = list(read(recording))
    assert any(scene.verdicts for scene in scenes)
    assert [wrong for scene in scenes for wrong in disagreements(scene)] == []
