"""The web page of a simulation: everything it needs is in it, and a browser draws it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from restow.report.simulation import page
from restow.simulation.placing.names import PolicyName
from restow.simulation.replay.options import Variant
from restow.simulation.replay.planner import SharingPlanner
from restow.simulation.replay.simulate import simulate
from restow.simulation.replay.storing import Keeper
from tests.support.traces import OPTIONS, drawn

CHARTS = 7
CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)


def simulated() -> dict[str, Any]:
    variants = [Variant(policy=PolicyName.KUBE_SCHEDULER, migrations=limit) for limit in (0, "5%")]
    planner = SharingPlanner(work=0.05, seed=0)
    return simulate(drawn(hours=1), variants, OPTIONS, planner, keeper=Keeper(None, ""))


def test_the_page_has_the_runs_as_data() -> None:
    told = simulated()
    (found,) = re.findall(
        r'<script id="data" type="application/json">(.*?)</script>', page(told), re.S
    )
    data = json.loads(found)
    assert data["runs"] == told["runs"]
    assert data["headline"].endswith("pods on 3 nodes with 12 GPUs over 60 min")


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page(simulated())
    foreign = set(re.findall(r"""(?:https?:)?//[^\s"'<>)]+""", text))
    assert foreign == {"http://www.w3.org/2000/svg"}, "the name of a namespace, not an address"
    assert not re.search(r"<(link|img|iframe)|@import|url\(", text)


def test_what_is_in_a_trace_cannot_end_the_script() -> None:
    told = simulated()
    told["runs"][0]["label"] = "</script><script>alert(1)</script>"
    assert "alert(1)</script>" not in page(told)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_draws_a_curve_of_each_run_in_each_chart(tmp_path: Path) -> None:
    told = simulated()
    (tmp_path / "page.html").write_text(page(told))
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/p"]
    asked = [*options, "--virtual-time-budget=5000", "--dump-dom", f"file://{tmp_path}/page.html"]
    done = subprocess.run([str(CHROMIUM), *asked], capture_output=True, timeout=120, check=True)
    text = done.stdout.decode()
    curves = re.findall(r'<path class="curve" d="([^"]*)"', text)
    assert len(curves) == CHARTS * len(told["runs"])
    assert all(re.fullmatch(r"(?:[MLHV]-?[\d.]+(?: -?[\d.]+)?)+", curve) for curve in curves)
    rows = re.findall(r"<tr><td>.*?</td>", text)
    assert len(rows) == len(told["runs"])
    for run in told["runs"]:
        assert f"{100 * run['summary']['allocation']:.2f} %" in text
