"""Plots of JSON lines: share proven over time, seconds over nodes, memory over nodes."""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.priority_matters.charts import Chart, Line, svg

Row = Mapping[str, Any]


CYCLES = {
    "first_s": "From a parsed snapshot to the first complete plan",
    "next_s": "First plan of the next cycle, a running pod less",
    "report_s": "First plan of the next cycle, a pod elsewhere failed",
}
"""Grid C: figures and what they say."""


def main() -> None:
    """Read the lines of all files and write one SVG per kind of plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.priority_matters.plots")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR")
    options = parser.parse_args()
    rows = [json.loads(line) for file in options.files for line in file.read_text().splitlines()]
    options.to.mkdir(parents=True, exist_ok=True)
    for name, chart in charts(rows).items():
        (options.to / f"{name}.svg").write_text(svg(chart))
        print(options.to / f"{name}.svg")


def charts(rows: Iterable[Row]) -> dict[str, Chart]:
    """Return the charts by file name; those without a line that tells of them are left out."""
    rows = list(rows)
    series = _series(rows)
    nodes = sorted({row["nodes"] for each in series.values() for row in each})
    found = {
        "proven-over-time": Chart(
            title="Share of instances proven in full",
            x="seconds",
            y="percent",
            lines=[
                Line(name=name, points=_proven(each), steps=True)
                for name, each in series.items()
                if any(row.get("proven") for row in each)
            ],
            top=100,
        ),
        "seconds-over-nodes": Chart(
            title="Mean seconds per instance",
            x="nodes",
            y="seconds",
            lines=_over_nodes(series, "seconds", mean),
            ticks=nodes,
        ),
        "memory-over-nodes": Chart(
            title="Largest resident size of the process",
            x="nodes",
            y="MiB",
            lines=_over_nodes(series, "rss_mib", max),
            ticks=nodes,
        ),
    }
    clusters = _clusters(rows)
    for field, title in CYCLES.items():
        found[f"{field.removesuffix('_s')}-over-nodes"] = Chart(
            title=title,
            x="nodes",
            y="seconds",
            lines=_over_nodes(clusters, field, mean),
            ticks=nodes,
        )
    return {name: chart for name, chart in found.items() if chart.lines}


def _clusters(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the lines of grid C by utilisation, and with or without rules."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["grid"] == "C":
            rules = "rules" if row["rules"] else "no rules"
            found[f"u {row['utilisation']:.2f}, {rules}"].append(row)
    return found


def _series(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the lines by grid, engine, order and window."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        order = f", order {row['order']}" if "order" in row else ""
        found[f"{row['grid']}: {row['engine']}{order}, {row['window_s']:g} s"].append(row)
    return found


def _proven(rows: list[Row]) -> list[tuple[float, float]]:
    """Return how many percent were proven after how many seconds, up to the slowest answer."""
    times = sorted(max(row["seconds"], 0.001) for row in rows if row["proven"])
    last = max(row["seconds"] for row in rows)
    shares = [100 * count / len(rows) for count in range(1, len(times) + 1)]
    return [(times[0], 0.0), *zip(times, shares, strict=True), (max(last, times[-1]), shares[-1])]


def _over_nodes(
    series: Mapping[str, list[Row]], field: str, of: Callable[[list[float]], float]
) -> list[Line]:
    lines = []
    for name, rows in series.items():
        values: dict[int, list[float]] = defaultdict(list)
        for row in rows:
            values[row["nodes"]].append(row[field])
        points = [(float(nodes), of(values[nodes])) for nodes in sorted(values)]
        lines.append(Line(name=name, points=points))
    return lines


if __name__ == "__main__":
    main()
