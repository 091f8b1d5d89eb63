"""The plots: well-formed SVG, and points that are what the lines of JSON say."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from benchmarks.priority_matters.charts import Chart, Line, svg
from benchmarks.priority_matters.plots import charts


def _row(nodes: int, seconds: float, *, proven: bool, rss_mib: int = 100) -> dict[str, Any]:
    return {
        "grid": "D",
        "engine": "ours",
        "order": "restow",
        "window_s": 1.0,
        "nodes": nodes,
        "seconds": seconds,
        "proven": proven,
        "rss_mib": rss_mib,
    }


ROWS = [
    _row(4, 0.1, proven=True),
    _row(4, 0.3, proven=True, rss_mib=120),
    _row(8, 1.0, proven=False, rss_mib=300),
    _row(8, 0.5, proven=True, rss_mib=200),
]


def test_shares_rise_to_what_is_proven_of_all_instances() -> None:
    (line,) = charts(ROWS)["proven-over-time"].lines
    assert line.name == "D: ours, order restow, 1 s"
    assert line.points == [(0.1, 0.0), (0.1, 25.0), (0.3, 50.0), (0.5, 75.0), (1.0, 75.0)]


def test_seconds_are_means_and_memory_the_largest_per_number_of_nodes() -> None:
    found = charts(ROWS)
    assert found["seconds-over-nodes"].lines[0].points == [(4, 0.2), (8, 0.75)]
    assert found["memory-over-nodes"].lines[0].points == [(4, 120), (8, 300)]


def test_a_series_of_its_own_for_each_engine() -> None:
    both = [*ROWS, *({**row, "engine": "classes"} for row in ROWS)]
    assert len(charts(both)["seconds-over-nodes"].lines) == 2


def test_lines_without_proofs_have_no_chart_of_them() -> None:
    rows = [{key: row[key] for key in row if key != "proven"} for row in ROWS]
    assert set(charts(rows)) == {"seconds-over-nodes", "memory-over-nodes"}


def test_whole_clusters_are_told_apart_by_utilisation_and_rules() -> None:
    cycle = {"first_s": 0.2, "next_s": 0.1, "report_s": 0.05, "utilisation": 0.93}
    rows = [
        {**row, **cycle, "grid": "C", "rules": rules} for rules in (False, True) for row in ROWS
    ]
    lines = charts(rows)["report-over-nodes"].lines
    assert [line.name for line in lines] == ["u 0.93, no rules", "u 0.93, rules"]
    assert lines[0].points == [(4, 0.05), (8, 0.05)]


def test_charts_are_well_formed_and_inside_the_page() -> None:
    for chart in charts(ROWS).values():
        root = ET.fromstring(svg(chart))
        assert "prefers-color-scheme:dark" in svg(chart)
        for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
            assert 70 <= float(circle.attrib["cx"]) <= 736
            assert 70 <= float(circle.attrib["cy"]) <= 384


def test_a_single_point_and_odd_names_are_drawn() -> None:
    text = svg(Chart(title="a < b & c", x="x", y="y", lines=[Line(name="<", points=[(4, 0)])]))
    root = ET.fromstring(text)
    assert root.find("{http://www.w3.org/2000/svg}title").text == "a < b & c"  # type: ignore[union-attr]


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        svg(Chart(title="none", x="x", y="y", lines=[]))
