"""How time and memory of grid C grow with the nodes: the slope on logarithms, by least squares."""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

Row = Mapping[str, Any]

FIGURES = {
    "formulated_s": "formulation, s",
    "first_s": "first plan, s",
    "next_s": "next cycle, a pod less, s",
    "report_s": "next cycle, a pod elsewhere failed, s",
    "rss_mib": "peak MiB",
}


def main() -> None:
    """Read the lines of all files and print a table per kind of cluster."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.priority_matters.growth")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = [json.loads(line) for file in options.files for line in file.read_text().splitlines()]
    print(table([row for row in rows if row["grid"] == "C"]))


def table(rows: Iterable[Row]) -> str:
    """Return the means per number of nodes, and in the last column the exponent of growth."""
    kinds: dict[tuple[float, bool], dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        kinds[row["utilisation"], row["rules"]][row["nodes"]].append(row)
    sizes = sorted({nodes for by_nodes in kinds.values() for nodes in by_nodes})
    lines = [
        f"| u | rules | nodes | {' | '.join(map(str, sizes))} | exponent |",
        "|---|---|---|" + "---|" * (len(sizes) + 1),
    ]
    for (utilisation, rules), by_nodes in sorted(kinds.items()):
        for field, name in FIGURES.items():
            values = {n: mean(row[field] for row in found) for n, found in by_nodes.items()}
            cells = " | ".join(f"{values[n]:.4g}" if n in values else "" for n in sizes)
            known = "yes" if rules else "no"
            lines.append(f"| {utilisation} | {known} | {name} | {cells} | {exponent(values):.2f} |")
    return "\n".join(lines)


def exponent(values: Mapping[int, float]) -> float:
    """Return the slope of log(value) over log(nodes): 1 is linear; not a number of one size."""
    points = [(math.log(n), math.log(max(value, 1e-3))) for n, value in values.items()]
    x, y = mean(x for x, _ in points), mean(y for _, y in points)
    spread = sum((each - x) ** 2 for each, _ in points)
    if not spread:
        return math.nan
    return sum((one - x) * (two - y) for one, two in points) / spread


if __name__ == "__main__":
    main()
