"""Run the benchmark: JSON lines on stdout, progress and the summary on stderr."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any, TextIO

from benchmarks.priority_matters import engines, large, summary
from benchmarks.priority_matters.cases import WITH_RULES, Axes, Case, case
from restow.packing.problem import Order
from restow.packing.solve import get_ready

GRIDS = {
    "A": "4,8,16,32",
    "B": "64",
    "C": "100,1000,5000",
    "D": "4,8,16,32,64",
    "E": "4,8,16,32,64",
}
"""Nodes of each grid; the other axes are the same, but those of C are its own."""


def main() -> None:
    """Parse the arguments, run every instance that leaves pods pending, and sum up."""
    options = _options()
    get_ready()
    rows: list[dict[str, Any]] = []
    for row in _rows(options):
        rows.append(row)
        if options.output == "json":
            print(json.dumps(row), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{len(rows)} answers", end="", file=sys.stderr)
    if rows and options.grid != "C":
        stream = sys.stderr if options.output == "json" else sys.stdout
        _sum_up(options, rows, stream)


def _sum_up(options: argparse.Namespace, rows: list[dict[str, Any]], stream: TextIO) -> None:
    """Print a table per engine, and how each compares with the first."""
    print(f"{options.window} s, load average {os.getloadavg()[0]:.1f}", file=stream)
    of = {name: [row for row in rows if row["engine"] == name] for name in _engines(options)}
    first, *others = of
    for name, ours in of.items():
        print(f"\n{name}\n\n{summary.table(ours)}", file=stream)
        if options.grid in WITH_RULES:
            print(f"\n{summary.forbidden(ours)}", file=stream)
    for name in others:
        print(f"\n{first} against {name}: {summary.compared(of[first], of[name])}", file=stream)


def _engines(options: argparse.Namespace) -> list[str]:
    return list(options.engine.split(","))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.priority_matters")
    parser.add_argument("--grid", choices=[*GRIDS], default="A")
    parser.add_argument("--seeds", default="0-4", help="FIRST-LAST")
    parser.add_argument("--window", type=float, default=1.0, help="seconds per instance")
    parser.add_argument(
        "--engine", default="ours", help="of ours, paper, classes; several run in turn"
    )
    parser.add_argument(
        "--order", choices=["paper", "restow"], help="restow with D and E, else paper"
    )
    parser.add_argument("--nodes", help="instead of the grid's")
    parser.add_argument("--pods-per-node", default="4,8")
    parser.add_argument("--priorities", default="1,2,4")
    parser.add_argument("--utilisations", help="default 0.90,0.95,1.00,1.05; C: 0.93,0.95,1.03")
    parser.add_argument("--output", choices=["json", "table"], default="table")
    options = parser.parse_args()
    with_rules = options.grid in WITH_RULES
    if with_rules and "paper" in options.engine.split(","):
        parser.error("the paper's model knows no rules: --engine ours,classes")
    options.utilisations = options.utilisations or (
        "0.93,0.95,1.03" if options.grid == "C" else "0.90,0.95,1.00,1.05"
    )
    options.order = options.order or ("restow" if with_rules else "paper")
    return options


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _shares(options: argparse.Namespace) -> list[float]:
    return [float(part) for part in options.utilisations.split(",")]


def _rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if options.grid == "C":
        sizes, utilisations = _numbers(options.nodes or GRIDS["C"]), _shares(options)
        yield from large.rows(sizes, seeds, utilisations, options.window)
        return
    axes = product(
        seeds,
        _numbers(options.nodes or GRIDS[options.grid]),
        [0] if options.grid == "E" else _numbers(options.pods_per_node),
        _numbers(options.priorities),
        _shares(options),
    )
    for seed, nodes, pods, priorities, utilisation in axes:
        cell = Axes(
            nodes=nodes,
            pods_per_node=pods,
            priorities=priorities,
            utilisation=utilisation,
            seed=seed,
        )
        asked = case(options.grid, cell, Order(options.order))
        if asked is not None:
            for engine in _engines(options):
                yield _row(options, engine, asked)


def _row(options: argparse.Namespace, engine: str, asked: Case) -> dict[str, Any]:
    engines.forget_peak()
    result = engines.run(engine, asked.problem, options.window)
    placed = asked.per_priority(result.placed)
    return {
        "grid": options.grid,
        **asked.about,
        "window_s": options.window,
        "engine": engine,
        "by": result.by,
        "order": options.order,
        "outcome": summary.outcome(placed, asked.default, proven=result.proven),
        "proven": result.proven,
        "default": asked.default,
        "placed": placed,
        "bound": asked.per_priority(result.bound),
        "moves": result.moves,
        "evictions": result.evictions,
        "seconds": round(result.seconds, 3),
        "rss_mib": engines.rss_mib(),
        "levels": result.levels,
        "refusal": result.refusal,
    }


if __name__ == "__main__":
    main()
